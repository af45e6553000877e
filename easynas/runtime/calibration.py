"""`calibrate`: a profile of the device at hand, from the times of small files, in seconds."""

import os
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from importlib import import_module
from itertools import product
from pathlib import Path

import numpy as np

from easynas.runtime import nonnegative
from easynas.runtime.interpreter import interpreter_class, serving
from easynas.runtime.latency import Accuracy, Cost, Profile
from easynas.runtime.operators import CALL, Operator, read_operators
from easynas.runtime.probes import networks, probes

SECONDS = 15.0
NETWORKS = ("float32", "int8", "dynamic")

_ROUNDS = 3  # of each file; the best counts, so that what else ran meanwhile does not
_FEWEST, _MOST = 5, 300  # calls in a round
_NETWORK_SECONDS = 0.02  # in a round, of those that the profile is judged by
_SHORTEST = 1e-5  # ms; what is shorter cannot be told from nothing
_TILES = tuple(product((1, 4, 8), (1, 8, 16, 32)))
_COPIED = 8  # every so many probes are also timed with their input and output


def calibrate(*, threads: int = 1, seconds: float = SECONDS) -> Profile:
    """Returns a profile of this device.

    Run it while nothing else runs: what disturbs all three rounds of a file is taken for its time.

    Args:
        threads: of the interpreter, at least 1; for small networks one is fastest.
        seconds: about as long it takes; a slow device takes longer, since every file runs at least 15 times.

    Raises:
        ValueError: `threads` or `seconds` is not above zero, or no interpreter is installed.
    """
    if threads < 1 or seconds <= 0:
        raise ValueError(f"`threads` must be at least 1 and `seconds` above 0. Received: {threads} and {seconds}.")
    runs, unsupported = opened(tuple(probes()), threads)
    times = _times([run.invoke for run in runs], seconds / (_ROUNDS * len(runs)))
    idle = float(times.min())
    found: dict[str, list[tuple[_Run, float]]] = {}
    for run, ms in zip(runs, times, strict=True):
        found.setdefault(run.measured.kind, []).append((run, float(ms) - idle))
    costs = {CALL: cost(_calls(runs[::_COPIED], times[::_COPIED], idle))}
    for kind, measured in found.items():
        costs[kind] = cost([(run.measured, ms - _around(run, costs)) for run, ms in measured])
    profile = Profile(_device(), threads, costs, {}, unsupported)
    return replace(profile, accuracy=_judged(profile))


def _around(run: "_Run", costs: Mapping[str, Cost]) -> float:
    """What the operators take that stand around the one that is measured; they were measured earlier."""
    return sum(costs[operator.kind].of(operator) for operator in run.operators if operator is not run.measured)


class _Run:
    """An open file, and how to call it."""

    def __init__(self, content: bytes, threads: int) -> None:
        self.beside, *self.operators = read_operators(content)
        self.measured = self.operators[len(self.operators) // 2]
        self._interpreter = interpreter_class()(model_content=content, num_threads=threads)
        self._interpreter.allocate_tensors()
        entries = self._interpreter.get_input_details()
        self._inputs = [(each["index"], np.ones(each["shape"], each["dtype"])) for each in entries]
        self._output = self._interpreter.get_output_details()[0]["index"]
        self.invoke: Callable[[], object] = self._interpreter.invoke
        self.call()

    def call(self) -> None:
        for index, array in self._inputs:
            self._interpreter.set_tensor(index, array)
        self._interpreter.invoke()
        self._interpreter.get_tensor(self._output)


def opened(contents: Sequence[bytes], threads: int) -> tuple[list[_Run], tuple[str, ...]]:
    """Those that run here, and the kinds of operators of those that do not."""
    runs: list[_Run] = []
    unsupported: set[str] = set()
    for content in contents:
        run = _open(content, threads)
        if run is None:
            operators = read_operators(content)[1:]
            unsupported.add(operators[len(operators) // 2].kind)
        else:
            runs.append(run)
    return runs, tuple(sorted(unsupported))


def _open(content: bytes, threads: int) -> _Run | None:
    try:
        return _Run(content, threads)
    except (ValueError, RuntimeError):  # how interpreters say that they have no such operator
        return None


def _times(calls: Sequence[Callable[[], object]], seconds: float) -> np.ndarray:
    """Milliseconds of each, the best of the medians of all rounds."""
    best = np.full(len(calls), np.inf)
    for _ in range(_ROUNDS):
        best = np.minimum(best, [_median(call, seconds) for call in calls])
    return best * 1e3


def _median(call: Callable[[], object], seconds: float) -> float:
    spent: list[float] = []
    start = now = time.perf_counter()
    while len(spent) < _FEWEST or (now - start < seconds and len(spent) < _MOST):
        call()
        before, now = now, time.perf_counter()
        spent.append(now - before)
    return float(np.median(spent))


def _calls(runs: Sequence[_Run], times: np.ndarray, idle: float) -> list[tuple[Operator, float]]:
    """What calls take beside their operators, which copying in and out is a part of."""
    whole = _times([run.call for run in runs], 0.0)
    beside = whole - times + idle
    return [(run.beside, max(float(ms), idle)) for run, ms in zip(runs, beside, strict=True)]


def cost(rows: Sequence[tuple[Operator, float]]) -> Cost:
    """The costs with the tiles of channels that predict times best that were left out."""
    times = np.array([max(ms, _SHORTEST) for _, ms in rows])
    tried: dict[tuple[int, int], tuple[np.ndarray, float]] = {}
    for tile in _TILES if any(operator.entering > 1 for operator, _ in rows) else _TILES[:4]:
        tried[tile] = nonnegative.fit(np.array([operator.sizes(tile) for operator, _ in rows], float), times)
    tile = min(tried, key=lambda each: tried[each][1])
    costs, error = tried[tile]
    return Cost(tile, tuple(map(float, costs)), error, len(rows))


def _judged(profile: Profile) -> dict[str, Accuracy]:
    """How well the profile predicts networks that it was not made from."""
    found = {}
    for numbers in NETWORKS:
        tried = [(content, _open(content, profile.threads)) for content in networks(numbers)]
        running = [(content, run) for content, run in tried if run is not None]
        if len(running) > 1:
            measured = _times([run.call for _, run in running], _NETWORK_SECONDS)
            found[numbers] = accuracy(np.array([profile.predict(content) for content, _ in running]), measured)
    return found


def accuracy(predicted: np.ndarray, measured: np.ndarray) -> Accuracy:
    """How well times `(n,)` are predicted, `n` at least 2."""
    errors = np.abs(predicted / measured - 1)
    ranks = [np.argsort(np.argsort(times)).astype(float) for times in (predicted, measured)]
    return Accuracy(
        median=float(np.median(errors)),
        p90=float(np.percentile(errors, 90)),
        rank=float(np.corrcoef(np.stack(ranks))[0, 1]),
        networks=len(errors),
    )


def _device() -> dict[str, str]:
    return {
        "machine": _model() or platform.machine(),
        "processor": _processor() or platform.processor() or platform.machine(),
        "cores": str(os.cpu_count()),
        "system": f"{platform.system()} {platform.machine()}",
        "interpreter": f"{serving()} {import_module(serving()).__version__}",
    }


def _model() -> str:
    """What boards call themselves."""
    path = Path("/proc/device-tree/model")
    return path.read_text(encoding="utf-8").rstrip("\0\n") if path.is_file() else ""


def _processor() -> str:
    path = Path("/proc/cpuinfo")
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
