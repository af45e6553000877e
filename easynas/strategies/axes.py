"""Genotypes as rows of numbers: a column a choice, NaN where a choice is not active."""

from bisect import bisect_right

import numpy as np

from easynas.space.dimension import Value
from easynas.space.space import SearchSpace, Values

_FINE = 1000
"""Cells of a choice with more values than that, or with continuous ones: much narrower than any kernel."""


class Axes:
    """The choices of a space as columns.

    An ordered choice is a position in the unit interval, which its values divide into cells; an unordered one is the
    index of its value.

    Attributes:
        categories: how many values each unordered choice has, `(choices,)`; 0 for an ordered one.
    """

    def __init__(self, space: SearchSpace) -> None:
        self._dimensions = space.dimensions
        self.categories = np.array([int(d.count) if d.categorical else 0 for d in space.dimensions])
        self._ordered: list[int] = np.flatnonzero(self.categories == 0).tolist()
        self._values = [d.values() if d.categorical or d.count <= _FINE else None for d in space.dimensions]
        self._positions = [
            np.array([d.position(value) for value in values]) if values is not None else _middles(_FINE)
            for d, values in zip(space.dimensions, self._values, strict=True)
        ]
        self._borders = [np.concatenate([[0.0], (p[1:] + p[:-1]) / 2, [1.0]]) for p in self._positions]

    def encode(self, values: Values) -> np.ndarray:
        """A genotype in canonical form as a row `(choices,)`."""
        row = np.full(len(self._dimensions), np.nan)
        met: set[str] = set()
        for column, dimension in enumerate(self._dimensions):
            if dimension.name in values and dimension.name not in met and dimension.active(values):
                met.add(dimension.name)
                row[column] = self._number(column, values[dimension.name])
        return row

    def decode(self, row: np.ndarray) -> tuple[Values, np.ndarray]:
        """The genotype of a row `(choices,)` without NaN, and the row with NaN for what is not active in it."""
        values: Values = {}
        active = np.full(len(row), np.nan)
        for column, dimension in enumerate(self._dimensions):
            if dimension.name not in values and dimension.active(values):
                values[dimension.name] = self._value(column, row[column])
                active[column] = row[column]
        return values, active

    def snap(self, rows: np.ndarray) -> np.ndarray:
        """Rows `(n, choices)` without NaN, their ordered choices moved to the nearest values."""
        snapped = rows.copy()
        for column in self._ordered:
            if self._values[column] is not None:
                snapped[:, column] = self._positions[column][self._cells(column, rows[:, column])]
        return snapped

    def cells(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Lower and upper ends of the cells of ordered choices, `(n, choices)` each; NaN for everything else."""
        low, high = np.full_like(rows, np.nan), np.full_like(rows, np.nan)
        for column in self._ordered:
            active = ~np.isnan(rows[:, column])
            cells = self._cells(column, rows[active, column])
            low[active, column], high[active, column] = self._borders[column][cells], self._borders[column][cells + 1]
        return low, high

    def _cells(self, column: int, positions: np.ndarray) -> np.ndarray:
        borders = self._borders[column]
        return np.clip(np.searchsorted(borders, positions, side="right") - 1, 0, len(borders) - 2)

    def _number(self, column: int, value: Value) -> float:
        known, dimension = self._values[column], self._dimensions[column]
        return float(known.index(value)) if dimension.categorical and known else dimension.position(value)

    def _value(self, column: int, number: float) -> Value:
        known, dimension = self._values[column], self._dimensions[column]
        if known is None:
            return dimension.at(float(number))
        index = int(number) if dimension.categorical else bisect_right(self._borders[column], number) - 1
        return known[min(max(index, 0), len(known) - 1)]


def _middles(count: int) -> np.ndarray:
    return (np.arange(count) + 0.5) / count
