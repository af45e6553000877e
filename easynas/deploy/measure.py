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


@dataclass(frozen=True)
class Graph:
    """The operators of a file in the order in which they run.

    Attributes:
        operators: `op_name`, and the numbers of the tensors in `inputs` (-1 for one that is left out) and `outputs`.
        tensors: what the interpreter says of every tensor, by its number.
        inputs: numbers of the file's inputs.
        outputs: numbers of its outputs.
    """

    operators: tuple[dict[str, Any], ...]
    tensors: dict[int, dict[str, Any]]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


class Interpreter:
    """A `.tflite` file with one output, ready to run.

    Args:
        file: its path, or its content.
        threads: of the interpreter; for small networks one is fastest.
        delegates: whether the fast kernels for this processor (XNNPACK) may take over; they hide the operators.

    Raises:
        InputError: there is no such file, or it is not a TFLite model.
    """

    def __init__(self, file: str | Path | bytes, *, threads: int = 1, delegates: bool = True) -> None:
        path, content = ("content", file) if isinstance(file, bytes) else (str(file), _content(Path(file)))
        resolvers = tf.lite.experimental.OpResolverType
        resolver = resolvers.AUTO if delegates else resolvers.BUILTIN_WITHOUT_DEFAULT_DELEGATES
        # The constructor announces its own end of life and the delegate it picks: neither is the user's business.
        with warnings.catch_warnings(), Silence():
            warnings.simplefilter("ignore")
            try:
                self._interpreter = tf.lite.Interpreter(
                    model_content=content, num_threads=threads, experimental_op_resolver_type=resolver
                )
            except ValueError as error:
                raise InputError(f"A `.tflite` file must hold a TFLite model. Received {path!r}: {error}") from error
            for details in self._interpreter.get_input_details():
                self._interpreter.resize_tensor_input(details["index"], [1, *details["shape"][1:]])
            try:
                self._interpreter.allocate_tensors()
            except RuntimeError as error:
                raise ExportError(
                    f"The interpreter must be able to run a converted file. It refused {path!r}: {error}"
                ) from error
        self._inputs = {_name(details): details for details in self._interpreter.get_input_details()}
        self._output = self._interpreter.get_output_details()[0]

    @property
    def input_shapes(self) -> dict[str, tuple[int, ...]]:
        """Shapes of one sample by the names of the inputs, without the batch."""
        return {name: tuple(int(size) for size in each["shape"][1:]) for name, each in self._inputs.items()}

    def run(self, x: Any) -> np.ndarray:
        """Returns the answers for `x`, float32 `(n, outputs)`, one sample after the other.

        Args:
            x: the only input `(n, ...)`, or all by name; numbers are quantised for files that expect that.
        """
        inputs = self._quantised(x)
        count = len(next(iter(inputs.values())))
        singles = ({name: array[row : row + 1] for name, array in inputs.items()} for row in range(count))
        outputs = [_dequantise(self._call(single), self._output) for single in singles]
        shape = tuple(self._output["shape"][1:])
        return np.concatenate(outputs) if outputs else np.zeros((0, *shape), np.float32)

    def latency(self, *, runs: int = 500, seconds: float = LATENCY_SECONDS) -> Latency:
        """Returns the time of single-sample calls, see `time_calls`; pixels are random, ids are 1."""
        rng = np.random.default_rng(0)
        sample = {
            name: np.ones((1, *shape)) if self._inputs[name]["dtype"] == np.int32 else rng.integers(0, 256, (1, *shape))
            for name, shape in self.input_shapes.items()
        }
        single = self._quantised(sample)
        return time_calls(lambda: self._call(single), runs=runs, seconds=seconds)

    def graph(self) -> Graph:
        """The operators and their tensors; of a file without delegates all of them."""
        # There is no public way to ask for operators.
        operators = tuple(self._interpreter._get_ops_details())
        tensors = {details["index"]: details for details in self._interpreter.get_tensor_details()}
        inputs = tuple(details["index"] for details in self._interpreter.get_input_details())
        outputs = tuple(details["index"] for details in self._interpreter.get_output_details())
        return Graph(operators, tensors, inputs, outputs)

    def _quantised(self, x: Any) -> dict[str, np.ndarray]:
        """All inputs that the file has; it lacks those that its network does not look at."""
        named = x if isinstance(x, dict) else dict.fromkeys(self._inputs, x)
        return {name: _quantise(np.asarray(named[name]), details) for name, details in self._inputs.items()}

    def _call(self, sample: dict[str, np.ndarray]) -> np.ndarray:
        for name, details in self._inputs.items():
            self._interpreter.set_tensor(details["index"], sample[name])
        self._interpreter.invoke()
        output: np.ndarray = self._interpreter.get_tensor(self._output["index"])
        return output


def _name(details: dict[str, Any]) -> str:
    """The name that an input was given, of `serving_default_NAME:0`."""
    return str(details["name"]).removeprefix("serving_default_").partition(":")[0]


def latency(
    file: str | Path | bytes, *, threads: int = 1, runs: int = 500, seconds: float = LATENCY_SECONDS
) -> Latency:
    """Returns how long a `.tflite` file, a path or its content, takes for one sample; bounds as in `time_calls`."""
    return Interpreter(file, threads=threads).latency(runs=runs, seconds=seconds)


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
