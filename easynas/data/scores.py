"""Learns what texts in tables say of what is to be predicted: linear scores of their n-grams, beside their topics.

Ridge regression (Hoerl & Kennard 1970) on inverse document frequencies, a score for every class, label or number. For
the samples that they were learned from, scores come from models that never saw these (stacked generalization, Wolpert
1992): networks would otherwise trust them more than they may.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.linear_model import Ridge

from easynas.data.columns import TextColumn, without
from easynas.data.dataset import Dataset, Learned, Unseen
from easynas.data.table import TableEncoder
from easynas.data.topics import vectors, weighed
from easynas.runtime.topics import Topics
from easynas.schema import Answer

_STRENGTH, _CLOSE = 2.0, 1e-2  # of the penalty for rows of length 1; tolerance of the solver
_MOST = 32  # scores of a column: of the most frequent classes
_FOLDS = 5
_CERTAIN = 2.0  # standard errors that a score must be better than none by
_LEARNED = 20_000  # rows that scores are learned from
_READ, _SOLVED = 1e-6, 2e-8  # seconds that an n-gram takes: to be found, and each time that a score is learned


def learn_scores(
    encoder: TableEncoder, data: Dataset, rows: np.ndarray, *, folds: np.ndarray | None, seconds: float, seed: int
) -> Learned:
    """The encoder with scores of its columns of text, and what the samples are whose answers these do not know.

    Args:
        encoder: that knows topics.
        data: a table.
        rows: of the samples to learn from, `(n,)`.
        folds: number of each one's fold `(n,)`, which no score of it may have seen; None: they are drawn.
        seconds: that it may take, about; scores are learned from fewer samples then.
        seed: of what is drawn.
    """
    texts = [column for column in encoder.used if isinstance(column, TextColumn) and column.topics is not None]
    wanted = _wanted(data.y[rows], data.target.answer)
    weights = np.ones(len(rows)) if data.weights is None else data.weights[rows].astype(np.float64)
    learned, scores = {}, {}
    for column in texts:
        read = without(data.samples.columns[column.name][rows], column.absent)
        numbers = _drawn_folds(read, seed) if folds is None else folds
        scored, unseen = _learn(column, read, wanted, numbers, weights, seconds / len(texts))
        learned[column.name], scores[column.name] = scored, unseen
    encoder = replace(encoder, columns=tuple(learned.get(column.name, column) for column in encoder.columns))
    names = encoder.number_names
    places = [names.index(f"{name} score {k + 1}") for name, unseen in scores.items() for k in range(unseen.shape[1])]
    values = np.concatenate([np.zeros((len(rows), 0), np.float32), *scores.values()], axis=1)
    return Learned(encoder, Unseen("numbers", np.array(places, int), values))


def _wanted(y: np.ndarray, answer: Answer) -> np.ndarray:
    """What scores should be: 1 for the samples of a class or label, of the most frequent ones; or the numbers.

    Args:
        y: class numbers `(n,)`, or float32 `(n, outputs)`.
        answer: what they mean.
    """
    if answer.kind == "classes":
        classes = np.arange(1, 2) if answer.outputs == 2 else np.arange(answer.outputs)
        counts = np.bincount(y, minlength=answer.outputs)[classes]
        frequent = classes[np.sort(np.argsort(-counts, kind="stable")[:_MOST])]
        return np.asarray(y[:, None] == frequent, np.float64)
    if answer.kind == "labels":
        return np.asarray(y[:, np.sort(np.argsort(-y.sum(axis=0), kind="stable")[:_MOST])], np.float64)
    return np.asarray((y[:, :_MOST] - np.array(answer.mean[:_MOST])) / np.array(answer.scale[:_MOST]), np.float64)


def _drawn_folds(texts: Sequence[str], seed: int) -> np.ndarray:
    """A random fold for every sample; equal texts have the same."""
    _, group = np.unique(np.array(texts, dtype=object).astype(str), return_inverse=True)
    numbers = np.random.default_rng(seed).permutation(int(group.max()) + 1) % _FOLDS
    return np.asarray(numbers[group])


def _learn(
    column: TextColumn,
    texts: Sequence[str],
    wanted: np.ndarray,
    folds: np.ndarray,
    weights: np.ndarray,
    seconds: float,
) -> tuple[TextColumn, np.ndarray]:
    """The column with scores, and those of samples that scores have not seen, float32 `(n, scores)`."""
    topics = column.topics
    assert topics is not None
    each = topics.tokenizer.grams * (_READ + _SOLVED * wanted.shape[1] * (_FOLDS + 1))  # seconds a sample, at most
    counting = np.flatnonzero(weights)
    rows = counting[:: max(1, -(-len(counting) // min(_LEARNED, max(1, int(seconds / each)))))]
    matrix = weighed(topics.tokenizer.encode([texts[row] for row in rows])["grams"], topics.weights)
    own, numbers, counted = wanted[rows], folds[rows], weights[rows]
    if len(np.unique(numbers)) == 1:
        return column, np.zeros((len(texts), 0), np.float32)
    unseen = np.zeros((len(rows), wanted.shape[1]))
    for number in np.unique(numbers):
        others = numbers != number
        unseen[~others] = matrix[~others] @ _solved(matrix[others], own[others], counted[others])
    useful = _useful(unseen, own, counted)
    directions = _solved(matrix, own, counted)[:, useful]
    spread = unseen[:, useful].std(axis=0)
    scores = Topics(topics.tokenizer, *vectors(directions / spread, topics.weights))
    both = np.concatenate([topics.vectors, scores.vectors], axis=1)
    scored = replace(
        column,
        topics=replace(topics, vectors=both, scale=(*topics.scale, *scores.scale)),
        scores=int(useful.sum()),
    )
    values = np.zeros((len(texts), scored.scores), np.float32) if len(rows) == len(texts) else scores.numbers(texts)
    values[rows] = unseen[:, useful] / spread
    return scored, values


def _solved(matrix: Any, wanted: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Directions `(vocabulary, outputs)` of the scores that are nearest to what is wanted."""
    ridge = Ridge(alpha=_STRENGTH, solver="sparse_cg", tol=_CLOSE).fit(matrix, wanted, sample_weight=weights)
    return np.asarray(ridge.coef_.reshape(wanted.shape[1], -1).T)


def _useful(unseen: np.ndarray, wanted: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Which scores go with what is wanted, by more than chance, bool `(outputs,)`."""
    share = weights[:, None] / weights.sum()
    centred, goal = unseen - (share * unseen).sum(axis=0), wanted - (share * wanted).sum(axis=0)
    spread = np.sqrt((share * np.square(centred)).sum(axis=0) * (share * np.square(goal)).sum(axis=0))
    correlation = (share * centred * goal).sum(axis=0) / np.where(spread > 0, spread, 1.0)
    return np.asarray(correlation > _CERTAIN * np.sqrt(np.square(share).sum()))
