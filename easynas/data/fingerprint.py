"""A short name for a data set, so that a study is not continued with other data."""

import hashlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from easynas.data.dataset import Dataset
from easynas.data.frame import Table
from easynas.data.photos import Photos

SAMPLED = 256
_FACTOR = 0x9E3779B97F4A7C15  # odd, so that no column is lost modulo 2^64
WHOLE_BYTES = 1 << 24  # up to here all bytes are read


def fingerprint(data: Dataset) -> str:
    """Returns 32 hexadecimal digits that are equal for equal data.

    All targets and weights count; of large arrays what the encoder learned and 256 samples evenly spread, for reading
    all would take seconds; of files their names and sizes. The order of the samples counts too.
    """
    digest = hashlib.blake2b(digest_size=16)
    digest.update(repr((type(data.samples).__name__, len(data.y), data.target, data.encoder.learned)).encode())
    for part in (*_parts(data.samples), data.y, data.weights):
        if part is not None:
            digest.update(np.ascontiguousarray(part).data)
    return digest.hexdigest()


def hashes(samples: Any) -> np.ndarray | None:
    """A number for every text or row, equal for equal ones, uint64 `(n,)`; None for images, which hardly repeat."""
    if isinstance(samples, Table):
        each = [pd.util.hash_array(cells, categorize=False) for cells in samples.columns.values()]
        found = np.zeros(len(samples), np.uint64)
        for column in each:
            found = found * np.uint64(_FACTOR) + column
        return found
    return pd.util.hash_array(samples, categorize=False) if samples.dtype == object else None


def _parts(samples: Any) -> Iterator[np.ndarray]:
    """Arrays of plain numbers that stand for the samples."""
    if isinstance(samples, Table):
        for name, cells in samples.columns.items():
            yield np.frombuffer(name.encode(), np.uint8)
            yield from _parts(cells)
    elif isinstance(samples, Photos):
        yield samples.identity()
    elif samples.dtype == object:
        yield pd.util.hash_array(samples, categorize=False)
    else:
        yield np.frombuffer(repr((samples.shape, samples.dtype.str)).encode(), np.uint8)
        yield samples[:: max(1, len(samples) // SAMPLED)] if samples.nbytes > WHOLE_BYTES else samples
