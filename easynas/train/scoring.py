"""Scores of what networks answer, by the names of scikit-learn's scorers; larger is better."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.metrics import get_scorer, get_scorer_names

from easynas.errors import InputError
from easynas.schema import SMALLEST, Answer
from easynas.train.thresholds import GRID, Decision, class_thresholds, label_thresholds, middle_of_best

DEFAULTS = {"classes": "accuracy", "labels": "f1_macro", "numbers": "r2"}
"""The metric of each kind of answer, unless the user names another."""

_USUAL = {
    "classes": ("accuracy", "balanced_accuracy", "f1_macro", "f1_weighted", "neg_log_loss", "roc_auc_ovr"),
    "labels": ("accuracy", "average_precision", "f1_macro", "f1_micro", "f1_samples", "roc_auc"),
    "numbers": ("neg_mean_absolute_error", "neg_median_absolute_error", "neg_root_mean_squared_error", "r2"),
}
_BALANCED = ("balanced", "f1", "jaccard", "macro", "matthews", "recall")
"""Words in the names of metrics in which rare classes count more than their share."""

_DECIDED = ("balanced_accuracy", "f1", "jaccard", "matthews", "recall_macro")
"""How the names of metrics begin for which another class than the most probable one may be the better decision."""

_RESAMPLES = 40

Thresholds = float | Sequence[float]
"""Probability from which labels are given or classes decided for: one for all, or one for each; see `thresholds`."""


class _Classifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Probabilities that were computed already, as the classifier that a scorer asks for."""

    def __init__(self, probabilities: np.ndarray, threshold: Thresholds) -> None:
        self.probabilities = probabilities
        self.threshold = threshold
        self.classes_ = np.arange(probabilities.shape[1])

    def predict_proba(self, _: object) -> np.ndarray:
        return self.probabilities

    def predict(self, _: object) -> np.ndarray:
        return np.asarray((self.probabilities / np.asarray(self.threshold)).argmax(axis=1))


class _Labeller(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """The same for any number of labels a sample."""

    def __init__(self, probabilities: np.ndarray, threshold: Thresholds) -> None:
        self.probabilities = probabilities
        self.threshold = threshold
        self.classes_ = [np.arange(2)] * probabilities.shape[1]

    def predict_proba(self, _: object) -> np.ndarray:
        return self.probabilities

    def predict(self, _: object) -> np.ndarray:
        return (self.probabilities >= np.asarray(self.threshold)).astype(np.int32)


class _Regressor(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """Numbers that were computed already, as the regressor that a scorer asks for."""

    def __init__(self, numbers: np.ndarray) -> None:
        self.numbers = numbers

    def predict(self, _: object) -> np.ndarray:
        return self.numbers


@dataclass(frozen=True)
class Scoring:
    """A metric.

    Attributes:
        metric: name of a scikit-learn scorer, for instance "accuracy", "roc_auc_ovr" or "r2".
        answer: what networks answer.
    """

    metric: str
    answer: Answer

    @classmethod
    def of(cls, metric: str | None, answer: Answer) -> "Scoring":
        """The metric of that name; None: the usual one for such answers."""
        return cls(metric or DEFAULTS[answer.kind], answer)

    def score(
        self,
        answers: np.ndarray,
        y: np.ndarray,
        *,
        weights: np.ndarray | None = None,
        thresholds: Sequence[float] | None = None,
    ) -> float:
        """How good answers are.

        Args:
            answers: of networks, `(n, outputs)`.
            y: class numbers `(n,)`, or what each output should be, `(n, outputs)`.
            weights: how much each sample counts, `(n,)`; None: all the same.
            thresholds: of every class or label, see `thresholds`; None: the most probable class; for labels the same
                for all, and the one that makes this score best, so it is an estimate of what is possible.

        Returns:
            The score; NaN where an answer is no number, or none that float32 has.
        """
        if not np.isfinite(answers).all():
            return math.nan
        return self._score(answers, y, weights, self._threshold(answers, y) if thresholds is None else thresholds)

    @property
    def is_balanced(self) -> bool:
        """Whether rare classes count more in the metric than their share of the samples."""
        return self.answer.kind == "classes" and any(word in self.metric for word in _BALANCED)

    def decision(self, probabilities: np.ndarray, y: np.ndarray) -> Decision:
        """The thresholds of classes or labels that make the metric best, and what they score.

        Classes have some only where the metric asks for other decisions than the most probable class.

        Args:
            probabilities: of held-out samples, `(n, outputs)`.
            y: class numbers `(n,)`, or 0 and 1 `(n, labels)`.
        """
        if self.answer.kind == "labels":
            common = self._threshold(probabilities, y)
            thresholds = label_thresholds(probabilities, y, common)
            return Decision(thresholds, self._score(probabilities, y, None, common))
        if self.answer.kind == "classes" and self.metric.startswith(_DECIDED) and self.is_scorable(y):
            return class_thresholds(probabilities, y, lambda some, wanted: self._score(some, wanted, None, 1.0))
        return Decision((), self.score(probabilities, y))

    def _threshold(self, probabilities: np.ndarray, y: np.ndarray) -> float:
        """The same threshold for all labels with which the metric is best; 1 where there are no labels."""
        if self.answer.kind != "labels":
            return 1.0
        scores = [self._scored(_Labeller(probabilities, each), y.astype(np.int32), None) for each in GRID]
        return float(GRID[middle_of_best(scores)])

    def standard_error(self, score: float, answers: np.ndarray, y: np.ndarray) -> float:
        """Standard error of a score: binomial for shares of samples, of a few resamples for anything else."""
        count = len(y)
        if self.metric == "accuracy" and self.answer.kind == "classes":
            return math.sqrt(max(score * (1.0 - score), 1.0 / count) / count)
        finite = np.asarray([each for each in self._resampled(answers, y) if math.isfinite(each)])
        return float(finite.std(ddof=1)) if len(finite) > 1 else 0.5 / math.sqrt(count)

    def lead(self, answers: np.ndarray, others: np.ndarray, y: np.ndarray) -> tuple[float, float]:
        """How much higher answers score than others for the same samples, and the standard error of that difference.

        Samples that are hard for both say nothing of it, so the error is smaller than that of two scores that other
        samples measured: for shares of samples that of McNemar (1947), of a few resamples for anything else.
        """
        count = len(y)
        if self.metric == "accuracy" and self.answer.kind == "classes":
            each = (answers.argmax(axis=1) == y).astype(float) - (others.argmax(axis=1) == y)
            return float(each.mean()), float(each.std() / math.sqrt(count))
        ahead = self.score(answers, y) - self.score(others, y)
        resampled = list(zip(self._resampled(answers, y), self._resampled(others, y), strict=True))
        differences = np.asarray([one - other for one, other in resampled if math.isfinite(one - other)])
        return ahead, float(differences.std(ddof=1)) if len(differences) > 1 else 0.5 / math.sqrt(count)

    def check(self, y: np.ndarray) -> None:
        """Tries the metric on invented answers for the held-out targets.

        Raises:
            InputError: there is no such metric, it is none for such answers, or not for these targets.
        """
        usual = sorted(_USUAL[self.answer.kind])
        if self.metric not in get_scorer_names():
            raise InputError(
                f"`metric` must be the name of a scikit-learn scorer for {self.answer.kind}, such as {usual}. "
                f"Received: {self.metric!r}."
            )
        invented = _invented(self.answer, len(y))
        try:
            value = self.score(invented, y)
            other = self._renumbered(invented, y)
        except (ValueError, TypeError, AttributeError) as error:
            raise InputError(
                f"`metric` must be computable for the {len(y)} held-out samples of {self._described(y)}. "
                f"Received: {self.metric!r}, which says: {str(error).splitlines()[0]} Try one of {usual}."
            ) from error
        if not math.isfinite(value):
            raise InputError(f"`metric` must give a number for {self._described(y)}. {self.metric!r} gave {value}.")
        if not math.isclose(value, other, rel_tol=1e-6, abs_tol=1e-9):
            raise InputError(
                f"`metric` must not depend on the order of the classes. Received: {self.metric!r}, which compares "
                f"numbers. Try one of {usual}."
            )

    def _resampled(self, answers: np.ndarray, y: np.ndarray) -> Iterator[float]:
        """Scores of resamples, which are the same for all answers."""
        rng, count, threshold = np.random.default_rng(0), len(y), self._threshold(answers, y)
        for _ in range(_RESAMPLES):
            chosen = rng.integers(count, size=count)
            if self.is_scorable(y[chosen]):
                yield self._score(answers[chosen], y[chosen], None, threshold)

    def _score(self, answers: np.ndarray, y: np.ndarray, weights: np.ndarray | None, threshold: Thresholds) -> float:
        if self.metric == "accuracy" and self.answer.kind == "classes":
            decided = (answers / np.asarray(threshold)).argmax(axis=1)
            return float(np.average(decided == y, weights=weights))
        match self.answer.kind:
            case "classes":
                return self._scored(_Classifier(answers, threshold), y, weights)
            case "labels":
                return self._scored(_Labeller(answers, threshold), y.astype(np.int32), weights)
            case "numbers":
                return self._scored(_Regressor(self._in_units(answers)), self._in_units(y), weights)

    def _scored(self, predicted: BaseEstimator, y: np.ndarray, weights: np.ndarray | None) -> float:
        weighted = {} if weights is None else {"sample_weight": weights}
        # The scorer asks for features only to hand them to the predictor, which has its answers already.
        return float(get_scorer(self.metric)(predicted, np.zeros((len(y), 1)), y, **weighted))

    def _in_units(self, standardised: np.ndarray) -> np.ndarray:
        numbers = standardised.astype(np.float64) * self.answer.scale + self.answer.mean
        return np.asarray(numbers[:, 0] if self.answer.outputs == 1 else numbers)

    def _renumbered(self, answers: np.ndarray, y: np.ndarray) -> float:
        """The score if the classes had other numbers.

        With two classes some metrics for classes care which one is the second, and those for numbers do no harm.
        """
        if self.answer.kind != "classes" or self.answer.outputs == 2:
            return self.score(answers, y)
        renumbered = np.roll(np.arange(self.answer.outputs), 1)
        return self.score(answers[:, np.argsort(renumbered)], renumbered[y])

    def is_scorable(self, y: np.ndarray) -> bool:
        """Whether every class of a resample is there, which areas under curves need."""
        return self.answer.kind != "classes" or len(np.unique(y)) == self.answer.outputs

    def _described(self, y: np.ndarray) -> str:
        if self.answer.kind != "classes":
            return f"{self.answer.outputs} {self.answer.kind}"
        absent = self.answer.outputs - len(np.unique(y))
        return f"{self.answer.outputs} classes{f', {absent} of which have none there' if absent else ''}"


def _invented(answer: Answer, count: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    match answer.kind:
        case "classes":
            return rng.dirichlet(np.ones(answer.outputs), size=count)
        case "labels":
            return rng.random((count, answer.outputs))
        case "numbers":
            return rng.normal(size=(count, answer.outputs))


def loss(answers: np.ndarray, y: np.ndarray, answer: Answer) -> float:
    """What decides between equal scores: log loss of probabilities, mean squared error of standardised numbers."""
    return float(losses(answers, y, answer).mean())


def losses(answers: np.ndarray, y: np.ndarray, answer: Answer) -> np.ndarray:
    """The loss of every sample `(n,)`, see `loss`; of labels and numbers the mean of the outputs."""
    match answer.kind:
        case "classes":
            right = answers[np.arange(len(y)), y]
            return np.asarray(-np.log(np.maximum(right, SMALLEST)))
        case "labels":
            certain = np.clip(answers, SMALLEST, 1 - SMALLEST)
            return np.asarray(-np.where(y > 0, np.log(certain), np.log1p(-certain)).mean(axis=1))
        case "numbers":
            return np.asarray(((answers - y) ** 2).mean(axis=1))
