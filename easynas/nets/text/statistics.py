"""`GramStatistics`: what counting tells of every n-gram before anything is trained.

Inverse document frequency in its smoothed form (Salton & Buckley 1988), and how far an n-gram speaks for an output: the
log-count ratio of Wang & Manning (2012), "Baselines and bigrams", with documents instead of occurrences; for
numbers the mean of the texts that hold it, shrunk to zero as if `SHRINKAGE` more texts were average.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np

from easynas.schema import Answer, TextSchema

SMOOTHING = 1.0
"""Texts of each side that every n-gram is taken to be in, beside those counted."""

SHRINKAGE = 10.0

_ROWS = 4096  # texts counted at a time


@dataclass(frozen=True, eq=False)
class GramStatistics:
    """Constants of networks on n-grams; the first entry, of the id that stands for nothing, is zero.

    Attributes:
        idf: inverse document frequency of every id, float32 `(gram_vocabulary,)`.
        evidence: for every id and output, positive where it speaks for it, float32 `(gram_vocabulary, outputs)`.
        prior: what to answer knowing nothing, before it becomes a probability, float32 `(outputs,)`.
    """

    idf: np.ndarray
    evidence: np.ndarray
    prior: np.ndarray

    @classmethod
    def learn(cls, grams: np.ndarray, y: np.ndarray, answer: Answer, *, vocabulary: int) -> Self:
        """Counts the training samples.

        Args:
            grams: ids, int32 `(n, grams)`, zeros where there is nothing; what a text repeats counts once.
            y: what networks learn: classes as integers `(n,)`, labels as zeros and ones `(n, outputs)`, or standardised
                numbers `(n, outputs)`.
            answer: what kind `y` is of.
            vocabulary: how many ids there are, the one for nothing included.
        """
        targets = np.eye(answer.outputs)[y] if answer.kind == "classes" else np.reshape(y, (len(y), answer.outputs))
        documents, sums = _count(grams, targets, vocabulary)
        idf = np.log((1 + len(grams)) / (1 + documents)) + 1
        if answer.kind == "numbers":
            evidence = sums / (documents + SHRINKAGE)[:, None]
        else:
            evidence = _log_ratio(sums, documents[:, None] - sums)
        idf[0], evidence[0] = 0.0, 0.0
        prior = _prior(targets.sum(axis=0), len(targets), answer)
        return cls(idf.astype(np.float32), evidence.astype(np.float32), prior.astype(np.float32))


@dataclass(frozen=True, eq=False)
class FeatureStatistics:
    """Scale of the features of a pretrained encoder.

    Attributes:
        mean: of every feature over the training samples, float32 `(features,)`.
        variance: of every feature, float32 `(features,)`.
    """

    mean: np.ndarray
    variance: np.ndarray

    @classmethod
    def learn(cls, features: np.ndarray) -> Self:
        """Of the training samples, float32 `(n, features)`."""
        return cls(
            features.mean(axis=0, dtype=np.float64).astype(np.float32),
            features.var(axis=0, dtype=np.float64).astype(np.float32),
        )


class TextStatistics(NamedTuple):
    """Constants of networks for texts.

    Attributes:
        words: of the words of sequences.
        grams: of n-grams.
        features: of a pretrained encoder; None without one.
    """

    words: GramStatistics
    grams: GramStatistics
    features: FeatureStatistics | None = None

    @classmethod
    def learn(cls, x: Mapping[str, np.ndarray], y: np.ndarray, answer: Answer, schema: TextSchema) -> Self:
        """Counts the training samples, `"words"` and `"grams"` of `x`, and measures its `"features"` if it has some."""
        return cls(
            GramStatistics.learn(x["words"], y, answer, vocabulary=schema.vocabulary),
            GramStatistics.learn(x["grams"], y, answer, vocabulary=schema.gram_vocabulary),
            FeatureStatistics.learn(x["features"]) if "features" in x else None,
        )


def _count(grams: np.ndarray, targets: np.ndarray, vocabulary: int) -> tuple[np.ndarray, np.ndarray]:
    """Texts of every id `(vocabulary,)`, and the sums of their targets `(vocabulary, outputs)`."""
    documents, sums = np.zeros(vocabulary), np.zeros((vocabulary, targets.shape[1]))
    for start in range(0, len(grams), _ROWS):
        block = np.sort(grams[start : start + _ROWS], axis=1)
        block[:, 1:][block[:, 1:] == block[:, :-1]] = 0
        rows, places = np.nonzero(block)
        ids = block[rows, places]
        documents += np.bincount(ids, minlength=vocabulary)
        for output, column in enumerate(targets[start + rows].T):
            if column.any():
                sums[:, output] += np.bincount(ids, column, minlength=vocabulary)
    return documents, sums


def _prior(sums: np.ndarray, samples: int, answer: Answer) -> np.ndarray:
    match answer.kind:
        case "classes":
            return np.asarray(np.log((sums + SMOOTHING) / (samples + SMOOTHING * len(sums))))
        case "labels":
            return np.asarray(np.log((sums + SMOOTHING) / (samples - sums + SMOOTHING)))
        case "numbers":
            return np.asarray(sums / samples)


def _log_ratio(inside: np.ndarray, outside: np.ndarray) -> np.ndarray:
    """How much more often an id is among the texts of an output than among the others, as a logarithm."""
    p, q = inside + SMOOTHING, outside + SMOOTHING
    return np.asarray(np.log(p / p.sum(axis=0)) - np.log(q / q.sum(axis=0)))
