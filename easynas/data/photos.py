"""`Photos`: images in files, decoded when they are asked for, all in one size."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NoReturn, Self

import numpy as np
import pandas as pd

from easynas.data.decode import UNREADABLE, Header, decode, read_header
from easynas.errors import InputError
from easynas.schema import LARGEST_SIDE

_MEASURED = 2_000  # files whose sizes decide
_SMALL_SHARE = 0.05  # of the images may be smaller than what all are brought to
_THREADS = min(8, os.cpu_count() or 1)  # Pillow decodes without Python's lock
_SHOWN = 3


@dataclass(frozen=True, eq=False)
class Photos:
    """Images in files; an index or slice gives pixels, uint8 `(n, height, width[, channels])`.

    Attributes:
        paths: of the files, texts `(n,)`.
        size: shape of an image, `(height, width)` for grey or `(height, width, 3)`.
    """

    paths: np.ndarray
    size: tuple[int, ...]

    @classmethod
    def of(cls, paths: np.ndarray) -> Self:
        """All images in one size, chosen from their own.

        At most `LARGEST_SIDE` pixels a side, in the usual shape of the images; so small that 19 of 20 are not smaller.

        Raises:
            InputError: files are missing, damaged, or no images.
        """
        if not len(paths):
            raise InputError("`x` must hold at least one image. Received no files.")
        headers = _headers(paths)
        measured = headers[:: max(1, len(headers) // _MEASURED)]
        height, width = _common_size(measured)
        return cls(paths, (height, width) if all(each.grey for each in measured) else (height, width, 3))

    @property
    def shape(self) -> tuple[int, ...]:
        return (len(self.paths), *self.size)

    @property
    def dtype(self) -> np.dtype[Any]:
        return np.dtype(np.uint8)

    @property
    def nbytes(self) -> int:
        """Bytes of all pixels, were they decoded."""
        return int(np.prod(self.shape))

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, rows: Any) -> np.ndarray:
        height, width, *channels = self.size
        shape = (height, width, channels[0] if channels else 1)
        with ThreadPoolExecutor(_THREADS) as threads:
            pixels = list(threads.map(lambda path: decode(path, shape), self.paths[rows]))
        return np.array(pixels, dtype=np.uint8).reshape(-1, *self.size)

    def sized(self, size: tuple[int, ...]) -> "Photos":
        """The same images in another shape, `(height, width[, channels])`."""
        return replace(self, size=size)

    def identity(self) -> np.ndarray:
        """Names and sizes of the files as numbers `(2 n,)`; wherever the folder lies, they are the same."""
        names = np.array([Path(path).name for path in self.paths], dtype=object)
        lengths = np.array([Path(path).stat().st_size for path in self.paths], dtype=np.uint64)
        return np.concatenate([pd.util.hash_array(names, categorize=False), lengths])


def as_paths(x: Any) -> np.ndarray | None:
    """The paths `(n,)` in `x`; None where it does not hold texts or paths."""
    if isinstance(x, pd.Series | pd.Index):
        x = x.to_numpy(dtype=object)
    if isinstance(x, np.ndarray):
        if x.ndim != 1 or x.dtype.kind not in "OUT":
            return None
    elif not isinstance(x, list | tuple):
        return None
    if not len(x) or not all(isinstance(each, str | os.PathLike) for each in x):
        return None
    return np.array([os.fspath(each) for each in x], dtype=object)


def _headers(paths: Sequence[str] | np.ndarray) -> list[Header]:
    """What all files say about themselves; finds every file that is no image before any time is spent on them."""
    found: list[Header] = []
    broken: list[tuple[str, Exception]] = []
    for path in paths:
        try:
            found.append(read_header(path))
        except UNREADABLE as error:
            broken.append((path, error))
    if broken:
        _raise_unreadable(broken, len(paths))
    return found


def _raise_unreadable(broken: list[tuple[str, Exception]], count: int) -> NoReturn:
    some = "; ".join(f"{path!r} ({_reason(error)})" for path, error in broken[:_SHOWN])
    more = f" and {len(broken) - _SHOWN:,} more" if len(broken) > _SHOWN else ""
    raise InputError(
        f"Every file must be an image that can be read. Received {len(broken):,} of {count:,} that cannot: "
        f"{some}{more}. Remove or repair them."
    )


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return "damaged or no image"


def _common_size(headers: list[Header]) -> tuple[int, int]:
    """Height and width of the usual shape, as large as nearly all images have and networks use."""
    heights, widths = (np.array(sides, dtype=float) for sides in list(zip(*headers, strict=True))[:2])
    aspect = float(np.exp(np.median(np.log(heights / widths))))
    height = min(np.quantile(heights, _SMALL_SHARE), aspect * np.quantile(widths, _SMALL_SHARE))
    if len({(each.height, each.width) for each in headers}) == 1:
        height, aspect = heights[0], heights[0] / widths[0]
    shrink = min(1.0, LARGEST_SIDE / np.sqrt(height * height / aspect))
    return max(1, round(height * shrink)), max(1, round(height / aspect * shrink))
