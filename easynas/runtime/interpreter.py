"""`Interpreter`: a `.tflite` file that answers one sample after the other, by whichever package can run it."""

import sys
from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

INTERPRETERS = ("ai_edge_litert", "tensorflow")
"""Packages that run a `.tflite` file; the first that is installed serves."""


class Interpreter:
    """A `.tflite` file with one output.

    Args:
        path: of the file.
        threads: of the interpreter.

    Raises:
        ValueError: no package that runs such files is installed, or this is none.
    """

    def __init__(self, path: str | Path, *, threads: int = 1) -> None:
        self._interpreter = interpreter_class()(model_path=str(path), num_threads=threads)
        self._interpreter.allocate_tensors()
        self._inputs = {_name(each["name"]): each for each in self._interpreter.get_input_details()}
        self._output = self._interpreter.get_output_details()[0]

    def run(self, arrays: Mapping[str, np.ndarray], count: int) -> np.ndarray:
        """What the network answers, float32 `(count, outputs)`: probabilities, or numbers in their units.

        Args:
            arrays: `(count, ...)` by the names of the inputs; there may be others.
            count: of samples.
        """
        answers = np.zeros((count, *self._output["shape"][1:]), np.float32)
        for row in range(count):
            for name, details in self._inputs.items():
                self._interpreter.set_tensor(details["index"], _stored(arrays[name][row : row + 1], details))
            self._interpreter.invoke()
            answers[row] = _real(self._interpreter.get_tensor(self._output["index"])[0], self._output)
        return answers


def _stored(x: np.ndarray, details: Mapping[str, Any]) -> np.ndarray:
    """`x` in the type of a tensor, on its scale if it has one."""
    dtype = np.dtype(details["dtype"])
    scale, zero = details["quantization"]
    if dtype.kind == "f" or scale == 0:
        return x.astype(dtype)
    limits = np.iinfo(dtype)
    return np.asarray(np.clip(np.rint(x / scale) + zero, limits.min, limits.max).astype(dtype))


def _real(x: np.ndarray, details: Mapping[str, Any]) -> np.ndarray:
    scale, zero = details["quantization"]
    return x if x.dtype.kind == "f" or scale == 0 else (x.astype(np.float32) - zero) * np.float32(scale)


def _name(tensor: str) -> str:
    """`"words"` of `"serving_default_words:0"`."""
    return tensor.removeprefix("serving_default_").partition(":")[0]


def interpreter_class() -> Any:
    """The `Interpreter` of the package that serves here.

    Raises:
        ValueError: no package that runs `.tflite` files is installed.
    """
    if serving() == "tensorflow":
        return import_module("tensorflow").lite.Interpreter
    return import_module("ai_edge_litert.interpreter").Interpreter


def schema() -> Any:
    """The module with the classes of a `.tflite` file's contents, of the package that serves here.

    Raises:
        ValueError: no package that runs `.tflite` files is installed.
    """
    if serving() == "tensorflow":
        return import_module("tensorflow.lite.python.schema_py_generated")
    return import_module("ai_edge_litert.schema_py_generated")


def serving() -> str:
    """The package that runs `.tflite` files here.

    Raises:
        ValueError: none that does is installed.
    """
    for package in INTERPRETERS:
        if _is_installed(package):
            return package
    raise ValueError(
        "A TFLite interpreter must be installed. Found neither ai-edge-litert nor TensorFlow; "
        "run `pip install ai-edge-litert`."
    )


def _is_installed(package: str) -> bool:
    # `find_spec` does not answer for what was imported already, or was forbidden by None in its place.
    if package in sys.modules:
        return sys.modules[package] is not None
    return find_spec(package) is not None
