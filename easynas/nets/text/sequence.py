"""The pieces that networks on sequences of words share.

A sequence is `(batch, words, width)`, zero behind the last word; `there`, `(batch, words, 1)`, is 1 at words and 0
behind. Every piece keeps that, so how far a text was padded never changes an answer.
"""

from typing import Any

import numpy as np
from keras import initializers, layers, ops

WORD_SPREAD = 0.25
"""Standard deviation of a new word's vector: about that of trained ones, so that steps of usual length move it."""

_FAR = 1e4  # taken from the score of a place behind the last word; within the range of every float type


def embed(
    ids: Any, evidence: np.ndarray, width: int, *, informed: bool, word_dropout: float, dropout: float
) -> tuple[Any, Any]:
    """The sequence of the vectors of words, and where they are.

    Args:
        ids: of words, int32 `(batch, words)`, zeros behind.
        evidence: how far every word speaks for every output, float32 `(vocabulary, outputs)`.
        width: of a vector.
        informed: whether vectors start with the evidence; the alternative is at random.
        word_dropout: share of the words that a training step leaves out (Dai & Le 2015).
        dropout: share of the vectors' numbers that it leaves out.
    """
    random = initializers.RandomNormal(stddev=WORD_SPREAD)
    table = layers.Embedding(len(evidence), width, embeddings_initializer=random, name="vectors")
    x = table(ids)
    if informed:
        _inform(table, evidence, width)
    there = ops.cast(ops.expand_dims(ops.not_equal(ids, 0), -1), x.dtype)
    x = masked(x, there)
    # Present even at rate 0, so that networks of different rates are the same layers.
    x = layers.Dropout(word_dropout, noise_shape=(None, None, 1))(x)
    return layers.Dropout(dropout)(x), there


def _inform(table: Any, evidence: np.ndarray, width: int) -> None:
    """Puts the evidence into at most half of the numbers of every vector, after Li et al. (2016).

    There, "Weighted neural bag-of-n-grams model", it scales them. Here a short training begins where it would get to.
    """
    outputs, known = evidence.shape[1], min(evidence.shape[1], width // 2)
    # More outputs than there is room for are mixed, always in the same way.
    mix = np.random.default_rng(0).normal(size=(outputs, known)) / outputs**0.5 if outputs > known else np.eye(outputs)
    vectors = ops.convert_to_numpy(table.embeddings).copy()
    vectors[:, :known] = evidence @ mix
    table.set_weights([vectors])


def masked(x: Any, there: Any) -> Any:
    """The sequence with zeros behind the last word."""
    return ops.multiply(x, there)


def largest(x: Any, there: Any) -> Any:
    """The largest number at a word, in every channel, `(batch, width)`; 0 if no word has a positive one."""
    return layers.GlobalMaxPooling1D()(masked(ops.relu(x), there))


def attended(x: Any, there: Any, *, heads: int = 1) -> Any:
    """Means over words with learned weights (Lin et al. 2017, "Structured self-attentive sentence embedding").

    Returns:
        `(batch, heads * width)`; zeros for a text without words.
    """
    width = x.shape[-1]
    scores = layers.Dense(heads, dtype="float32")(layers.Dense(width, activation="tanh")(x))
    scores = ops.subtract(scores, ops.multiply(ops.subtract(1.0, ops.cast(there, "float32")), _FAR))
    weights = ops.cast(ops.softmax(scores, axis=1), x.dtype)
    means = ops.matmul(ops.transpose(weights, (0, 2, 1)), x)
    return layers.Reshape((heads * width,))(means)


def normalized(x: Any, there: Any) -> Any:
    """Layer normalization of every word (Ba et al. 2016); unlike that of a batch it does not see padding."""
    return masked(layers.LayerNormalization(epsilon=1e-5)(x), there)
