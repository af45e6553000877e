"""Measurements on the deployed file itself: what a `.tflite` file answers, how long it takes, how large it is."""

import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from easynas.deploy.silence import Silence
from easynas.errors import ExportError, InputError

WARM_UP_RUNS = 5
LATENCY_SECONDS = 1.0  # a median is stable long before, and callers have a deadline


@dataclass(frozen=True)
class Latency:
    """How long one call for one sample takes.

    Attributes:
        median_ms: half of the calls took less.
        p90_ms: nine of ten calls took less.
        runs: how many calls were timed.
    """

    median_ms: float
    p90_ms: float
    runs: int


class Interpreter:
    """A `.tflite` file with one input and one output, ready to run.

    Args:
        path: the file.
        threads: of the interpreter; for small networks one is fastest.

    Raises:
        InputError: there is no such file, or it is not a TFLite model.
    """

    def __init__(self, path: str | Path, *, threads: int = 1) -> None:
        content = _content(Path(path))
        # The constructor announces its own end of life and the delegate it picks: neither is the user's business.
        with warnings.catch_warnings(), Silence():
            warnings.simplefilter("ignore")
            try:
                self._interpreter = tf.lite.Interpreter(model_content=content, num_threads=threads)
            except ValueError as error:
                raise InputError(
                    f"A `.tflite` file must hold a TFLite model. Received {str(path)!r}: {error}"
                ) from error
            details = self._interpreter.get_input_details()[0]
            self._interpreter.resize_tensor_input(details["index"], [1, *details["shape"][1:]])
            try:
                self._interpreter.allocate_tensors()
            except RuntimeError as error:
                raise ExportError(
                    f"The interpreter must be able to run a converted file. It refused {str(path)!r}: {error}"
                ) from error
        self._input = self._interpreter.get_input_details()[0]
        self._output = self._interpreter.get_output_details()[0]

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of one sample, without the batch."""
        return tuple(int(size) for size in self._input["shape"][1:])

    def run(self, x: Any) -> np.ndarray:
        """Returns the answers for `x`, float32 `(n, outputs)`, one sample after the other.

        Args:
            x: samples `(n, *input_shape)` in any numeric type; quantised for files that expect quantised input.
        """
        inputs = _quantise(np.asarray(x), self._input)
        outputs = [_dequantise(self._call(sample[None]), self._output) for sample in inputs]
        shape = tuple(self._output["shape"][1:])
        return np.concatenate(outputs) if outputs else np.zeros((0, *shape), np.float32)

    def latency(self, *, runs: int = 500, seconds: float = LATENCY_SECONDS) -> Latency:
        """Returns the time of single-sample calls, see `time_calls`."""
        pixels = np.random.default_rng(0).integers(0, 256, size=(1, *self.input_shape))
        sample = _quantise(pixels, self._input)
        return time_calls(lambda: self._call(sample), runs=runs, seconds=seconds)

    def _call(self, sample: np.ndarray) -> np.ndarray:
        self._interpreter.set_tensor(self._input["index"], sample)
        self._interpreter.invoke()
        output: np.ndarray = self._interpreter.get_tensor(self._output["index"])
        return output


def latency(path: str | Path, *, threads: int = 1, runs: int = 500, seconds: float = LATENCY_SECONDS) -> Latency:
    """Returns how long the `.tflite` file at `path` takes for one sample; bounds as in `time_calls`."""
    return Interpreter(path, threads=threads).latency(runs=runs, seconds=seconds)


def time_calls(call: Callable[[], object], *, runs: int, seconds: float) -> Latency:
    """Returns the time of `call` after a warm-up, over at most `runs` calls and about `seconds`, whichever ends first.

    One call is timed in any case.
    """
    end = time.perf_counter() + seconds
    times: list[float] = []
    for run in range(WARM_UP_RUNS + runs):
        start = time.perf_counter()
        if start > end and times:
            break
        call()
        # A call that alone fills the time has no use for a warm-up.
        if run >= WARM_UP_RUNS or time.perf_counter() > end:
            times.append((time.perf_counter() - start) * 1e3)
    return Latency(float(np.median(times)), float(np.percentile(times, 90)), len(times))


def size_kb(path: str | Path) -> float:
    """Returns the size of a file, or of all files in a folder, in units of 1024 bytes."""
    path = Path(path)
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file()) / 1024


def _content(path: Path) -> bytes:
    if not path.is_file():
        raise InputError(f"`path` must be an existing `.tflite` file. Received {str(path)!r}.")
    return path.read_bytes()


def _quantise(x: np.ndarray, details: dict[str, Any]) -> np.ndarray:
    """`x` in the type of a tensor, on its scale if it has one."""
    dtype = np.dtype(details["dtype"])
    scale, zero = details["quantization"]
    if dtype.kind == "f" or scale == 0:
        return x.astype(dtype)
    limits = np.iinfo(dtype)
    quantised: np.ndarray = np.clip(np.rint(x / scale) + zero, limits.min, limits.max).astype(dtype)
    return quantised


def _dequantise(x: np.ndarray, details: dict[str, Any]) -> np.ndarray:
    scale, zero = details["quantization"]
    real = x.astype(np.float32)
    return real if x.dtype.kind == "f" or scale == 0 else (real - zero) * np.float32(scale)
