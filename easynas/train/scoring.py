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

    def check(self, labels: np.ndarray, classes: int) -> None:
        """Tries the metric on invented probabilities for the held-out `labels` `(n,)`, integers below `classes`.

        Raises:
            InputError: there is no such metric, it is none for classes, or not for these labels.
        """
        if self.metric not in get_scorer_names():
            raise InputError(
                f"`metric` must be the name of a scikit-learn scorer for classes, such as {sorted(_USUAL)}. "
                f"Received: {self.metric!r}."
            )
        rng = np.random.default_rng(0)
        probabilities = rng.dirichlet(np.ones(classes), size=len(labels))
        renumbered = np.roll(np.arange(classes), 1)
        try:
            value = self.score(probabilities, labels)
            other = self.score(probabilities[:, np.argsort(renumbered)], renumbered[labels])
        except (ValueError, TypeError, AttributeError) as error:
            absent = classes - len(np.unique(labels))
            raise InputError(
                f"`metric` must be computable for the {len(labels)} held-out samples of {classes} classes"
                f"{f', {absent} of which have none there' if absent else ''}. Received: {self.metric!r}, which says: "
                f"{str(error).splitlines()[0]} Try one of {sorted(_USUAL)}."
            ) from error
        if not math.isfinite(value):
            raise InputError(f"`metric` must give a number for {classes} classes. {self.metric!r} gave {value}.")
        # With two classes some metrics for classes care which one is the second, and those for numbers do no harm.
        if classes > 2 and not math.isclose(value, other, rel_tol=1e-6, abs_tol=1e-9):
            raise InputError(
                f"`metric` must not depend on the order of the classes. Received: {self.metric!r}, which compares "
                f"numbers. Try one of {sorted(_USUAL)}."
            )


_USUAL = ("accuracy", "balanced_accuracy", "f1_macro", "f1_weighted", "neg_log_loss", "roc_auc_ovr")


def log_loss(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Mean negative logarithm of the probability of the right class."""
    right = probabilities[np.arange(len(labels)), labels]
    return float(-np.mean(np.log(np.maximum(right, 1e-7))))
