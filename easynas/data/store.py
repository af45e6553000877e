"""`Store`: the data once on disk, read through memory maps by all worker processes without a copy of their own.

Images larger than the resolution are reduced on the way: average pooling by whole factors, then bilinear to the exact
size. That is what the Keras layers `AveragePooling2D(factor)` and `Resizing(*size)` compute, which stand in front of
the exported network, so the network sees there what it was trained on here.
"""

import errno
import json
import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np

from easynas.data.images import ImageData
from easynas.errors import InputError, StudyError

FILE = "store.json"
DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
CHUNK_BYTES = 1 << 22  # of source images as float32; small enough to stay in a processor's cache
# Rounding to whole numbers adds a standard deviation of 0.3: below 4 % of a channel's own from here on.
ROUNDABLE_VARIANCE = 64.0


@dataclass(frozen=True)
class Reduction:
    """From images as received to images as trained on.

    Attributes:
        factor: pool size `(height, width)` of the average pooling, whole numbers from 1.
        size: `(height, width)` after the bilinear resizing that follows.
    """

    factor: tuple[int, int]
    size: tuple[int, int]


class Arrays(NamedTuple):
    """One part of the data.

    Attributes:
        x: images `(n, height, width, channels)`, uint8 or float32.
        y: positions of the labels among the classes, int32 `(n,)`.
        weights: how much each sample counts, float32 `(n,)`.
    """

    x: np.ndarray
    y: np.ndarray
    weights: np.ndarray


@dataclass(frozen=True)
class Store:
    """Training and validation data in a directory. Small to pickle: it holds no data.

    Attributes:
        directory: where the files lie.
        classes: how many classes there are.
        reduction: what was done to the images.
    """

    directory: str
    classes: int
    reduction: Reduction

    @classmethod
    def write(
        cls,
        directory: str | os.PathLike[str],
        data: ImageData,
        *,
        train: np.ndarray,
        validation: np.ndarray,
        resolution: tuple[int, int],
        held_out: ImageData | None = None,
    ) -> Self:
        """Writes the samples of `data` at the indices `train` and `validation`, and returns the store.

        Images stay uint8 if they were and reduction leaves whole numbers good enough, else they are float32.

        Args:
            directory: created if it does not exist; a store that is there is replaced.
            data: checked images.
            train: indices into `data`, `(n,)`.
            validation: indices into `held_out`, `(m,)`.
            resolution: `(height, width)` to reduce the images to, at most their own.
            held_out: where the validation samples are; None: in `data`.

        Raises:
            InputError: the resolution is larger than the images.
            StudyError: there is no room for the data.
        """
        folder = Path(directory)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / FILE).unlink(missing_ok=True)  # it is written last: with it, a store is whole
        store = cls(str(folder), len(data.target.labels), reduction(data.schema.shape, resolution))
        dtype = _stored_type(data, store.reduction)
        _write_part(folder / "train", data, train, reduced_by=store.reduction, dtype=dtype)
        _write_part(folder / "validation", held_out or data, validation, reduced_by=store.reduction, dtype=dtype)
        meta = {"classes": store.classes, "factor": store.reduction.factor, "size": store.reduction.size}
        (folder / FILE).write_text(json.dumps(meta), encoding="utf-8")
        return store

    @classmethod
    def open(cls, directory: str | os.PathLike[str]) -> Self:
        """Returns the store that `write` left in `directory`.

        Raises:
            StudyError: there is none, or it was not written to its end.
        """
        path = Path(directory) / FILE
        if not path.exists():
            raise StudyError(f"{str(directory)!r} must hold a complete store. Received a folder without {FILE}.")
        meta: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return cls(str(directory), meta["classes"], Reduction(tuple(meta["factor"]), tuple(meta["size"])))

    def train(self) -> Arrays:
        """The samples to train on, memory-mapped and read-only."""
        return _open_part(Path(self.directory) / "train")

    def validation(self) -> Arrays:
        """The samples held out, memory-mapped and read-only."""
        return _open_part(Path(self.directory) / "validation")


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

    uint8 stays uint8, rounded to the nearest; anything else becomes float32.
    """
    channels = images.shape[3] if images.ndim == 4 else 1
    dtype = np.uint8 if images.dtype == np.uint8 else np.float32
    reduced = np.empty((len(images), *reduced_by.size, channels), dtype=dtype)
    _reduce_into(reduced, images, np.arange(len(images)), reduced_by)
    return reduced


def _reduce_into(out: np.ndarray, images: np.ndarray, rows: np.ndarray, reduced_by: Reduction) -> None:
    step = max(1, CHUNK_BYTES // (4 * images[0].size))
    for start in range(0, len(rows), step):
        chunk = images[rows[start : start + step]]
        chunk = chunk.reshape(*chunk.shape[:3], out.shape[3])
        if chunk.shape[1:3] != reduced_by.size:
            chunk = _resize(_pool(chunk, reduced_by.factor), reduced_by.size)
            chunk = np.rint(chunk) if out.dtype == np.uint8 else chunk
        out[start : start + step] = chunk


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


def _stored_type(data: ImageData, reduced_by: Reduction) -> type[np.uint8] | type[np.float32]:
    if data.images.dtype != np.uint8:
        return np.float32
    varying = [variance for variance in data.schema.variance if variance > 0]
    whole = data.schema.shape[:2] == reduced_by.size
    return np.uint8 if whole or min(varying) >= ROUNDABLE_VARIANCE else np.float32


def _write_part(
    folder: Path, data: ImageData, rows: np.ndarray, *, reduced_by: Reduction, dtype: type[np.uint8] | type[np.float32]
) -> None:
    folder.mkdir(exist_ok=True)
    shape = (len(rows), *reduced_by.size, data.schema.channels)
    x = _new_array(folder / "x.npy", dtype=dtype, shape=shape)
    _reduce_into(x, data.images, rows, reduced_by)
    x.flush()
    weights = np.ones(len(rows), np.float32) if data.weights is None else data.weights[rows]
    np.save(folder / "y.npy", data.labels[rows])
    np.save(folder / "weights.npy", weights)


def _new_array(path: Path, *, dtype: type[np.uint8] | type[np.float32], shape: tuple[int, ...]) -> np.memmap:
    """A memory map to fill. All its room is taken now: writing to a page of a full disk would kill this process."""
    try:
        array = np.lib.format.open_memmap(path, mode="w+", dtype=dtype, shape=shape)
        if hasattr(os, "posix_fallocate"):
            with path.open("r+b") as file:
                os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
    except OSError as error:
        if error.errno in (errno.EOPNOTSUPP, errno.EINVAL):  # this file system cannot promise room
            return array
        if error.errno not in DISK_FULL:
            raise
        size_mb = math.prod(shape) * np.dtype(dtype).itemsize / 1e6
        raise StudyError(
            f"There must be room for {size_mb:,.1f} MB of training data in {path.parent}. Received: {error.strerror}. "
            "Make room on that disk, or pass a `directory` on another."
        ) from error
    return array


def _open_part(folder: Path) -> Arrays:
    return Arrays(*(_open_array(folder / f"{name}.npy") for name in Arrays._fields))


def _open_array(path: Path) -> np.ndarray:
    """The array behind `path`, read-only.

    The pages are mapped copy-on-write: they are shared between processes all the same, and TensorFlow can then borrow
    the memory, which numpy refuses for pages that can never be written (see `feed`).
    """
    array = np.load(path, mmap_mode="c", allow_pickle=False)
    array.flags.writeable = False
    return array  # type: ignore[no-any-return]
