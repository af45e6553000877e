"""Learns the topics of texts: which n-grams go together, whatever is to be predicted.

Truncated singular value decomposition of inverse document frequencies (latent semantic analysis, Deerwester et al.
1990) by random projections (Halko, Martinsson & Tropp 2011). Networks that see n-grams beside the other columns of a
table learn by heart who is meant, which topics are too coarse for.
"""

from collections.abc import Sequence

import numpy as np
from scipy import sparse
from sklearn.utils.extmath import randomized_svd

from easynas.data.vocabulary import Limits, learn
from easynas.runtime.tokenizer import FIRST_GRAM
from easynas.runtime.topics import LARGEST, Topics

_MOST, _ROWS_EACH = 32, 48  # topics, and rows that one more of them takes
_LIMITS = Limits(
    length=2000,
    words=1,  # their order does not count here
    grams=512,
    word_vocabulary=1,
    word_gram_vocabulary=2**12,
    character_gram_vocabulary=2**12,
    learned=2 * 10**6,
)
_LEARNED = 20_000  # rows that the decomposition looks at
_WEIGHT = 20.0  # of an n-gram for each unit of its inverse document frequency, rounded


def learn_topics(texts: Sequence[str]) -> Topics | None:
    """The topics of texts, of which empty ones are missing; None where there are fewer than two.

    A topic more takes 48 texts more, and there are 32 at most.
    """
    known = [text for text in texts if text]
    tokenizer = learn(known, _LIMITS) if known else None
    if tokenizer is None or not len(tokenizer.gram_vocabulary):
        return None
    vocabulary = len(tokenizer.gram_vocabulary) + FIRST_GRAM
    grams = tokenizer.encode(texts[:: max(1, len(texts) // _LEARNED)])["grams"]
    documents = np.bincount(grams[grams > 0], minlength=vocabulary)
    weights = np.minimum(np.round(_WEIGHT * (np.log((1 + len(grams)) / (1 + documents)) + 1)), 255).astype(np.uint8)
    weights[0] = 0
    matrix = weighed(grams, weights)
    count = min(_MOST, len(grams) // _ROWS_EACH, int((grams > 0).any(axis=1).sum()) - 1, int((documents > 0).sum()) - 1)
    if count < 2:
        return None
    _, strength, components = randomized_svd(matrix, n_components=count, random_state=0)
    components = components[strength > 1e-6 * strength[0]]
    spread = (matrix @ components.T).std(axis=0)
    components, spread = components[spread > 0], spread[spread > 0]
    return Topics(tokenizer, *vectors(components.T / spread, weights))


def weighed(grams: np.ndarray, weights: np.ndarray) -> sparse.csr_matrix:
    """Texts as rows of length 1, `(n, vocabulary)`: the weights of their n-grams.

    Args:
        grams: ids, 0 for none, `(n, places)`.
        weights: of every id, `(vocabulary,)`.
    """
    rows, places = np.nonzero(grams)
    ids = grams[rows, places]
    matrix = sparse.csr_matrix((weights[ids].astype(np.float64), (rows, ids)), shape=(len(grams), len(weights)))
    length = np.sqrt(np.maximum(matrix.multiply(matrix).sum(axis=1), 1.0))
    return sparse.csr_matrix(matrix.multiply(1.0 / length))


def vectors(directions: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray, tuple[float, ...]]:
    """Vectors, weights and scale of `Topics` that multiply `weighed` texts by `directions` `(vocabulary, k)`."""
    weighted = directions * weights[:, None]
    unit = np.abs(weighted).max(axis=0) / LARGEST
    return np.round(weighted / unit).astype(np.int16), weights, tuple(unit.tolist())
