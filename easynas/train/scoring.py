"""Scores of predicted probabilities, by the names of scikit-learn's scorers; larger is better."""

import math
from dataclasses import dataclass

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.metrics import get_scorer, get_scorer_names

from easynas.errors import InputError


class _Predicted(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Probabilities that were computed already, as the classifier that a scorer asks for."""

    def __init__(self, probabilities: np.ndarray) -> None:
        self.probabilities = probabilities
        self.classes_ = np.arange(probabilities.shape[1])

    def predict_proba(self, _: object) -> np.ndarray:
        return self.probabilities

    def predict(self, _: object) -> np.ndarray:
        return np.asarray(self.probabilities.argmax(axis=1))


@dataclass(frozen=True)
class Scoring:
    """A metric for classes.

    Attributes:
        metric: name of a scikit-learn scorer, for instance "accuracy", "roc_auc_ovr" or "f1_macro".
    """

    metric: str = "accuracy"

    def score(self, probabilities: np.ndarray, labels: np.ndarray, *, weights: np.ndarray | None = None) -> float:
        """The score of `probabilities` `(n, classes)` for the integer `labels` `(n,)`, which may count by `weights`."""
        if self.metric == "accuracy":
            return float(np.average(probabilities.argmax(axis=1) == labels, weights=weights))
        weighted = {} if weights is None else {"sample_weight": weights}
        # The scorer asks for features only to hand them to the classifier, which has its answers already.
        return float(get_scorer(self.metric)(_Predicted(probabilities), np.zeros((len(labels), 1)), labels, **weighted))

    def standard_error(self, score: float, count: int) -> float:
        """Standard error of a score on `count` samples: binomial for shares of samples, its upper bound for others."""
        share = score if self.metric == "accuracy" else 0.5
        return math.sqrt(max(share * (1.0 - share), 1.0 / count) / count)

    def check(self, classes: int) -> None:
        """Tries the metric on invented probabilities for `classes`.

        Raises:
            InputError: there is no such metric, or it is none for so many classes.
        """
        if self.metric not in get_scorer_names():
            raise InputError(
                f"`metric` must be the name of a scikit-learn scorer for classes, such as "
                f"{sorted(_USUAL)}. Received: {self.metric!r}."
            )
        labels = np.tile(np.arange(classes), 2)
        probabilities = np.full((2 * classes, classes), 0.5 / classes)
        probabilities[np.arange(2 * classes), labels] += 0.5
        try:
            value = self.score(probabilities, labels)
        except (ValueError, TypeError, AttributeError) as error:
            raise InputError(
                f"`metric` must be computable for {classes} classes. Received: {self.metric!r}, which says: "
                f"{str(error).splitlines()[0]} Try one of {sorted(_USUAL)}."
            ) from error
        if not math.isfinite(value):
            raise InputError(f"`metric` must give a number for {classes} classes. {self.metric!r} gave {value}.")


_USUAL = ("accuracy", "balanced_accuracy", "f1_macro", "f1_weighted", "neg_log_loss", "roc_auc_ovr")


def log_loss(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Mean negative logarithm of the probability of the right class."""
    right = probabilities[np.arange(len(labels)), labels]
    return float(-np.mean(np.log(np.maximum(right, 1e-7))))
