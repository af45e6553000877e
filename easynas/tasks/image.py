"""`ImageClassifier`: from labelled images to a network."""

from typing import Any

import numpy as np
from sklearn.base import ClassifierMixin

from easynas.data.images import ImageData, check_images, ingest_images
from easynas.tasks.base import Estimator
from easynas.train.scoring import Scoring, log_loss


class ImageClassifier(ClassifierMixin, Estimator):  # type: ignore[misc]
    """Classifies images `(n, height, width)` or `(n, height, width, channels)` of any numeric type and range.

    Labels may be integers, texts or booleans, in arrays, lists or pandas, and come back in their dtype. See `Estimator`
    for all settings.
    """

    def predict_proba(self, x: Any) -> np.ndarray:
        """Probabilities `(n, classes)` of raw images, columns in the order of `classes_`."""
        return self.bundle_.probabilities(self._check(x))

    def predict(self, x: Any) -> np.ndarray:
        """The most probable label of every raw image, `(n,)`, in the dtype of the labels of `fit`."""
        return self.bundle_.labels(self.predict_proba(x))

    def score(self, x: Any, y: Any, sample_weight: Any = None) -> float:
        """The metric that was searched for, on other images; larger is better."""
        probabilities, labels = self.predict_proba(x), self.bundle_.target.encode(y)
        weights = None if sample_weight is None else np.asarray(sample_weight)
        return Scoring(self.metric or "accuracy").score(probabilities, labels, weights=weights)

    def evaluate(self, x: Any, y: Any) -> dict[str, float]:
        """Several metrics at once: the one that was searched for, accuracy, balanced accuracy, macro F1, log loss."""
        probabilities, labels = self.predict_proba(x), self.bundle_.target.encode(y)
        names = dict.fromkeys([self.metric or "accuracy", "accuracy", "balanced_accuracy", "f1_macro"])
        scores = {name: Scoring(name).score(probabilities, labels) for name in names}
        return {**scores, "log_loss": log_loss(probabilities, labels)}

    def _ingest(self, x: Any, y: Any, sample_weight: Any) -> ImageData:
        return ingest_images(x, y, sample_weight=sample_weight)

    def _check(self, x: Any) -> np.ndarray:
        return check_images(x, self.bundle_.schema)
