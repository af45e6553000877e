"""From which probability on something is decided, chosen on held-out samples for metrics that look at decisions alone.

For one of several classes it is the one whose probability is the largest multiple of its threshold. Classes have one
common parameter: of two classes it is the threshold of the second, of more the power of their shares that the
thresholds are (logit adjustment, Menon et al. 2021, "Long-tail learning via logit adjustment", section 4.1, where the
power is a parameter, too; it is 0 for the most probable class, and 1 is best for balanced accuracy). A threshold for
every class would be chosen by the few samples of the rarest. It is kept only if it is better on other samples than
those it was chosen by, by more than chance.

For any of several labels each has its own threshold, drawn to a common one where it has few samples.
"""

import warnings
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from scipy.special import expit, logit

from easynas.data.split import folds

Score = Callable[[np.ndarray, np.ndarray], float]
"""`score(probabilities, y)`: of deciding for what is most probable."""

GRID = np.linspace(0.05, 0.95, 19)
"""Thresholds that are tried for labels."""

_SECOND_OF_TWO = expit(np.linspace(-4.0, 4.0, 33))
_POWERS = np.linspace(-0.5, 1.5, 21)
_SMOOTHED = 3  # neighbours on the curve that are averaged: its highest point is mostly luck
_PARTS, _RESAMPLES = 3, 20
_PRIOR = 20


class Decision(NamedTuple):
    """Thresholds, and what they are worth.

    Attributes:
        thresholds: of every class or label, in (0, 1); empty: the most probable class.
        score: of deciding by thresholds that were chosen on other samples.
    """

    thresholds: tuple[float, ...]
    score: float


def class_thresholds(probabilities: np.ndarray, y: np.ndarray, score: Score) -> Decision:
    """The thresholds of classes that make a score best.

    Args:
        probabilities: for held-out samples, `(n, classes)`.
        y: class numbers `(n,)`, each at least once.
        score: what is to be large.
    """
    family = _family(np.bincount(y, minlength=probabilities.shape[1]))
    parts = folds(y, count=_PARTS, seed=0)
    decided = np.empty(probabilities.shape)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a class that nobody decides for, or that a resample lacks
        for part in range(_PARTS):
            mine = parts == part
            decided[mine] = probabilities[mine] / _peak(family, probabilities[~mine], y[~mine], score)
        plain = score(probabilities, y)
        if not _is_certain(decided, probabilities, y, score):
            return Decision((), plain)
        return Decision(tuple(_peak(family, probabilities, y, score).tolist()), score(decided, y))


def label_thresholds(probabilities: np.ndarray, y: np.ndarray, common: float) -> tuple[float, ...]:
    """The threshold of each label that makes its F1 best.

    One that few samples have is drawn to the common one, as if it had been best on `_PRIOR` more of them.

    Args:
        probabilities: for held-out samples, `(n, labels)`.
        y: 0 and 1, `(n, labels)`.
        common: the threshold that is best for all, in (0, 1).
    """
    return tuple(_shrunk(own, wanted, common) for own, wanted in zip(probabilities.T, y.T, strict=True))


def middle_of_best(scores: Sequence[float] | np.ndarray) -> int:
    """Where the largest of some scores is; the middle one of equals."""
    best = np.flatnonzero(np.asarray(scores) >= np.max(scores))
    return int(best[len(best) // 2])


def _family(counts: np.ndarray) -> np.ndarray:
    """Thresholds `(settings, classes)` that are tried; each row sums to one."""
    if len(counts) == 2:
        return np.stack([1.0 - _SECOND_OF_TWO, _SECOND_OF_TWO], axis=1)
    powers = ((counts + 1.0) / (counts + 1.0).sum()) ** _POWERS[:, None]
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def _peak(family: np.ndarray, probabilities: np.ndarray, y: np.ndarray, score: Score) -> np.ndarray:
    scores = [score(probabilities / thresholds, y) for thresholds in family]
    padded = np.pad(scores, _SMOOTHED // 2, mode="edge")
    smooth = np.convolve(padded, np.full(_SMOOTHED, 1.0 / _SMOOTHED), mode="valid")
    return np.asarray(family[middle_of_best(np.round(smooth, 9))])


def _is_certain(decided: np.ndarray, plain: np.ndarray, y: np.ndarray, score: Score) -> bool:
    """Whether the one scores higher than the other by more than the standard error of the difference."""
    rng = np.random.default_rng(0)
    resamples = [rng.integers(len(y), size=len(y)) for _ in range(_RESAMPLES)]
    gains = np.array([score(decided[rows], y[rows]) - score(plain[rows], y[rows]) for rows in resamples])
    return bool(gains.mean() > gains.std(ddof=1))


def _shrunk(probabilities: np.ndarray, y: np.ndarray, common: float) -> float:
    """The threshold of one label, on the scale of logits between its own best one and the common one."""
    chosen = probabilities[:, None] >= GRID
    hits = (chosen & (y[:, None] > 0)).sum(axis=0)
    f1 = 2 * hits / np.maximum(chosen.sum(axis=0) + y.sum(), 1)
    own = float(GRID[middle_of_best(f1)])
    share = float(y.sum() / (y.sum() + _PRIOR))
    return float(expit(share * logit(own) + (1 - share) * logit(common)))
