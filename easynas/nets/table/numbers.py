"""Embeddings of numbers: several features for each, so that a network need not bend a line by itself.

- "none": the number.
- "periodic": the number and a small dense layer on cosines of learned frequencies, each number with its own weights
  (PBLD of Holzmüller et al. 2024, after Gorishniy, Rubachev & Babenko 2022, "On embeddings for numerical features").
- "bins": the number and a small dense layer on its place among quantiles (piecewise linear encoding of the same paper).
"""

import math
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from easynas.data.statistics import NumberStatistics
from easynas.nets.table.front import clean

EMBEDDINGS = ("none", "periodic", "bins")

_FREQUENCIES = 16
_SPREAD = 0.1
"""Standard deviation of the frequencies, in turns for a number as large as the range between quartiles."""


def embedded(numbers: Any, statistics: NumberStatistics, embedding: str, width: int) -> Any:
    """Features `(batch, F, width)` of encoded numbers `(batch, F)`.

    Args:
        numbers: float32, NaN where missing.
        statistics: of the training samples.
        embedding: one of `EMBEDDINGS`.
        width: features of a number, at least 2; "none" gives one whatever it says.
    """
    cleaned = clean(numbers, statistics)
    column = layers.Reshape((-1, 1))(cleaned)
    match embedding:
        case "none":
            return column
        case "periodic":
            more = dense_each(_waves(cleaned), width - 1)
        case _:
            more = layers.Activation("relu")(dense_each(places(numbers, statistics), width - 1))
    return layers.Concatenate()([column, more])


def places(numbers: Any, statistics: NumberStatistics) -> Any:
    """How much of every bin lies below a number, `(batch, F, bins)` in [0, 1]; a missing number is the median."""
    bins = max(len(edges) for edges in statistics.edges) - 1
    low = np.zeros((len(statistics.edges), max(bins, 1)), np.float32)
    rate = np.zeros_like(low)  # bins that a column does not have are always empty
    for column, edges in enumerate(statistics.edges):
        low[column, : len(edges) - 1] = edges[:-1]
        rate[column, : len(edges) - 1] = 1.0 / np.maximum(np.diff(edges), 1e-6)
    present = ops.where(ops.equal(numbers, numbers), numbers, np.array(statistics.median, np.float32))
    # Far numbers would overflow in narrow bins.
    distance = ops.clip(ops.expand_dims(present, -1) - low, -1e6, 1e6)
    return ops.clip(distance * rate, 0.0, 1.0)


def dense_each(x: Any, width: int) -> Any:
    """A dense layer of its own for every one of F things: `(batch, F, k)` to `(batch, F, width)`."""
    bound = 1.0 / math.sqrt(x.shape[-1])
    return layers.EinsumDense(
        "bfk,fkd->bfd",
        output_shape=(x.shape[1], width),
        bias_axes="fd",
        kernel_initializer=keras.initializers.RandomUniform(-bound, bound),
        bias_initializer=keras.initializers.RandomUniform(-bound, bound),
    )(x)


def _waves(cleaned: Any) -> Any:
    turns = layers.EinsumDense(
        "bf,fk->bfk",
        output_shape=(cleaned.shape[1], _FREQUENCIES),
        bias_axes="fk",
        kernel_initializer=keras.initializers.RandomNormal(stddev=2 * math.pi * _SPREAD),
        bias_initializer=keras.initializers.RandomUniform(-math.pi, math.pi),
    )(cleaned)
    return ops.cos(turns)
