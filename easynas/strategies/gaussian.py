"""Gaussian process regression (Rasmussen & Williams 2006, "Gaussian processes for machine learning", algorithm 2.1).

The kernel is a Matérn 5/2 (eq. 4.17) of the weighted distance between points, with one weight a choice (automatic
relevance determination), plus a constant and, where there is a prior opinion, a line along it. Weights, signal and
noise are those of the largest posterior density, found by L-BFGS with the analytic gradient.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_solve, solve_triangular
from scipy.optimize import minimize

_JITTER = 1e-8
_STEPS = 40  # of L-BFGS
_CONSTANT = 1.0  # prior variance of the mean of standardized scores
_SLOPE, _SLOPE_SD = 0.5, 0.25
"""A prior opinion and the scores are both standardized, so the slope is a correlation. Measures of untrained networks
reach about 0.5 on the average task (Krishnakumar et al. 2022, "NAS-Bench-Suite-Zero"), and hardly ever less than 0."""
_SPREAD = 1.5  # at the prior's median, genotypes that differ in everything have this squared distance
_LOG_SD = np.array([1.0, 1.0, 1.5])  # prior deviations of the logarithms of weights, signal and noise
_NOISE = 0.05  # median share of the variance that another seed explains


@dataclass(frozen=True)
class Hyper:
    """What the data decide of a kernel.

    Attributes:
        weights: `(choices,)`, how fast the score changes along a choice.
        signal: variance of the function.
        noise: variance of an observation.
    """

    weights: np.ndarray
    signal: float
    noise: float

    @classmethod
    def prior(cls, choices: int) -> "Hyper":
        """The medians of the prior."""
        return cls(np.full(choices, _SPREAD / max(choices, 1)), 1.0, _NOISE)


class GaussianProcess:
    """The posterior given points and standardized values.

    Args:
        x: points `(n, columns)`.
        y: values `(n,)` of about mean 0 and variance 1, larger is better.
        groups: `(columns,)`, the choice of each column.
        hyper: of the kernel.
        opinion: `(n,)`, what was thought of the points before, standardized; None for nothing.
    """

    def __init__(
        self, x: np.ndarray, y: np.ndarray, groups: np.ndarray, hyper: Hyper, *, opinion: np.ndarray | None = None
    ) -> None:
        self._y = y
        self._groups = groups
        self._hyper = hyper
        self._scale = np.sqrt(hyper.weights)[groups]
        self._opinion = np.zeros(len(x)) if opinion is None else opinion
        self._slope = 0.0 if opinion is None else _SLOPE
        self._unscaled, self._x = x, x * self._scale
        covariance = self._covariance(self._x, self._opinion, self._x, self._opinion)
        covariance[np.diag_indices_from(covariance)] += hyper.noise + _JITTER
        self._factor = np.linalg.cholesky(covariance)
        self._alpha = cho_solve((self._factor, True), y - self._slope * self._opinion)

    def believing(self, x: np.ndarray, opinion: np.ndarray | None = None) -> "GaussianProcess":
        """The posterior if points `(m, columns)` turned out as expected."""
        thought = None if opinion is None else np.concatenate([self._opinion, opinion])
        points, values = np.concatenate([self._unscaled, x]), np.concatenate([self._y, self.mean(x, opinion)])
        return GaussianProcess(points, values, self._groups, self._hyper, opinion=thought)

    def mean(self, x: np.ndarray, opinion: np.ndarray | None = None) -> np.ndarray:
        """The expected value at points `(m, columns)`, `(m,)`."""
        thought = np.zeros(len(x)) if opinion is None else opinion
        cross = self._covariance(x * self._scale, thought, self._x, self._opinion)
        return np.asarray(self._slope * thought + cross @ self._alpha)

    def posterior(self, x: np.ndarray, opinion: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Mean `(m,)` and covariance `(m, m)` of the function at points `(m, columns)`."""
        thought = np.zeros(len(x)) if opinion is None else opinion
        scaled = x * self._scale
        cross = self._covariance(scaled, thought, self._x, self._opinion)
        half = solve_triangular(self._factor, cross.T, lower=True, check_finite=False)
        covariance = self._covariance(scaled, thought, scaled, thought) - half.T @ half
        return self._slope * thought + cross @ self._alpha, covariance

    def sample(
        self, x: np.ndarray, rng: np.random.Generator, *, draws: int, opinion: np.ndarray | None = None
    ) -> np.ndarray:
        """Functions drawn from the posterior, at points `(m, columns)`: `(draws, m)`."""
        mean, covariance = self.posterior(x, opinion)
        covariance[np.diag_indices_from(covariance)] += 1e-6 * (1.0 + self._hyper.signal)
        return np.asarray(mean + rng.standard_normal((draws, len(x))) @ np.linalg.cholesky(covariance).T)

    def _covariance(self, a: np.ndarray, of_a: np.ndarray, b: np.ndarray, of_b: np.ndarray) -> np.ndarray:
        line = 0.0 if self._slope == 0.0 else _SLOPE_SD**2 * np.outer(of_a, of_b)
        return self._hyper.signal * _matern(_squared(a, b))[0] + _CONSTANT + line


def fit(x: np.ndarray, y: np.ndarray, groups: np.ndarray, *, opinion: np.ndarray | None = None) -> Hyper:
    """The hyperparameters of the largest posterior density; arguments as for `GaussianProcess`."""
    choices = int(groups.max(initial=-1)) + 1
    prior = Hyper.prior(choices)
    median = np.log(np.concatenate([prior.weights, [prior.signal, prior.noise]]))
    deviation = np.concatenate([np.full(choices, _LOG_SD[0]), _LOG_SD[1:]])
    fixed = np.full((len(x), len(x)), _CONSTANT)
    target = y
    if opinion is not None:
        fixed = fixed + _SLOPE_SD**2 * np.outer(opinion, opinion)
        target = y - _SLOPE * opinion

    def loss(logs: np.ndarray) -> tuple[float, np.ndarray]:
        value, gradient = _negative_log_likelihood(np.exp(logs), x, target, groups, fixed)
        off = (logs - median) / deviation
        return value + 0.5 * float(off @ off), gradient + off / deviation

    bounds = list(zip(median - 4 * deviation, median + 4 * deviation, strict=True))
    found = np.exp(minimize(loss, median, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": _STEPS}).x)
    return Hyper(found[:-2], float(found[-2]), float(found[-1]))


def _negative_log_likelihood(
    hyper: np.ndarray, x: np.ndarray, y: np.ndarray, groups: np.ndarray, fixed: np.ndarray
) -> tuple[float, np.ndarray]:
    """Value and gradient by the logarithms of the hyperparameters (Rasmussen & Williams, eq. 5.8 and 5.9)."""
    weights, signal, noise = hyper[:-2], float(hyper[-2]), float(hyper[-1])
    scaled = x * np.sqrt(weights)[groups]
    shape, slope = _matern(_squared(scaled, scaled))
    factor = np.linalg.cholesky(signal * shape + fixed + (noise + _JITTER) * np.eye(len(y)))
    inverse = cho_solve((factor, True), np.eye(len(y)), check_finite=False)
    alpha = inverse @ y
    by_covariance = 0.5 * (inverse - np.outer(alpha, alpha))
    # The sum over all pairs of m[i, j] * (x[i] - x[j])² for all columns at once, without their distances.
    m = by_covariance * slope * signal
    by_column = 2.0 * (m.sum(1) @ scaled**2 - (scaled * (m @ scaled)).sum(0))
    gradient = np.bincount(groups, by_column, minlength=len(weights))
    value = 0.5 * float(y @ alpha) + float(np.log(np.diag(factor)).sum())
    return value, np.concatenate(
        [gradient, [signal * float((by_covariance * shape).sum()), noise * float(np.trace(by_covariance))]]
    )


def _squared(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Squared distances `(a, b)`."""
    return np.asarray(np.maximum((a**2).sum(1)[:, None] + (b**2).sum(1)[None, :] - 2.0 * a @ b.T, 0.0))


def _matern(squared: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The Matérn 5/2 correlation and its derivative by the squared distance."""
    root = math.sqrt(5.0) * np.sqrt(squared)
    decay = np.exp(-root)
    return (1.0 + root + root**2 / 3.0) * decay, -(5.0 / 6.0) * (1.0 + root) * decay
