"""What a model-based strategy was told, in the form in which a model learns from it."""

from collections.abc import Callable

import numpy as np
from scipy.special import ndtri
from scipy.stats import rankdata

from easynas.search.objective import Goal, places
from easynas.search.trial import Done, Failed, Trial
from easynas.space.space import SearchSpace, Values

LARGEST = 400
"""Trials in a model; of more, the best and the latest, a half each. The time of a model grows up to their cube."""

_SHORTEST = 1e-3  # seconds


class Observations:
    """Told trials, in their order.

    Attributes:
        values: genotypes in canonical form.
    """

    def __init__(self, space: SearchSpace, goal: Goal) -> None:
        self.values: list[Values] = []
        self._space = space
        self._goal = goal
        self._trials: list[Trial] = []
        self._measures = np.empty((0, len(goal.objectives) + len(goal.constraints)))

    def __len__(self) -> int:
        return len(self.values)

    def add(self, trial: Trial) -> Values:
        """Remembers a trial; returns its genotype."""
        self.values.append(self._space.canonical(trial.job.values))
        self._trials.append(trial)
        margins = [np.inf if isinstance(trial, Failed) else limit.margin(trial) for limit in self._goal.constraints]
        measures = np.concatenate([self._goal.losses(trial), margins])
        if len(self) > len(self._measures):  # room for as many again
            self._measures = np.concatenate([self._measures, np.empty((len(self), len(measures)))])
        self._measures[len(self) - 1] = measures
        return self.values[-1]

    @property
    def measures(self) -> np.ndarray:
        """Losses, then margins of constraints, `(trials, objectives + constraints)`; infinite if unknown."""
        return self._measures[: len(self)]

    @property
    def log_seconds(self) -> np.ndarray:
        """How long trials took, `(trials,)`, in logarithms; NaN for failed ones, which may have ended early."""
        seconds = [trial.seconds if isinstance(trial, Done) else np.nan for trial in self._trials]
        return np.asarray(np.log(np.maximum(seconds, _SHORTEST)))

    def best_first(self) -> np.ndarray:
        """Indices of the trials, `(trials,)`."""
        if self._goal.single:
            return np.argsort(self.measures[:, 0], kind="stable")
        return np.argsort(places([self._goal.judge(trial) for trial in self._trials]))


class Scale:
    """Losses as normal scores of their ranks (a Gaussian copula, Salinas et al. 2020), larger is better, and back.

    Ranks do not care about the units of a metric, nor about how bad networks are that learned nothing; of those there
    are many in a new space.

    Args:
        losses: `(trials,)`; what is infinite shares the last rank.

    Attributes:
        scores: `(trials,)`.
    """

    def __init__(self, losses: np.ndarray) -> None:
        self.scores = -ndtri((rankdata(losses) - 0.5) / len(losses))
        finite = np.isfinite(losses)
        self._scores, first = np.unique(self.scores[finite], return_index=True)
        self._losses = losses[finite][first]
        self._slope = _slope(self._scores, self._losses)

    def losses(self, scores: np.ndarray) -> np.ndarray:
        """The losses of normal scores, `(...)`, at least one of which was finite.

        Between told ones in proportion; better than the best by the slope of the best quarter; never worse than told.
        """
        beyond = np.maximum(scores - self._scores[-1], 0.0)
        return np.asarray(np.interp(scores, self._scores, self._losses) - self._slope * beyond)


def _slope(scores: np.ndarray, losses: np.ndarray) -> float:
    """By how much losses fall where scores rise, among the best quarter or at least two; never 0.

    Were it 0, all that promises to be better than the best trial would look the same.
    """
    if len(scores) < 2:
        return 1.0
    start = min(int(np.searchsorted(scores, np.quantile(scores, 0.75))), len(scores) - 2)
    return float((losses[start] - losses[-1]) / (scores[-1] - scores[start]))


def scheduled(trials: int, *, first: int, then: Callable[[int], int]) -> int:
    """The largest number of a schedule that is not above `trials`; 0 if there is none.

    Models are made anew at these numbers alone, so that a search that is continued has the same ones.

    Args:
        trials: that were told.
        first: number of the schedule.
        then: the number after another one.
    """
    size, following = 0, first
    while following <= trials:
        size, following = following, then(following)
    return size


def kept(losses: np.ndarray) -> np.ndarray:
    """Indices of the trials that a model holds, in their order."""
    if len(losses) <= LARGEST:
        return np.arange(len(losses))
    latest = np.arange(len(losses) - LARGEST // 2, len(losses))
    best = np.argsort(losses[: latest[0]], kind="stable")[: LARGEST - len(latest)]
    return np.concatenate([np.sort(best), latest])
