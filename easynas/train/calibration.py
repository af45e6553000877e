"""Probabilities that mean what they say: one temperature for all answers of a model.

Guo, Pleiss, Sun & Weinberger (2017), "On calibration of modern neural networks", section 4.2: logits are divided by the
temperature that makes the log loss of held-out samples smallest, so the most probable class stays the same. What
differs: an average of networks has no logits, so the logarithms of its probabilities stand for them; and the
temperature is kept only if it makes other samples than those it was chosen by more probable, by more than chance.
"""

import math

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import expit, softmax

from easynas.schema import SMALLEST, Answer
from easynas.train.scoring import losses

_RANGE = (-math.log(8.0), math.log(8.0))  # logarithms of the temperatures that are tried
_CERTAIN = 2.0  # standard errors that the log loss must gain


def fit_temperature(answers: np.ndarray, y: np.ndarray, answer: Answer) -> float:
    """The temperature that the answers of a model should have; exactly 1 where none is certainly better.

    Args:
        answers: for held-out samples, `(n, outputs)`.
        y: what they should be: class numbers `(n,)`, or 0 and 1 `(n, outputs)`.
        answer: what they mean; numbers have no temperature.
    """
    if answer.kind == "numbers" or len(y) < 2:
        return 1.0
    halves = np.arange(len(y))[np.random.default_rng(0).permutation(len(y))] % 2
    gains = np.empty(len(y))
    for half in (0, 1):
        mine, others = halves == half, halves != half
        after = losses(tempered(answers[mine], answer, _best(answers[others], y[others], answer)), y[mine], answer)
        gains[mine] = losses(answers[mine], y[mine], answer) - after
    if gains.mean() <= _CERTAIN * gains.std(ddof=1) / math.sqrt(len(gains)):
        return 1.0
    return _best(answers, y, answer)


def tempered(answers: np.ndarray, answer: Answer, temperature: float) -> np.ndarray:
    """The probabilities `(n, outputs)` at another temperature: above 1 nearer to each other, below 1 farther apart."""
    if temperature == 1.0 or answer.kind == "numbers":
        return answers
    logits = np.log(np.maximum(answers.astype(np.float64), SMALLEST))
    if answer.kind == "classes":
        return np.asarray(softmax(logits / temperature, axis=1))
    return np.asarray(expit((logits - np.log(np.maximum(1.0 - answers.astype(np.float64), SMALLEST))) / temperature))


def calibration_error(probabilities: np.ndarray, y: np.ndarray, *, bins: int = 15) -> float:
    """How far confidence is from accuracy on average, in [0, 1]: the expected calibration error of Guo et al.

    Args:
        probabilities: of classes, `(n, classes)`.
        y: class numbers `(n,)`.
        bins: of equal width in which both are compared.
    """
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == y
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = np.bincount(place, weights=confidence - right, minlength=bins)
    return float(np.abs(gaps).sum() / len(y))


def _best(answers: np.ndarray, y: np.ndarray, answer: Answer) -> float:
    def loss(logarithm: float) -> float:
        return float(losses(tempered(answers, answer, math.exp(logarithm)), y, answer).mean())

    return math.exp(minimize_scalar(loss, bounds=_RANGE, method="bounded").x)
