"""Images and their labels as the user gives them, checked once, before anything is spent on them.

A uint8 or float32 array is never copied. Integers that fit are stored as uint8, everything else as float32.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from easynas.data.target import ClassTarget
from easynas.errors import InputError
from easynas.schema import ImageSchema

STRONG_IMBALANCE = 20  # the largest class has that many times the samples of the smallest
CHUNK_BYTES = 1 << 20  # as float64; small enough to stay in a processor's cache


@dataclass(frozen=True, eq=False)
class ImageData:
    """Checked images with encoded labels.

    Attributes:
        images: `(n, height, width)` or `(n, height, width, channels)`, uint8 or float32, perhaps the user's own array.
        labels: positions among `target.classes`, int32 `(n,)`.
        weights: float32 `(n,)`; None: all samples count the same.
        schema: shape, received type, and statistics of a channel.
        target: the way from labels to numbers and back.
        warnings: sentences about the data that belong in the report.
    """

    images: np.ndarray
    labels: np.ndarray
    weights: np.ndarray | None
    schema: ImageSchema
    target: ClassTarget
    warnings: tuple[str, ...]


def ingest_images(x: Any, y: Any, *, sample_weight: Any = None) -> ImageData:
    """Returns `x` and `y` as data to train on.

    Args:
        x: images `(n, height, width)` or `(n, height, width, channels)` in any numeric type and range: an array, a
            tensor, a list of equal arrays, or a pandas Series of them.
        y: labels `(n,)` or `(n, 1)`, see `ClassTarget.learn`.
        sample_weight: how much each sample counts, `(n,)`, not negative; None: all the same.

    Raises:
        InputError: the images, labels or weights are not usable; the message says which and why.
    """
    received = _array(x)
    _require_images(received)
    if _length(y) not in (None, len(received)):
        raise InputError(
            f"`x` and `y` must have the same length. Received {len(received)} images and {_length(y)} labels."
        )
    target = ClassTarget.learn(y)
    labels = target.encode(y)
    weights = None if sample_weight is None else _weights(sample_weight, len(received))
    images = _stored(received)
    mean, variance = _statistics(images)
    if not any(variance):
        raise InputError(
            f"Images must differ from each other. Received {len(images)} images in which all pixels are the same "
            f"({mean[0]:g}); check how they were loaded."
        )
    schema = ImageSchema(shape=images.shape[1:], dtype=received.dtype.name, mean=mean, variance=variance)
    return ImageData(images, labels, weights, schema, target, _warnings(labels, target))


def check_images(x: Any, schema: ImageSchema) -> np.ndarray:
    """Returns images to predict or validate on, `(n, *schema.shape)`, uint8 or float32.

    A channel axis of size one may be there or not, whatever `fit` received.

    Raises:
        InputError: the images differ from the fitted ones in size, channels or units, or are not usable.
    """
    received = _array(x)
    plain = (schema.height, schema.width)
    single = {schema.shape, plain, (*plain, 1)} if schema.channels == 1 else {schema.shape}
    if received.ndim > 1 and received.shape[1:] in single:
        received = received.reshape(len(received), *schema.shape)
    elif received.shape in single:
        raise InputError(
            f"Images must come in a batch, shape (n, {_sizes(schema.shape)}). Received one image of shape "
            f"{received.shape}; pass `x[None]` to predict a single one."
        )
    _require_images(received)
    if received.shape[1:] != schema.shape:
        raise InputError(
            f"Images must have the shape seen in `fit`, (n, {_sizes(schema.shape)}). Received {received.shape}; "
            "resize or convert them as the training images were."
        )
    images = _stored(received)
    mean, _ = _statistics(images)
    _require_units(images, received.dtype, mean, schema)
    return images


def _array(x: Any) -> np.ndarray:
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
            f"`x` must hold pixels. Received text or paths, starting with {str(first)!r}; load the files first, "
            "for example with `keras.utils.image_dataset_from_directory` or `PIL.Image.open`."
        )
    if array.dtype.kind not in "biuf":
        kind = type(x).__name__ if array.ndim == 0 else f"dtype {array.dtype}"
        raise InputError(
            f"`x` must be an array of integers, booleans or floats. Received {kind}; "
            "convert it to a numpy array of shape (n, height, width[, channels])."
        )


def _require_images(x: np.ndarray) -> None:
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


def _length(y: Any) -> int | None:
    """How many labels there are; None where only the target can say what is wrong with `y`."""
    shape = getattr(y, "shape", None)
    if shape is not None:
        return int(shape[0]) if len(shape) else None
    return len(y) if isinstance(y, (list, tuple)) else None


def _stored(x: np.ndarray) -> np.ndarray:
    """`x` as uint8 or float32."""
    if x.dtype in (np.uint8, np.float32):
        return x
    if x.dtype == np.bool_:
        return x.view(np.uint8)
    if x.dtype.kind in "iu" and x.min() >= 0 and x.max() <= 255:
        return x.astype(np.uint8)
    with np.errstate(over="ignore"):  # becomes infinite, which is an error with a sentence of its own
        return x.astype(np.float32)


def _statistics(images: np.ndarray) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and variance of every channel; also the pass that notices NaN and infinite pixels.

    The sums are of differences from the first pixel, so a constant channel has a variance of exactly zero and a large
    common offset costs no digits (Chan, Golub and LeVeque, "Algorithms for computing the sample variance", 1983).
    """
    channels = images.shape[3] if images.ndim == 4 else 1
    row = images[0, 0].size
    first = images[0, 0, 0].astype(np.float64).reshape(channels)
    shift = np.tile(first, row // channels)
    total, squares = np.zeros(row), np.zeros(row)  # by column: sums over long rows are ten times as fast
    for chunk in _chunks(images):
        with np.errstate(invalid="ignore"):
            pixels = chunk.reshape(-1, row) - shift
            total += pixels.sum(axis=0)
        if not np.isfinite(total).all():
            _raise_not_finite(images)
        squares += np.einsum("ij,ij->j", pixels, pixels)
    count = images.size // channels
    offset = total.reshape(-1, channels).sum(axis=0) / count
    variance = np.maximum(squares.reshape(-1, channels).sum(axis=0) / count - offset**2, 0.0)
    return tuple((first + offset).tolist()), tuple(variance.tolist())


def _chunks(images: np.ndarray) -> Iterator[np.ndarray]:
    """A few megabytes of images at a time."""
    step = max(1, CHUNK_BYTES // max(1, 8 * images[0].size))
    for start in range(0, len(images), step):
        yield images[start : start + step]


def _raise_not_finite(images: np.ndarray) -> None:
    broken = np.concatenate([(~np.isfinite(chunk)).reshape(len(chunk), -1).sum(axis=1) for chunk in _chunks(images)])
    count, first = int(broken.sum()), int(np.argmax(broken > 0))
    raise InputError(
        f"Pixels must be finite numbers. Received {count} NaN or infinite pixels of {images.size}, the first in image "
        f"{first}; repair or drop these images, for example with `numpy.nan_to_num`."
    )


def _require_units(images: np.ndarray, dtype: np.dtype[Any], mean: tuple[float, ...], schema: ImageSchema) -> None:
    """Pixels divided by 255 after training on 0 to 255 would be predicted as black images, silently."""
    if np.dtype(schema.dtype).kind == "f" or dtype.kind != "f" or max(schema.mean) <= 1:
        return
    if max(mean) > 0 and images.min() >= -1 and images.max() <= 1 and (images != np.rint(images)).any():
        raise InputError(
            f"Images must be in the units seen in `fit`, {schema.dtype} with a mean of {max(schema.mean):.3g}. "
            f"Received {dtype} between {images.min():.3g} and {images.max():.3g}; pass the pixels before scaling."
        )


def _weights(sample_weight: Any, count: int) -> np.ndarray:
    advice = "`sample_weight` must be finite numbers, one per image, not negative and not all zero."
    try:
        weights = np.asarray(sample_weight, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise InputError(f"{advice} Received {sample_weight!r}.") from error
    if weights.shape != (count,):
        raise InputError(f"{advice} Received shape {weights.shape} for {count} images.")
    unusable = ~np.isfinite(weights) | (weights < 0)
    if unusable.any():
        first = int(np.argmax(unusable))
        raise InputError(f"{advice} Received {float(weights[first])} at row {first}; {unusable.sum()} are unusable.")
    if not weights.any():
        raise InputError(f"{advice} Received {count} zeros; leave it out to count all images the same.")
    return weights


def _warnings(labels: np.ndarray, target: ClassTarget) -> tuple[str, ...]:
    counts = np.bincount(labels, minlength=len(target.labels))
    warnings = []
    alone = [repr(target.labels[index]) for index in np.flatnonzero(counts == 1)]
    if alone:
        names = ", ".join(alone[:5]) + (", ..." if len(alone) > 5 else "")
        warnings.append(f"{len(alone)} of {len(counts)} classes have a single image and cannot be validated: {names}.")
    if counts.max() > STRONG_IMBALANCE * counts.min():
        most, least = target.labels[counts.argmax()], target.labels[counts.argmin()]
        warnings.append(
            f"The classes are strongly imbalanced: {counts.max()} images of {most!r}, {counts.min()} of {least!r}."
        )
    return tuple(warnings)


def _sizes(shape: tuple[int, ...]) -> str:
    return ", ".join(str(size) for size in shape)
