"""The problems: where to search, what an evaluation answers, and how what was found is judged by the truth."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from tables import DATA, DEVICES, EPOCHS, Array, Values, nb201

from easynas import Done, Objective, SearchSpace
from easynas.nets.nb201 import paths
from easynas.search.front import hypervolume
from easynas.search.trial import Trial
from easynas.testing import Row, TabulatedEvaluator

Point = tuple[float, float]
"""What was spent, in trials, seconds or epochs, and what the truth says of what was found by then."""


@dataclass(frozen=True)
class Problem:
    """A search over a table.

    Attributes:
        space: where to search.
        rows: the table.
        judge: the curve of what was found, a point a trial.
        trials: most evaluations.
        seconds: most simulated time, of all evaluations together.
        continued: whether the table's longer trainings go on from the shorter ones.
        objectives: what to improve; none: the score alone.
        proxies: measures of untrained networks.
        encode: which sequences of operations lead through a cell.
    """

    space: SearchSpace
    rows: Callable[[Values], Sequence[Row]]
    judge: Callable[[Sequence[Trial]], list[Point]]
    trials: float = np.inf
    seconds: float = np.inf
    continued: bool = False
    objectives: tuple[Objective, ...] = ()
    proxies: tuple[Callable[[Values], float], ...] = ()
    encode: Callable[[Values], Array] = paths

    def evaluator(self, seed: int) -> TabulatedEvaluator:
        return TabulatedEvaluator(self.space, self.rows, seed=seed, continued=self.continued)


def queries(folder: Path, data: str, *, trials: int = 150) -> Problem:
    """Full trainings, each scored with one of the table's seeds; the incumbent's mean test accuracy is the truth."""
    table = nb201(folder)
    truth = table.column(f"test200_{DATA[data]}")
    return Problem(
        table.space(), table.full(data), incumbent_of(truth, lambda _: 1.0), trials=trials, proxies=table.proxies(data)
    )


def clock(folder: Path, data: str, *, seconds: float = 20_000.0) -> Problem:
    """Trainings of 12 epochs for a simulated time (NATS-Bench); the truth is the test accuracy after 200 epochs.

    The table has nothing shorter than 12 epochs: a strategy with rungs pays for them at once, and its promotions are
    free.
    """
    table = nb201(folder)
    truth = table.column(f"test200_{DATA[data]}")
    return Problem(
        table.space(),
        table.short(data),
        incumbent_of(truth, lambda trial: trial.seconds),
        seconds=seconds,
        continued=True,
        proxies=table.proxies(data),
    )


def fidelity(folder: Path, data: str, *, trainings: int = 50) -> Problem:
    """Trainings of 12 or of 200 epochs, paid in epochs; the incumbent is the best full training."""
    table = nb201(folder)
    truth = table.column(f"test200_{DATA[data]}")
    return Problem(
        table.space(),
        table.both(data),
        incumbent_of(truth, lambda trial: trial.seconds),
        seconds=float(trainings * EPOCHS),
        proxies=table.proxies(data),
    )


def tradeoff(folder: Path, device: str, *, trials: int = 100) -> Problem:
    """Error and latency on a device; the truth is the share of the hypervolume of the best possible front.

    All evaluated cells count, by their mean test error. The reference is the third quartile of the error and a tenth
    more than the latency of the most accurate cell: beyond, a network is slower and no better.
    """
    table = nb201(folder)
    data = "cifar100" if device == "pi5" else "cifar10"
    latency, truth = table.column(DEVICES[device]), table.column(f"test200_{DATA[data]}")
    errors, latencies = 100.0 - table.arrays[f"test200_{DATA[data]}"], table.arrays[DEVICES[device]]
    all_points = np.stack([errors, latencies], axis=1).astype(float)
    reference = np.array([np.quantile(errors, 0.75), 1.1 * latencies[errors.argmin()]])
    best = hypervolume(all_points, reference)
    full = table.full(data)

    def rows(values: Values) -> tuple[Row, ...]:
        return tuple(Row(row.scores, row.seconds, metrics={"latency_ms": latency(values)}) for row in full(values))

    def judge(trials: Sequence[Trial]) -> list[Point]:
        found: list[list[float]] = []
        curve: list[Point] = []
        for number, trial in enumerate(trials, start=1):
            found.append([100.0 - truth(trial.job.values), latency(trial.job.values)])
            curve.append((float(number), hypervolume(np.array(found), reference) / best))
        return curve

    score = Objective("score", maximize=True)
    return Problem(
        table.space(), rows, judge, trials=trials, objectives=(score, Objective("latency_ms", cheap=latency))
    )


def incumbent_of(
    truth: Callable[[Values], float], cost: Callable[[Trial], float]
) -> Callable[[Sequence[Trial]], list[Point]]:
    """Judges by the truth about the best full training so far, or about the best of all while there is none."""

    def judge(trials: Sequence[Trial]) -> list[Point]:
        best: Done | None = None
        spent, curve = 0.0, []
        for trial in trials:
            spent += cost(trial)
            if isinstance(trial, Done) and (best is None or _rank(trial) > _rank(best)):
                best = trial
            if best is not None:
                curve.append((spent, truth(best.job.values)))
        return curve

    return judge


def _rank(trial: Done) -> tuple[float, float]:
    return trial.fidelity, trial.score


PROBLEMS: dict[str, Callable[[Path], Problem]] = {
    **{f"{data}-queries": partial(queries, data=data) for data in DATA},
    **{f"{data}-clock": partial(clock, data=data) for data in DATA},
    **{f"{data}-epochs": partial(fidelity, data=data) for data in DATA},
    **{f"{device}-tradeoff": partial(tradeoff, device=device) for device in DEVICES},
}
