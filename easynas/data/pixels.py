"""Pixels as the user gives them, as one array that can be trained on, and their statistics.

A uint8 or float32 array is never copied. Integers that fit become uint8, everything else float32.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from easynas.errors import InputError

CHUNK_BYTES = 1 << 20  # as float64; small enough to stay in a processor's cache
LARGE_BYTES = 1 << 28  # an array from here on is never copied as a whole
_MEASURED_BYTES = 1 << 31  # of larger arrays a part is read, evenly spread, to learn statistics: seconds of any budget


@dataclass(frozen=True, eq=False)
class Converted:
    """A large array, perhaps a memory map, whose samples are converted when they are asked for.

    Attributes:
        array: numbers `(n, ...)`.
        dtype: what they become.
    """

    array: np.ndarray
    dtype: np.dtype[Any]

    @property
    def shape(self) -> tuple[int, ...]:
        return self.array.shape

    @property
    def nbytes(self) -> int:
        """Bytes of the whole, were it converted."""
        return self.array.size * self.dtype.itemsize

    def __len__(self) -> int:
        return len(self.array)

    def __getitem__(self, rows: Any) -> np.ndarray:
        with np.errstate(over="ignore"):  # becomes infinite, which is an error with a sentence of its own
            converted: np.ndarray = self.array[rows].astype(self.dtype)
        return converted


Pixels = np.ndarray | Converted
"""Images `(n, height, width[, channels])` in memory, in a memory map, or made when they are asked for."""


def as_array(x: Any) -> np.ndarray:
    """`x` as one numeric array, without a copy where it is one already."""
    if isinstance(x, pd.Series) or (isinstance(x, np.ndarray) and x.dtype == object and x.ndim == 1):
        x = list(x)
    if isinstance(x, (list, tuple)):
        return _stack(x)
    array = np.asarray(x)
    _require_numbers(array, x)
    return array


def _stack(items: list[Any] | tuple[Any, ...]) -> np.ndarray:
    if not items:
        raise InputError("`x` must hold at least one image. Received an empty list.")
    try:
        arrays = [np.asarray(item) for item in items]
    except ValueError as error:  # an image whose own rows differ in length
        raise InputError("Every image must be a full array. Received one with rows of unequal length.") from error
    _require_numbers(arrays[0], items)
    first = arrays[0].shape
    other = next((index for index, array in enumerate(arrays) if array.shape != first), None)
    if other is not None:
        raise InputError(
            f"All images must have the same shape. Received {first} at index 0 and {arrays[other].shape} at index "
            f"{other}; resize them first, for example with `keras.ops.image.resize`."
        )
    array = np.stack(arrays)
    _require_numbers(array, items)
    return array


def _require_numbers(array: np.ndarray, x: Any) -> None:
    first = array.flat[0] if array.size else None
    if isinstance(first, (str, bytes)) or hasattr(first, "__fspath__"):
        raise InputError(
            f"`x` must hold pixels or be a list of image files. Received {str(first)!r}; pass a list of paths, for "
            "example of `easynas.data.image_folder(folder)`."
        )
    if array.dtype.kind not in "biuf":
        kind = type(x).__name__ if array.ndim == 0 else f"dtype {array.dtype}"
        raise InputError(
            f"`x` must be an array of integers, booleans or floats. Received {kind}; "
            "convert it to a numpy array of shape (n, height, width[, channels])."
        )


def require_images(x: np.ndarray) -> None:
    """Raises an `InputError` unless `x` has the shape of images, `(n, height, width[, channels])`."""
    shape = x.shape
    wanted = "`x` must have shape (n, height, width) or (n, height, width, channels)"
    if x.ndim in (3, 4) and x.size == 0:
        raise InputError(f"`x` must hold at least one image of one pixel. Received an empty array of shape {shape}.")
    if x.ndim == 2:
        side = round(shape[1] ** 0.5)
        sizes = f"{side}, {side}" if side * side == shape[1] else "height, width"
        raise InputError(
            f"{wanted}. Received shape {shape}; if every row is an image, pass `x.reshape(-1, {sizes})`, "
            "if it is one image, pass `x[None]`."
        )
    if x.ndim not in (3, 4):
        raise InputError(f"{wanted}. Received shape {shape}; reshape it or choose one frame of every sample.")
    if x.ndim == 4 and shape[1] <= 4 < min(shape[2:]):
        raise InputError(
            f"{wanted}. Received shape {shape}, which looks channels-first; pass `x.transpose(0, 2, 3, 1)`."
        )


def as_stored(x: np.ndarray) -> Pixels:
    """`x` as uint8 or float32; a large array is converted piece by piece, when its samples are asked for."""
    if x.dtype in (np.uint8, np.float32):
        return x
    if x.dtype == np.bool_:
        return x.view(np.uint8)
    whole = x.dtype.kind in "iu" and x.min() >= 0 and x.max() <= 255
    converted = Converted(x, np.dtype(np.uint8 if whole else np.float32))
    return converted if x.nbytes > LARGE_BYTES else converted[:]


def statistics(images: Any) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and variance of every channel; also the pass that notices NaN and infinite pixels.

    The sums are of differences from the first pixel, so a constant channel has a variance of exactly zero and a large
    common offset costs no digits (Chan, Golub and LeVeque, "Algorithms for computing the sample variance", 1983).

    Args:
        images: `(n, height, width[, channels])`: an array, or anything that gives some when it is sliced. Of more than
            two gigabytes as many are read, in pieces evenly spread.
    """
    channels = images.shape[3] if len(images.shape) == 4 else 1
    opening = images[:1][0]
    row = opening[0].size
    first = opening[0, 0].astype(np.float64).reshape(channels)
    shift = np.tile(first, row // channels)
    total, squares = np.zeros(row), np.zeros(row)  # by column: sums over long rows are ten times as fast
    count = 0
    for _, chunk in _chunks(images):
        with np.errstate(invalid="ignore"):
            pixels = chunk.reshape(-1, row) - shift
            total += pixels.sum(axis=0)
        if not np.isfinite(total).all():
            _raise_not_finite(images)
        squares += np.einsum("ij,ij->j", pixels, pixels)
        count += chunk.size // channels
    offset = total.reshape(-1, channels).sum(axis=0) / count
    variance = np.maximum(squares.reshape(-1, channels).sum(axis=0) / count - offset**2, 0.0)
    return tuple((first + offset).tolist()), tuple(variance.tolist())


def require_finite(images: np.ndarray) -> None:
    """Raises an `InputError` if pixels are NaN or infinite: of a large array `statistics` has not seen all."""
    if images.dtype.kind == "f" and not np.isfinite(images.sum(dtype=np.float64)):
        raise InputError(
            "Pixels must be finite numbers. Received images with NaN or infinite ones; repair or drop them, for "
            "example with `numpy.nan_to_num`."
        )


def _chunks(images: Any) -> Iterator[tuple[int, np.ndarray]]:
    """A few megabytes of images at a time, with the number of the first: all, or as many as may be measured."""
    step = max(1, CHUNK_BYTES // max(1, 8 * math.prod(images.shape[1:])))
    stride = step * max(1, math.ceil(images.nbytes / _MEASURED_BYTES))
    for start in range(0, len(images), stride):
        yield start, images[start : start + step]


def _raise_not_finite(images: Any) -> None:
    first, count = None, 0
    for start, chunk in _chunks(images):
        broken = (~np.isfinite(chunk)).reshape(len(chunk), -1).sum(axis=1)
        count += int(broken.sum())
        if first is None and broken.any():
            first = start + int(np.argmax(broken > 0))
    raise InputError(
        f"Pixels must be finite numbers. Received {count} NaN or infinite pixels of {math.prod(images.shape)}, the "
        f"first in image {first}; repair or drop these images, for example with `numpy.nan_to_num`."
    )
