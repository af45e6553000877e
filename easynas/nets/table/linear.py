"""`Linear`: a sum of one curve a number and one value a category, the network of the first seconds.

A linear layer on piecewise linear encodings (Gorishniy et al. 2022) is a generalised additive model: it trains in a
second, and little is better on very small tables.
"""

from dataclasses import dataclass
from typing import Any

import keras_tuner
from keras import layers

from easynas.data.statistics import TableStatistics
from easynas.nets.block import Block
from easynas.nets.head import answers
from easynas.nets.table.features import features
from easynas.nets.table.front import joined
from easynas.nets.table.numbers import places
from easynas.schema import Answer


@dataclass(frozen=True)
class Linear(Block):
    """A table to answers without a hidden layer.

    Attributes:
        answer: what to answer.
        statistics: of the training samples.
    """

    answer: Answer
    statistics: TableStatistics
    name: str = "linear"

    def declare(self, hp: keras_tuner.HyperParameters) -> None:
        hp.Boolean(f"{self.name}/curves", default=True)
        hp.Choice(f"{self.name}/dropout", [0.0, 0.2], default=0.0)

    def build(self, hp: keras_tuner.HyperParameters, x: Any) -> Any:
        """Takes encoded arrays, returns answers `(batch, outputs)`."""
        parts = [features(x, self.statistics)]
        if hp.get(f"{self.name}/curves") and self.statistics.numbers is not None:
            parts.append(layers.Flatten()(places(x["numbers"], self.statistics.numbers)))
        return answers(layers.Dropout(hp.get(f"{self.name}/dropout"))(joined(parts)), self.answer)
