"""`TabM`: many multilayer perceptrons in one (Gorishniy, Kotelnikov & Babenko 2025, "TabM", the variant TabM-mini).

All members share their hidden layers, as in BatchEnsemble (Wen, Tran & Ba 2020). They differ by weights that multiply
their inputs and by their last layers. Each must learn to answer alone, so the loss is the mean of the members'
losses, see `head.apart`; the answer is the mean of their answers.
"""

import math
from dataclasses import dataclass
from typing import Any

import keras
import keras_tuner
from keras import layers

from easynas.data.statistics import TableStatistics
from easynas.nets.block import Block
from easynas.nets.head import activate
from easynas.nets.table.features import features
from easynas.nets.table.numbers import EMBEDDINGS
from easynas.schema import Answer


@dataclass(frozen=True)
class TabM(Block):
    """An ensemble of perceptrons that share most weights.

    Attributes:
        answer: what to answer.
        statistics: of the training samples.
    """

    answer: Answer
    statistics: TableStatistics
    name: str = "tabm"

    def declare(self, hp: keras_tuner.HyperParameters) -> None:
        hp.Choice(f"{self.name}/width", [32, 64, 128, 256], default=128)
        hp.Int(f"{self.name}/depth", 1, 3, default=2)
        hp.Choice(f"{self.name}/members", [4, 8, 16, 32], default=8)
        hp.Choice(f"{self.name}/dropout", [0.0, 0.1, 0.2], default=0.1)
        hp.Choice(f"{self.name}/embedding", list(EMBEDDINGS), default="bins")
        hp.Choice(f"{self.name}/embedded", [4, 8, 16], default=8)

    def build(self, hp: keras_tuner.HyperParameters, x: Any) -> Any:
        """Takes encoded arrays, returns answers `(batch, outputs)`."""
        count = hp.get(f"{self.name}/members")
        embedding, embedded = hp.get(f"{self.name}/embedding"), hp.get(f"{self.name}/embedded")
        x = _members(features(x, self.statistics, embedding, embedded), count)
        for _ in range(hp.get(f"{self.name}/depth")):
            x = layers.Dense(hp.get(f"{self.name}/width"), activation="relu", kernel_initializer="he_normal")(x)
            x = layers.Dropout(hp.get(f"{self.name}/dropout"))(x)
        logits = _last(x, self.answer.outputs)
        return layers.GlobalAveragePooling1D(name="mean")(activate(logits, self.answer))


def _last(x: Any, outputs: int) -> Any:
    """The last layer of every member, `(batch, members, outputs)`; TFLite has no such product with a single output."""
    count, width = x.shape[1:]
    initializer = keras.initializers.RandomUniform(-1.0 / math.sqrt(width), 1.0 / math.sqrt(width))
    if outputs == 1:
        each = layers.EinsumDense(
            "bkf,kf->bk", output_shape=(count,), bias_axes="k", kernel_initializer=initializer, name="logits"
        )(x)
        return layers.Reshape((count, 1))(each)
    return layers.EinsumDense(
        "bkf,kfo->bko", output_shape=(count, outputs), bias_axes="ko", kernel_initializer=initializer, name="logits"
    )(x)


def _members(x: Any, count: int) -> Any:
    """`(batch, F)` as the members see it, `(batch, members, F)`."""
    return layers.EinsumDense(
        "bf,kf->bkf", output_shape=(count, x.shape[-1]), kernel_initializer=keras.initializers.RandomNormal(stddev=1.0)
    )(x)
