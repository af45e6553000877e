"""`Transformer`: attention between the columns of a table (FT-Transformer, Gorishniy et al. 2021, section 3.3).

Every number and every category is a token. What differs: tokens are averaged at the end, where the paper adds one to
read from, and numbers may have the embeddings of `numbers.py`.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import keras
import keras_tuner
import numpy as np
from keras import layers, ops

from easynas.data.statistics import TableStatistics
from easynas.nets.block import Block
from easynas.nets.head import answers
from easynas.nets.table.numbers import EMBEDDINGS, dense_each, embedded
from easynas.schema import Answer

_HEADS, _EMBEDDED = 4, 8


@dataclass(frozen=True)
class Transformer(Block):
    """Layers of attention and gated dense layers on one token a column, normalised before each.

    Attributes:
        answer: what to answer.
        statistics: of the training samples.
    """

    answer: Answer
    statistics: TableStatistics
    name: str = "ftt"

    def declare(self, hp: keras_tuner.HyperParameters) -> None:
        hp.Choice(f"{self.name}/width", [16, 32, 64], default=32)
        hp.Int(f"{self.name}/depth", 1, 3, default=2)
        hp.Choice(f"{self.name}/dropout", [0.0, 0.1, 0.2], default=0.1)
        hp.Choice(f"{self.name}/embedding", list(EMBEDDINGS), default="bins")

    def build(self, hp: keras_tuner.HyperParameters, x: Any) -> Any:
        """Takes encoded arrays, returns answers `(batch, outputs)`."""
        width, dropout = hp.get(f"{self.name}/width"), hp.get(f"{self.name}/dropout")
        x = self._tokens(x, hp.get(f"{self.name}/embedding"), width)
        for _ in range(hp.get(f"{self.name}/depth")):
            y = layers.LayerNormalization()(x)
            y = layers.MultiHeadAttention(_HEADS, width // _HEADS, dropout=dropout)(y, y)
            x = layers.Add()([x, y])
            y = layers.LayerNormalization()(x)
            y = layers.Multiply()([layers.Dense(width, activation="relu")(y), layers.Dense(width)(y)])
            x = layers.Add()([x, layers.Dense(width)(layers.Dropout(dropout)(y))])
        x = layers.Activation("relu")(layers.LayerNormalization()(layers.GlobalAveragePooling1D()(x)))
        return answers(x, self.answer)

    def _tokens(self, x: Mapping[str, Any], embedding: str, width: int) -> Any:
        """A token for every column, `(batch, columns, width)`."""
        tokens = []
        if self.statistics.numbers is not None:
            # That a number is missing is one more feature of its token.
            missing = ops.cast(ops.not_equal(x["numbers"], x["numbers"]), "float32")
            numbers = embedded(x["numbers"], self.statistics.numbers, embedding, _EMBEDDED)
            tokens.append(dense_each(layers.Concatenate()([numbers, ops.expand_dims(missing, -1)]), width))
        if self.statistics.sizes:
            # Subtracted: Keras adds a vector as a bias, and TFLite has no biases of integers.
            starts = -np.cumsum((0, *self.statistics.sizes[:-1])).astype(np.int32)
            bound = 1.0 / math.sqrt(width)
            start = keras.initializers.RandomUniform(-bound, bound)
            tokens.append(layers.Embedding(sum(self.statistics.sizes), width, start)(x["categories"] - starts))
        return tokens[0] if len(tokens) == 1 else layers.Concatenate(axis=1)(tokens)
