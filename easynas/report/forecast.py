"""What more time would buy: the best score so far as a function of time, continued.

The curve is `limit - gain * (seconds / all) ** -power`, one of those that Domhan, Springenberg & Hutter 2015
("Speeding up automatic hyperparameter optimization", table 1, "pow3") fit to learning curves. What differs: it is the
best score of a whole fit, not of one training; and instead of sampling, a grid of powers and limits is weighed by how
well each explains the points, given the noise of a score, so the same study always gives the same forecast.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from easynas.search.trial import Done, Trial

FEWEST = 4
"""Finished trials with which a forecast is made."""

_POWERS = np.geomspace(0.15, 3.0, 24)
_LIMITS = 120
_NUMBERS = 3


@dataclass(frozen=True)
class Step:
    """A finished trial on the way.

    Attributes:
        seconds: of fitting when it ended.
        score: its own.
        best: the best score until then.
        trial: its number.
    """

    seconds: float
    score: float
    best: float
    trial: int


@dataclass(frozen=True)
class Forecast:
    """What a longer fit would probably score.

    Attributes:
        more: seconds added.
        gain: expected, at least 0.
        low: lower end of the interval of the gain that is 80 % likely.
        high: upper end.
        noise: standard error of one score.
    """

    more: float
    gain: float
    low: float
    high: float
    noise: float

    @property
    def worthwhile(self) -> bool:
        """Whether the expected gain is larger than half of what chance does to a score."""
        return self.gain > 0.5 * self.noise


def steps(trials: Sequence[Trial], moments: Sequence[float]) -> list[Step]:
    """All finished trials that compete, in the order in which they ended."""
    found: list[Step] = []
    best = -math.inf
    for trial, seconds in zip(trials, moments, strict=True):
        if isinstance(trial, Done) and not trial.job.reference:
            best = max(best, trial.score) if not trial.dropped else best
            found.append(Step(seconds, trial.score, best, trial.job.id))
    return [step for step in found if math.isfinite(step.best)]


def forecast(points: Sequence[Step], *, spent: float, more: float, noise: float, most: float) -> Forecast | None:
    """The gain of `more` seconds; None with fewer than `FEWEST` points.

    Args:
        points: the best scores so far.
        spent: seconds of the whole fit.
        more: seconds added.
        noise: standard error of one score, positive.
        most: the best score that there can be; infinite if unknown.
    """
    if len(points) < FEWEST:
        return None
    times = np.asarray([max(point.seconds, 1e-3) for point in points]) / spent
    best = np.asarray([point.best for point in points])
    final, spread = best[-1], max(float(np.ptp(best)), noise)
    limits = final + np.linspace(0.0, min(most - final, 2.0 * spread), _LIMITS)
    power, limit = np.meshgrid(_POWERS, limits, indexing="ij")
    shape = times[None, None] ** -power[..., None]  # (powers, limits, points)
    behind = limit[..., None] - best
    gain = np.maximum((behind * shape).sum(axis=-1) / (shape**2).sum(axis=-1), 0.0)
    misfit = ((behind - gain[..., None] * shape) ** 2).mean(axis=-1)
    # A curve has three numbers to choose: what they leave unexplained widens the noise. Points near each other say the
    # same, so more than ten do not make it surer; and of limits that explain as well the nearer ones are likelier.
    variance = max(noise, 1e-6) ** 2 + misfit.min() * len(points) / max(len(points) - _NUMBERS, 1)
    weight = np.exp(-0.5 * min(len(points), 10) * (misfit - misfit.min()) / variance - (limit - final) / spread)
    later = gain * (1.0 - ((spent + more) / spent) ** -power)  # from the curve's own value now
    order = np.argsort(later, axis=None)
    values, mass = later.ravel()[order], np.cumsum(weight.ravel()[order])
    low, high = (float(values[np.searchsorted(mass, share * mass[-1])]) for share in (0.1, 0.9))
    mean = float((later * weight).sum() / weight.sum())
    room = max(most - final, 0.0)
    return Forecast(more, min(mean, room), min(low, room), min(high, room), noise)
