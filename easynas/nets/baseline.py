"""The network of the first seconds: so small that it is traced and trained before a search could begin."""

from dataclasses import dataclass
from typing import Any

import keras_tuner
from keras import layers

from easynas.nets.block import Block
from easynas.nets.head import answers
from easynas.nets.layers import normalize
from easynas.schema import Answer

_SIDE = 14  # pixels that the convolutions see at most


@dataclass(frozen=True)
class Baseline(Block):
    """Two small strided convolutions and a dense layer, without any choice.

    Attributes:
        answer: what to answer.
        mean: mean of every channel in raw units.
        variance: variance of every channel in raw units squared.
    """

    answer: Answer
    mean: tuple[float, ...]
    variance: tuple[float, ...]
    name: str = "baseline"

    def declare(self, hp: keras_tuner.HyperParameters) -> None:
        """Declares nothing."""

    def build(self, hp: keras_tuner.HyperParameters, x: Any) -> Any:
        x = normalize(x, self.mean, self.variance)
        pool = -(-min(x.shape[1:3]) // _SIDE)
        if pool > 1:
            x = layers.AveragePooling2D(pool, padding="same")(x)
        x = layers.Conv2D(16, 3, strides=2, padding="same", activation="relu")(x)
        x = layers.Conv2D(32, 3, strides=2, padding="same", activation="relu")(x)
        return answers(layers.Flatten()(x), self.answer)
