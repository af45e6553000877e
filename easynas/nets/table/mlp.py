"""`MLP`: dense layers on the features of a table."""

from dataclasses import dataclass
from typing import Any

import keras_tuner
from keras import layers

from easynas.data.statistics import TableStatistics
from easynas.nets.block import Block
from easynas.nets.head import answers
from easynas.nets.table.features import features
from easynas.nets.table.numbers import EMBEDDINGS
from easynas.schema import Answer


@dataclass(frozen=True)
class MLP(Block):
    """Dense layers of one width, each with dropout, on embedded numbers and categories.

    Attributes:
        answer: what to answer.
        statistics: of the training samples.
    """

    answer: Answer
    statistics: TableStatistics
    name: str = "mlp"

    def declare(self, hp: keras_tuner.HyperParameters) -> None:
        hp.Choice(f"{self.name}/width", [32, 64, 128, 256, 512], default=128)
        hp.Int(f"{self.name}/depth", 1, 4, default=2)
        hp.Choice(f"{self.name}/dropout", [0.0, 0.1, 0.2, 0.4], default=0.1)
        hp.Choice(f"{self.name}/activation", ["relu", "selu", "silu"], default="relu")
        hp.Choice(f"{self.name}/embedding", list(EMBEDDINGS), default="bins")
        hp.Choice(f"{self.name}/embedded", [4, 8, 16], default=8)

    def build(self, hp: keras_tuner.HyperParameters, x: Any) -> Any:
        """Takes encoded arrays, returns answers `(batch, outputs)`."""
        embedding, embedded = hp.get(f"{self.name}/embedding"), hp.get(f"{self.name}/embedded")
        x = features(x, self.statistics, embedding, embedded)
        for _ in range(hp.get(f"{self.name}/depth")):
            x = layers.Dense(hp.get(f"{self.name}/width"), kernel_initializer="he_normal")(x)
            x = layers.Activation(hp.get(f"{self.name}/activation"))(x)
            x = layers.Dropout(hp.get(f"{self.name}/dropout"))(x)
        return answers(x, self.answer)
