"""Parzen estimators over the choices of a space (Bergstra et al. 2011, "Algorithms for hyper-parameter optimization").

A density is a mixture with a kernel at every observation and one more, the prior, that is uniform. Ordered choices have
normal kernels truncated to the unit interval, integrated over the cell of a value; unordered ones keep the observed
value with most of the weight and share the rest, `categories / (kernels + categories)`, among all of them: the prior's
smoothing as Optuna has it. An observation says nothing about a choice that is not active in it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp, ndtr, ndtri

from easynas.strategies.axes import Axes

_MOST_KERNELS = 100
"""No kernel is narrower than 1 / min(this, 1 + observations): Optuna's and Hyperopt's "magic clip"."""

_BOHB_NARROWEST = 1e-3
_TINY = 1e-300  # far kernels vanish, and their logarithm must not


@dataclass(frozen=True, eq=False)
class Parzen:
    """A density over genotypes.

    Attributes:
        axes: what the columns mean.
        rows: observations `(n, choices)`, n >= 1, NaN where a choice is not active.
        widths: standard deviations of the kernels of ordered choices `(n, choices)`.
        joint: whether a kernel spans all choices (BOHB, Optuna's `multivariate`) or each choice has its own mixture.
    """

    axes: Axes
    rows: np.ndarray
    widths: np.ndarray
    joint: bool

    @classmethod
    def independent(cls, axes: Axes, rows: np.ndarray) -> "Parzen":
        """A mixture for each choice; a kernel reaches to its farther neighbour, as in the paper."""
        return cls(axes, rows, _to_neighbours(rows), joint=False)

    @classmethod
    def jointly(cls, axes: Axes, rows: np.ndarray) -> "Parzen":
        """One mixture for all choices together; widths by the normal reference rule (Falkner et al. 2018)."""
        return cls(axes, rows, _normal_reference(rows), joint=True)

    def sample(self, count: int, rng: np.random.Generator, *, stretch: float = 1.0) -> np.ndarray:
        """Rows `(count, choices)` without NaN, from kernels `stretch` times as wide."""
        kernels = self._draw_kernels(count, rng)
        columns = np.arange(self.rows.shape[1])
        prior = kernels == len(self.rows)
        kernels = np.where(prior, 0, kernels)
        middle, width = self.rows[kernels, columns], stretch * self.widths[kernels, columns]
        uniform = rng.random(middle.shape)
        prior |= np.isnan(middle)
        with np.errstate(invalid="ignore"):
            below, above = ndtr(-middle / width), ndtr((1.0 - middle) / width)
            near = np.clip(middle + width * ndtri(below + uniform * (above - below)), 0.0, 1.0)
        ordered = np.where(prior, uniform, near)
        leaves = prior | (rng.random(middle.shape) < self._smoothing)
        unordered = np.where(leaves, np.floor(uniform * self.axes.categories), middle)
        return self.axes.snap(np.where(self.axes.categories > 0, unordered, ordered))

    def log_density(self, rows: np.ndarray) -> np.ndarray:
        """Logarithm of the density of rows `(m, choices)`, over their active choices alone: `(m,)`."""
        known = ~np.isnan(self.rows)
        if self.joint:
            kernels = np.zeros((len(rows), len(self.rows) + 1))
            for column, (index, masses, prior) in enumerate(self._masses(rows)):
                apiece = np.where(known[:, column], masses, prior[:, None])
                kernels += np.log(np.column_stack([apiece, prior]))[index]
            return np.asarray(logsumexp(kernels, axis=1) - np.log(len(self.rows) + 1))
        density = np.zeros(len(rows))
        for column, (index, masses, prior) in enumerate(self._masses(rows)):
            total = np.where(known[:, column], masses, 0.0).sum(axis=1) + prior
            density += np.log(total / (known[:, column].sum() + 1))[index]
        return density

    @property
    def _smoothing(self) -> np.ndarray:
        """Share of a kernel of an unordered choice that goes to all its values alike."""
        kernels = (~np.isnan(self.rows)).sum(axis=0) + 1
        return np.asarray(self.axes.categories / (kernels + self.axes.categories))

    def _draw_kernels(self, count: int, rng: np.random.Generator) -> np.ndarray:
        """Indices of kernels `(count, choices)`; the prior comes after the observations."""
        observed, choices = self.rows.shape
        if self.joint:
            return np.repeat(rng.integers(observed + 1, size=count)[:, None], choices, axis=1)
        weights = np.vstack([~np.isnan(self.rows), np.ones(choices, dtype=bool)])
        cumulated = np.cumsum(weights, axis=0)
        drawn = rng.integers(cumulated[-1], size=(count, choices))
        return np.asarray((cumulated[None] <= drawn[:, None, :]).sum(axis=1))

    def _masses(self, rows: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """For every choice what kernels `(values, n)` and prior `(values,)` give to its values in rows, 1 if inactive.

        First comes which of these values each row has, `(m,)`: a choice has few, however many rows there are.
        """
        low, high = self.axes.cells(rows)
        for column, categories in enumerate(self.axes.categories):
            values, first, index = np.unique(rows[:, column], return_index=True, return_inverse=True)
            own = self.rows[:, column]
            with np.errstate(invalid="ignore", divide="ignore"):
                if categories > 0:
                    smoothing = self._smoothing[column]
                    prior = np.full(len(values), 1.0 / categories)
                    masses = np.where(values[:, None] == own, 1.0 - smoothing, 0.0) + smoothing / categories
                else:
                    below, above = low[first, column], high[first, column]
                    width, prior = self.widths[:, column], above - below
                    inside = ndtr((1.0 - own) / width) - ndtr(-own / width)
                    masses = ndtr((above[:, None] - own) / width) - ndtr((below[:, None] - own) / width)
                    masses /= inside
            active = ~np.isnan(values)
            yield (
                index,
                np.where(active[:, None], np.maximum(masses, _TINY), 1.0),
                np.where(active, prior, 1.0),
            )


def _to_neighbours(rows: np.ndarray) -> np.ndarray:
    """The greater distance to the next observations on both sides, the prior's middle being one of them."""
    widths = np.ones_like(rows)
    for column, numbers in enumerate(rows.T):
        active = np.flatnonzero(~np.isnan(numbers))
        points = np.append(numbers[active], 0.5)
        order = np.argsort(points, kind="stable")
        gaps = np.diff(points[order])
        reach = np.maximum(np.append(0.0, gaps), np.append(gaps, 0.0))
        unsorted = np.empty_like(reach)
        unsorted[order] = reach
        narrowest = 1.0 / min(_MOST_KERNELS, 1 + len(points))
        widths[active, column] = np.clip(unsorted[:-1], narrowest, 1.0)
    return widths


def _normal_reference(rows: np.ndarray) -> np.ndarray:
    """1.06 deviation n^(-1 / (4 + choices)), the same for all kernels of a choice, as BOHB's estimator has it."""
    known = ~np.isnan(rows)
    count = np.maximum(known.sum(axis=0), 1)
    filled = np.where(known, rows, 0.0)
    mean = filled.sum(axis=0) / count
    deviation = np.sqrt((np.where(known, rows - mean, 0.0) ** 2).sum(axis=0) / count)
    width = 1.06 * deviation * count ** (-1.0 / (4 + rows.shape[1]))
    return np.broadcast_to(np.clip(width, _BOHB_NARROWEST, 1.0), rows.shape)
