"""What networks for tables must know of the encoded training samples before they are built."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

MOST_BINS = 32
"""Of a number column; each holds at least as many training samples as there are bins."""

_WIDEST_END = 10.0  # times the bin beside it


@dataclass(frozen=True)
class NumberStatistics:
    """Of every column of `numbers`, in encoded units.

    Attributes:
        median: of the numbers that are there.
        scale: range between their quartiles; where that is 0, half their whole range; positive.
        missing: whether any is missing.
        edges: cut the numbers into bins of about equally many samples, ascending, all different; see `_edges`.
    """

    median: tuple[float, ...]
    scale: tuple[float, ...]
    missing: tuple[bool, ...]
    edges: tuple[tuple[float, ...], ...]

    @classmethod
    def learn(cls, numbers: np.ndarray) -> Self:
        """The statistics of `numbers`, float32 `(n, F)` with NaN where missing."""
        columns = [_of_column(column.astype(np.float64)) for column in numbers.T]
        median, scale, edges = zip(*columns, strict=True)
        return cls(median, scale, tuple(np.isnan(numbers).any(axis=0).tolist()), edges)


@dataclass(frozen=True)
class TableStatistics:
    """Of a whole encoded table.

    Attributes:
        rows: how many samples.
        numbers: of the number columns; None: there are none.
        sizes: how many codes every category column may have.
        codes: those that occur in training, ascending, of every category column.
    """

    rows: int
    numbers: NumberStatistics | None
    sizes: tuple[int, ...] = ()
    codes: tuple[tuple[int, ...], ...] = ()

    @classmethod
    def learn(cls, arrays: Mapping[str, np.ndarray], sizes: tuple[int, ...]) -> Self:
        """The statistics of what `TableEncoder.encode` returned for the samples that are trained on."""
        numbers, categories = arrays.get("numbers"), arrays.get("categories")
        codes = () if categories is None else tuple(tuple(np.unique(column).tolist()) for column in categories.T)
        rows = len(next(iter(arrays.values())))
        return cls(rows, None if numbers is None else NumberStatistics.learn(numbers), sizes, codes)

    def to_config(self) -> dict[str, Any]:
        """The statistics as plain JSON values."""
        numbers = None if self.numbers is None else vars(self.numbers)
        return {"rows": self.rows, "numbers": numbers, "sizes": self.sizes, "codes": self.codes}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """The statistics that `to_config` described."""
        found = config["numbers"]
        numbers = None if found is None else NumberStatistics(**{name: _tuple(value) for name, value in found.items()})
        return cls(config["rows"], numbers, _tuple(config["sizes"]), _tuple(config["codes"]))


def _of_column(column: np.ndarray) -> tuple[float, float, tuple[float, ...]]:
    present = column[~np.isnan(column)]
    if not len(present):
        return 0.0, 1.0, (0.0,)
    low, median, high = np.quantile(present, (0.25, 0.5, 0.75))
    scale = (high - low) or np.ptp(present) / 2 or 1.0
    bins = int(min(MOST_BINS, max(1, np.sqrt(len(present)))))
    edges = _without_far_ends(_edges(present, bins))
    return float(median), float(scale), tuple(edges.tolist())


def _edges(numbers: np.ndarray, bins: int) -> np.ndarray:
    """Quantiles of the numbers; a value that fills a bin alone is an edge, and the rest has the other bins.

    Otherwise a number that is mostly zero would have no bins where it tells something.
    """
    values, counts = np.unique(numbers, return_counts=True)
    often = values[counts * bins > len(numbers)]
    rest = numbers[~np.isin(numbers, often)]
    if not len(rest):
        return often
    return np.unique([*often, *np.quantile(rest, np.linspace(0, 1, max(1, bins - len(often)) + 1))])


def _without_far_ends(edges: np.ndarray) -> np.ndarray:
    """A single far sample would make the outermost bin so wide that all others in it look alike."""
    if len(edges) > 3:
        edges[0] = max(edges[0], edges[1] - _WIDEST_END * (edges[2] - edges[1]))
        edges[-1] = min(edges[-1], edges[-2] + _WIDEST_END * (edges[-2] - edges[-3]))
    return edges


def _tuple(value: Any) -> Any:
    return tuple(_tuple(each) for each in value) if isinstance(value, (list, tuple)) else value
