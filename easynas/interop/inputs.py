"""What `easynas.search` is given, checked before anything is spent."""

from pickle import PicklingError
from typing import Any

import cloudpickle
import keras_tuner

from easynas.errors import InputError
from easynas.interop import arrays
from easynas.nets.block import Block

Samples = tuple[Any, Any]
"""Samples and targets, each an array `(n, ...)` or a structure of them."""


def check_hypermodel(hypermodel: Any) -> Any:
    """A `keras_tuner.HyperModel` that can travel to other processes; a function becomes one.

    Raises:
        InputError: no such hypermodel.
    """
    if isinstance(hypermodel, Block):
        raise InputError(
            "`hypermodel` must build whole compiled models, and a block builds a part of one. "
            f"Received: {type(hypermodel).__name__}. Use `easynas.ImageClassifier(space=block)`."
        )
    if isinstance(hypermodel, type) or not (isinstance(hypermodel, keras_tuner.HyperModel) or callable(hypermodel)):
        raise InputError(
            "`hypermodel` must be a `keras_tuner.HyperModel` object or a function `build(hp)`. "
            f"Received: {hypermodel!r}."
        )
    if not isinstance(hypermodel, keras_tuner.HyperModel):
        hypermodel = _Function(hypermodel)
    try:
        cloudpickle.dumps(hypermodel)
    except (TypeError, ValueError, AttributeError, PicklingError) as error:
        raise InputError(
            "`hypermodel` must be able to travel to other processes, where its networks are trained. "
            f"Received one that cannot be pickled: {error}. Open files, locks, networks and the like inside `build`."
        ) from error
    return hypermodel


class _Function(keras_tuner.HyperModel):  # type: ignore[misc]
    """A build function as a hypermodel."""

    def __init__(self, function: Any) -> None:
        super().__init__()
        self._function = function

    def build(self, hp: Any) -> Any:
        return self._function(hp)


def check_data(x: Any, y: Any) -> Samples:
    """Samples and targets as arrays.

    Raises:
        InputError: they are no arrays, or not as many of one as of the other.
    """
    x, y = arrays.check_arrays("x", x), arrays.check_arrays("y", y)
    if arrays.length(x) != arrays.length(y):
        raise InputError(
            "`x` and `y` must hold as many samples as targets. "
            f"Received {arrays.length(x)} samples and {arrays.length(y)} targets."
        )
    return x, y


def check_pair(validation_data: Any) -> tuple[Any, Any]:
    """The two parts of `validation_data`.

    Raises:
        InputError: it has not two parts.
    """
    if not isinstance(validation_data, tuple | list) or len(validation_data) != 2:
        raise InputError(f"`validation_data` must be a pair (x, y). Received: {type(validation_data).__name__}.")
    return validation_data[0], validation_data[1]
