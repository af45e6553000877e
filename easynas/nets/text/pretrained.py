"""`Pretrained`: a small network on what a pretrained encoder says of texts.

A linear probe (Alain & Bengio 2016) or one hidden layer. There: features as they are. Here: features of mean 0 and
variance 1, for those of encoders differ by factors of hundreds, and a short training would see the largest alone.
"""

from dataclasses import dataclass
from typing import Any

import keras_tuner
from keras import layers

from easynas.nets.block import Block
from easynas.nets.head import answers
from easynas.nets.text.statistics import FeatureStatistics
from easynas.schema import Answer


@dataclass(frozen=True)
class Pretrained(Block):
    """Answers from features, perhaps through a hidden layer. The encoder itself is not trained.

    Attributes:
        answer: what to answer.
        statistics: of the features of the training samples.
    """

    answer: Answer
    statistics: FeatureStatistics
    name: str = "pretrained"

    def declare(self, hp: keras_tuner.HyperParameters) -> None:
        hp.Choice(f"{self.name}/hidden", [0, 64, 256], default=0)
        hp.Choice(f"{self.name}/dropout", [0.2, 0.35, 0.5], default=0.5)

    def build(self, hp: keras_tuner.HyperParameters, x: Any) -> Any:
        """Takes `"features"` of `x`, float32 `(batch, features)`, returns answers `(batch, outputs)`."""
        hidden, dropout = hp.get(f"{self.name}/hidden"), hp.get(f"{self.name}/dropout")
        x = _standardized(x["features"], self.statistics)
        x = layers.Dropout(dropout)(x)
        if hidden:
            x = layers.Dropout(dropout)(layers.Dense(hidden, activation="relu")(x))
        return answers(x, self.answer)


def _standardized(x: Any, statistics: FeatureStatistics) -> Any:
    # What is not trained is a weight all the same, so that it is stored with them.
    layer = layers.BatchNormalization(center=False, scale=False, trainable=False, dtype="float32")
    made = layer(x)
    layer.set_weights([statistics.mean, statistics.variance])
    return made
