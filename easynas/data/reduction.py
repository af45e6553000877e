"""Images made smaller before training, as Keras layers would make them.

Average pooling by whole factors, then bilinear to the exact size: what the layers `AveragePooling2D(factor)` and
`Resizing(*size)` compute, which stand in front of the exported network, so the network sees there what it was trained
on here.
"""

import math
from dataclasses import dataclass

import numpy as np

from easynas.errors import InputError

CHUNK_BYTES = 1 << 22  # of source images as float32; small enough to stay in a processor's cache


@dataclass(frozen=True)
class Reduction:
    """From images as received to images as trained on.

    Attributes:
        factor: pool size `(height, width)` of the average pooling, whole numbers from 1.
        size: `(height, width)` after the bilinear resizing that follows.
    """

    factor: tuple[int, int]
    size: tuple[int, int]


def reduction(shape: tuple[int, ...], resolution: tuple[int, int]) -> Reduction:
    """Returns how images of `shape` `(height, width[, channels])` become `resolution` `(height, width)`.

    Raises:
        InputError: the resolution is larger than the images, or not positive.
    """
    if not all(1 <= wanted <= given for wanted, given in zip(resolution, shape[:2], strict=True)):
        raise InputError(
            f"The resolution must be between 1 and the size of the images, {shape[:2]}. Received: {resolution}; "
            "images are never enlarged."
        )
    height, width = (given // wanted for wanted, given in zip(resolution, shape[:2], strict=True))
    return Reduction(factor=(height, width), size=(resolution[0], resolution[1]))


def reduce_images(images: np.ndarray, reduced_by: Reduction) -> np.ndarray:
    """Returns `images` `(n, height, width[, channels])` as `(n, *reduced_by.size, channels)`.

    uint8 stays uint8, rounded to the nearest; anything else becomes float32. Nothing is copied that has its size.
    """
    channels = images.shape[3] if images.ndim == 4 else 1
    images = images.reshape(*images.shape[:3], channels)
    if images.shape[1:3] == reduced_by.size:
        return images if images.dtype == np.uint8 else images.astype(np.float32, copy=False)
    whole = images.dtype == np.uint8
    reduced = np.empty((len(images), *reduced_by.size, channels), np.uint8 if whole else np.float32)
    step = max(1, CHUNK_BYTES // (4 * math.prod(images.shape[1:])))
    for start in range(0, len(images), step):
        chunk = _resize(_pool(images[start : start + step], reduced_by.factor), reduced_by.size)
        reduced[start : start + step] = np.rint(chunk) if whole else chunk
    return reduced


def _pool(images: np.ndarray, factor: tuple[int, int]) -> np.ndarray:
    """Means of blocks; rows and columns that fill no block are dropped, as by `AveragePooling2D`."""
    high, wide = images.shape[1] // factor[0], images.shape[2] // factor[1]
    blocks = images[:, : high * factor[0], : wide * factor[1]]
    # Sums of strided slices: `mean` over the axes of a block is eight times slower.
    rows = blocks[:, :: factor[0]].astype(np.float32)
    for offset in range(1, factor[0]):
        rows += blocks[:, offset :: factor[0]]
    pooled = rows[:, :, :: factor[1]].copy()
    for offset in range(1, factor[1]):
        pooled += rows[:, :, offset :: factor[1]]
    pooled /= factor[0] * factor[1]
    return pooled


def _resize(images: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Bilinear between pixel centres, without smoothing, as by `Resizing`."""
    for axis, wanted in ((1, size[0]), (2, size[1])):
        given = images.shape[axis]
        if given == wanted:
            continue
        centre = np.maximum((np.arange(wanted) + 0.5) * given / wanted - 0.5, 0)
        low = np.floor(centre).astype(np.intp)
        high = np.minimum(low + 1, given - 1)
        part = (centre - low).astype(np.float32).reshape(-1, *[1] * (3 - axis))
        lower, upper = images.take(low, axis), images.take(high, axis)
        images = lower + (upper - lower) * part
    return images
