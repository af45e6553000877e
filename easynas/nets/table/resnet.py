"""`ResNet` for tables: dense layers around which the features flow.

Gorishniy et al. 2021, "Revisiting deep learning models for tabular data", section 3.2.
"""

from dataclasses import dataclass
from typing import Any

import keras_tuner
from keras import layers

from easynas.data.statistics import TableStatistics
from easynas.nets.block import Block
from easynas.nets.head import answers
from easynas.nets.layers import norm_act
from easynas.nets.table.features import features
from easynas.nets.table.numbers import EMBEDDINGS
from easynas.schema import Answer


@dataclass(frozen=True)
class ResNet(Block):
    """Residual blocks of batch normalization, a wider dense layer and a narrow one.

    Attributes:
        answer: what to answer.
        statistics: of the training samples.
    """

    answer: Answer
    statistics: TableStatistics
    name: str = "resnet"

    def declare(self, hp: keras_tuner.HyperParameters) -> None:
        hp.Choice(f"{self.name}/width", [64, 128, 256], default=128)
        hp.Int(f"{self.name}/depth", 1, 4, default=2)
        hp.Choice(f"{self.name}/expansion", [1, 2, 4], default=2)
        hp.Choice(f"{self.name}/dropout", [0.0, 0.1, 0.25, 0.4], default=0.1)
        hp.Choice(f"{self.name}/embedding", list(EMBEDDINGS), default="bins")
        hp.Choice(f"{self.name}/embedded", [4, 8, 16], default=8)

    def build(self, hp: keras_tuner.HyperParameters, x: Any) -> Any:
        """Takes encoded arrays, returns answers `(batch, outputs)`."""
        width = hp.get(f"{self.name}/width")
        embedding, embedded = hp.get(f"{self.name}/embedding"), hp.get(f"{self.name}/embedded")
        x = layers.Dense(width)(features(x, self.statistics, embedding, embedded))
        for _ in range(hp.get(f"{self.name}/depth")):
            y = layers.Dense(width * hp.get(f"{self.name}/expansion"), activation="relu")(norm_act(x, None))
            y = layers.Dropout(hp.get(f"{self.name}/dropout"))(y)
            x = layers.Add()([x, layers.Dense(width)(y)])
        return answers(norm_act(x), self.answer)
