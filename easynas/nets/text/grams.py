"""The pieces that networks on n-grams share."""

from typing import Any

import numpy as np
from keras import initializers, layers, ops

_TINY = 1e-6


def weigh(ids: Any, idf: np.ndarray, *, dropout: float) -> Any:
    """How much each n-gram counts, `(batch, grams)`: its inverse document frequency, in rows of length 1.

    Args:
        ids: int32 `(batch, grams)`, zeros where there is nothing.
        idf: of every id, zero for id 0, float32 `(vocabulary,)`; kept as a weight that is not trained.
        dropout: share of the n-grams that a training step leaves out.
    """
    values = frozen(ids, idf[:, None], name="idf")[:, :, 0]
    # Present even at rate 0, so that networks of different rates are the same layers.
    values = layers.Dropout(dropout, dtype="float32")(values)
    length = ops.sqrt(ops.add(ops.sum(ops.square(values), axis=1, keepdims=True), _TINY))
    return ops.divide(values, length)


def frozen(ids: Any, rows: np.ndarray, *, name: str) -> Any:
    """The row of a constant table for every id: `(batch, grams)` becomes `(batch, grams, rows.shape[1])`.

    The table is a weight, so that it is stored with them and not in the network's description.
    """
    table = layers.Embedding(*rows.shape, trainable=False, embeddings_initializer="zeros", dtype="float32", name=name)
    found = table(ids)
    table.set_weights([rows])
    return found


def add_up(weights: Any, rows: Any) -> Any:
    """The weighted sum of rows: `(batch, grams)` and `(batch, grams, width)` become `(batch, width)`."""
    return ops.squeeze(ops.matmul(ops.expand_dims(weights, 1), rows), axis=1)


def embedding(ids: Any, vocabulary: int, width: int, *, scale: float, name: str) -> Any:
    """A trained vector for every id, `(batch, grams, width)`, drawn with the standard deviation `scale`."""
    initializer = initializers.RandomNormal(stddev=scale) if scale > 0 else "zeros"
    return layers.Embedding(vocabulary, width, embeddings_initializer=initializer, dtype="float32", name=name)(ids)
