"""Parzen estimators over the choices of a space (Bergstra et al. 2011, "Algorithms for hyper-parameter optimization").

A density is a mixture with a kernel at every observation and one more, the prior, that is uniform. Ordered choices have
normal kernels truncated to the unit interval, integrated over the cell of a value; unordered ones keep the observed
value with most of the weight and share the rest, `categories / (kernels + categories)`, among all of them: the prior's
smoothing as Optuna has it. An observation says nothing about a choice that is not active in it.
"""

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
        masses, uniform = self._masses(rows)
        known = ~np.isnan(self.rows)
        if self.joint:
            apiece = np.where(known, masses, uniform[:, None, :])
            kernels = np.concatenate([np.log(apiece).sum(axis=2), np.log(uniform).sum(axis=1)[:, None]], axis=1)
            return np.asarray(logsumexp(kernels, axis=1) - np.log(len(self.rows) + 1))
        total = np.where(known, masses, 0.0).sum(axis=1) + uniform
        return np.asarray(np.log(total / (known.sum(axis=0) + 1)).sum(axis=1))

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

    def _masses(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What the kernels `(m, n, choices)` and the prior `(m, choices)` give to rows; 1 for inactive choices."""
        unordered = self.axes.categories > 0
        low, high = self.axes.cells(rows)
        masses = np.ones((len(rows), *self.rows.shape))
        with np.errstate(invalid="ignore", divide="ignore"):
            middle, width = self.rows[:, ~unordered], self.widths[:, ~unordered]
            inside = ndtr((1.0 - middle) / width) - ndtr(-middle / width)
            above = ndtr((high[:, None, ~unordered] - middle) / width)
            masses[:, :, ~unordered] = (above - ndtr((low[:, None, ~unordered] - middle) / width)) / inside
            uniform = np.where(unordered, 1.0 / self.axes.categories, high - low)
        equal = rows[:, None, unordered] == self.rows[:, unordered]
        kept, shared = 1.0 - self._smoothing[unordered], (self._smoothing * uniform[0])[unordered]
        masses[:, :, unordered] = np.where(equal, kept, 0.0) + shared
        inactive = np.isnan(rows)
        masses = np.where(inactive[:, None, :], 1.0, np.maximum(masses, _TINY))
        return masses, np.where(inactive, 1.0, uniform)


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
