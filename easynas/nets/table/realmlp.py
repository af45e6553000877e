"""`RealMLP`: a multilayer perceptron with good defaults for tables (Holzmüller, Grinsztajn & Steinwart 2024).

A learned scale for every feature, dense layers in the neural tangent parametrisation, activations between a line and
a curve, and embeddings of numbers. The paper gives weights learning rates of their own; here every weight is
multiplied by a constant instead, which is the same for Adam: a weight of `1 / c` that counts `c` times moves `c` times
as fast. So one learning rate, the usual one for AdamW, is right for all. Not taken over: dropout and weight decay that
fall with time, and the data-dependent start of biases.
"""

import math
from dataclasses import dataclass
from typing import Any

import keras
import keras_tuner
from keras import layers, ops

from easynas.data.statistics import TableStatistics
from easynas.nets.block import Block
from easynas.nets.head import activate
from easynas.nets.table.features import features
from easynas.nets.table.numbers import EMBEDDINGS
from easynas.schema import Answer

_SCALE_SPEED = 60.0  # of the scales of features: 6 times that of weights
_BIAS_SPEED = 1.0
_CURVE_SPEED = 1.0


@dataclass(frozen=True)
class RealMLP(Block):
    """Scaled features and dense layers with learned curvature.

    Attributes:
        answer: what to answer.
        statistics: of the training samples.
    """

    answer: Answer
    statistics: TableStatistics
    name: str = "realmlp"

    def declare(self, hp: keras_tuner.HyperParameters) -> None:
        hp.Choice(f"{self.name}/width", [64, 128, 256], default=256)
        hp.Int(f"{self.name}/depth", 1, 4, default=3)
        hp.Choice(f"{self.name}/dropout", [0.0, 0.15, 0.3], default=0.15)
        hp.Choice(f"{self.name}/activation", ["selu", "mish", "relu"], default="selu")
        hp.Choice(f"{self.name}/embedding", list(EMBEDDINGS), default="bins")
        hp.Choice(f"{self.name}/embedded", [4, 8], default=4)
        hp.Choice(f"{self.name}/speed", [5.0, 10.0, 25.0], default=10.0)

    def build(self, hp: keras_tuner.HyperParameters, x: Any) -> Any:
        """Takes encoded arrays, returns answers `(batch, outputs)`."""
        speed = hp.get(f"{self.name}/speed")
        embedding, embedded = hp.get(f"{self.name}/embedding"), hp.get(f"{self.name}/embedded")
        x = _scaled(features(x, self.statistics, embedding, embedded))
        for _ in range(hp.get(f"{self.name}/depth")):
            x = _dense(x, hp.get(f"{self.name}/width"), speed)
            x = _curved(x, hp.get(f"{self.name}/activation"))
            x = layers.Dropout(hp.get(f"{self.name}/dropout"))(x)
        return activate(_dense(x, self.answer.outputs, speed, start=0.0, name="logits"), self.answer)


def _scaled(x: Any) -> Any:
    return _times(x * _SCALE_SPEED, 1.0 / _SCALE_SPEED)


def _dense(x: Any, width: int, speed: float, *, start: float = 1.0, name: str | None = None) -> Any:
    """Weights of variance 1 over the number of inputs at the `start` of 1, none at 0."""
    kernel = keras.initializers.RandomNormal(stddev=start / speed) if start else "zeros"
    bias = keras.initializers.RandomNormal(stddev=start * _BIAS_SPEED) if start else "zeros"
    x = x * (speed / math.sqrt(x.shape[-1]))
    return layers.Dense(width, kernel_initializer=kernel, bias_initializer=bias, name=name)(x)


def _curved(x: Any, activation: str) -> Any:
    """`x + a * (activation(x) - x)`, `a` learned for every unit and 1 at first."""
    return x + _times((layers.Activation(activation)(x) - x) * _CURVE_SPEED, 1.0 / _CURVE_SPEED)


def _times(x: Any, start: float) -> Any:
    """Every unit times a learned weight."""
    return layers.EinsumDense(
        "bf,f->bf", output_shape=(x.shape[-1],), kernel_initializer=keras.initializers.Constant(start)
    )(ops.convert_to_tensor(x))
