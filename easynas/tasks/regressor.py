"""`Regressor`: what all estimators of numbers have in common, whatever the data are."""

from typing import Any

import numpy as np
from sklearn.base import RegressorMixin

from easynas.data.dataset import Target
from easynas.data.numbers import NumberTarget
from easynas.tasks.base import Estimator
from easynas.train.scoring import Scoring


class Regressor(RegressorMixin, Estimator):  # type: ignore[misc]
    """An estimator of one number a sample, or of several."""

    def predict(self, x: Any) -> np.ndarray:
        """The number of every raw sample, `(n,)`, or `(n, numbers)` where `fit` received several."""
        return np.asarray(self.bundle_.predict(self._answers(x)))

    def score(self, x: Any, y: Any = None, sample_weight: Any = None) -> float:
        """The metric that was searched for, on other samples; larger is better, R² by default.

        A dataset as `x` gives `y` itself.
        """
        answers, encoded, weights = self._compared(x, y, sample_weight)
        return Scoring.of(self.metric, self.bundle_.target.answer).score(answers, encoded, weights=weights)

    def evaluate(self, x: Any, y: Any = None) -> dict[str, float]:
        """Several metrics at once: the one that was searched for, R², and two errors in the units of `y`."""
        answers, encoded, _ = self._compared(x, y)
        answer = self.bundle_.target.answer
        searched = Scoring.of(self.metric, answer).metric
        scores = {name: Scoring(name, answer).score(answers, encoded) for name in dict.fromkeys([searched, "r2"])}
        errors = {name: -Scoring(f"neg_{name}", answer).score(answers, encoded) for name in _ERRORS}
        return {**scores, **errors}

    def _compared(self, x: Any, y: Any, sample_weight: Any = None) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
        """Answers and targets, both standardised, and weights."""
        target, judged = self.bundle_.target, self._judged(x, y, sample_weight)
        answers = (judged.x - np.asarray(target.answer.mean)) / np.asarray(target.answer.scale)
        weights = None if judged.weights is None else np.asarray(judged.weights)
        return answers, target.encode(judged.y), weights

    def _target(self, y: Any) -> Target:
        return NumberTarget.learn(y)


_ERRORS = ("root_mean_squared_error", "mean_absolute_error")
