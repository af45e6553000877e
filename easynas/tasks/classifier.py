"""`Classifier`: what all estimators of classes have in common, whatever the data are."""

from typing import Any

import numpy as np
from sklearn.base import ClassifierMixin

from easynas.data.dataset import Target
from easynas.data.labels import LabelsTarget, is_multilabel
from easynas.data.target import ClassTarget
from easynas.tasks.base import Estimator
from easynas.train.scoring import Scoring, loss


class Classifier(ClassifierMixin, Estimator):  # type: ignore[misc]
    """An estimator of one of several classes, or of any of several labels.

    Attributes:
        classes_: labels `(classes,)` in their dtype, sorted.
    """

    def predict_proba(self, x: Any) -> np.ndarray:
        """Probabilities `(n, classes)` of raw samples, columns in the order of `classes_`."""
        return self._answers(x)

    def predict(self, x: Any) -> Any:
        """The label of every raw sample, `(n,)`, in the dtype of the labels of `fit`.

        It is the most probable one; where the metric asks for other decisions ("f1", "balanced_accuracy" and the like),
        the one whose probability is the largest multiple of its threshold, see `bundle_.target`. Where `fit` received
        any number of labels a sample, the same comes back in the same form.
        """
        return self.bundle_.predict(self._answers(x))

    def score(self, x: Any, y: Any = None, sample_weight: Any = None) -> float:
        """The metric that was searched for, on other samples; larger is better. A dataset as `x` gives `y` itself."""
        judged, target = self._judged(x, y, sample_weight), self.bundle_.target
        weights = None if judged.weights is None else np.asarray(judged.weights)
        metric = Scoring.of(self.metric, target.answer).metric
        return self._score(metric, judged.x, target.encode(judged.y), weights)

    def evaluate(self, x: Any, y: Any = None) -> dict[str, float]:
        """Several metrics at once: the one that was searched for, the usual ones, log loss."""
        judged, target = self._judged(x, y), self.bundle_.target
        answers, encoded = judged.x, target.encode(judged.y)
        searched = Scoring.of(self.metric, target.answer).metric
        names = dict.fromkeys([searched, *_METRICS[target.answer.kind]])
        scores = {name: self._score(name, answers, encoded) for name in names}
        return {**scores, "log_loss": loss(answers, encoded, target.answer)}

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags

    def _score(self, metric: str, answers: np.ndarray, y: np.ndarray, weights: np.ndarray | None = None) -> float:
        target = self.bundle_.target
        thresholds = target.thresholds if isinstance(target, ClassTarget | LabelsTarget) else ()
        return Scoring(metric, target.answer).score(answers, y, weights=weights, thresholds=thresholds or None)

    def _target(self, y: Any) -> Target:
        return LabelsTarget.learn(y) if is_multilabel(y) else ClassTarget.learn(y)


_METRICS = {
    "classes": ("accuracy", "balanced_accuracy", "f1_macro"),
    "labels": ("accuracy", "f1_macro", "f1_micro"),
}
