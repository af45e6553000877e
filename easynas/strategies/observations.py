"""What a model-based strategy was told, in the form in which a model learns from it."""

import numpy as np

from easynas.search.objective import Goal, places
from easynas.search.trial import Done, Failed, Trial
from easynas.space.space import SearchSpace, Values

_FENCE = 1.5
"""Interquartile ranges beyond the quartile (Tukey 1977, "Exploratory data analysis") after which a loss is cut:
networks that learned nothing are many in a new space, and how bad they are says nothing about the good ones."""
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
        self._measures: list[np.ndarray] = []

    def __len__(self) -> int:
        return len(self.values)

    def add(self, trial: Trial) -> Values:
        """Remembers a trial; returns its genotype."""
        self.values.append(self._space.canonical(trial.job.values))
        self._trials.append(trial)
        margins = [np.inf if isinstance(trial, Failed) else limit.margin(trial) for limit in self._goal.constraints]
        self._measures.append(np.concatenate([self._goal.losses(trial), margins]))
        return self.values[-1]

    @property
    def measures(self) -> np.ndarray:
        """Losses, then margins of constraints, `(trials, objectives + constraints)`; infinite if unknown."""
        return np.array(self._measures).reshape(len(self), len(self._goal.objectives) + len(self._goal.constraints))

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


def cut(losses: np.ndarray) -> np.ndarray:
    """Losses without those far above the rest; one that is infinite becomes the largest that is left.

    Args:
        losses: `(trials,)`, at least one finite.
    """
    finite = losses[np.isfinite(losses)]
    low, high = np.quantile(finite, [0.25, 0.75])
    fence = high + _FENCE * (high - low)
    kept = finite[finite <= fence]
    return np.asarray(np.minimum(losses, fence if len(kept) < len(finite) else kept.max()))


def standardize(losses: np.ndarray) -> tuple[np.ndarray, float, float]:
    """Values of mean 0 and deviation 1, larger is better, `(trials,)`; and the mean and the deviation of `cut`."""
    bounded = cut(losses)
    mean, deviation = float(bounded.mean()), float(bounded.std())
    deviation = deviation if deviation > 1e-12 else 1.0
    return (mean - bounded) / deviation, mean, deviation
