"""Which samples are trained on and which are held out, and how much a class counts.

Up to 2,000 samples 20 % are held out, from 20,000 on 10 %, in between a share that falls with the logarithm of the
number of samples; never more than 5,000 in all, which measure an accuracy of 90 % to within 0.4 points.
"""

import math

import numpy as np

from easynas.errors import InputError
from easynas.schema import Answer

SMALL, LARGE = 2_000, 20_000
LARGEST_VALIDATION = 5_000
BALANCED = 2.0
TENTHS = 10


def split(labels: np.ndarray, *, seed: int, fraction: float | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Returns the sorted indices `(train, validation)` of a random split that keeps the shares of the classes.

    A class with two samples or more has at least one on each side; a class with one has it in training.

    Args:
        labels: class of every sample as an integer from 0, `(n,)`.
        seed: of the shuffle, from 0.
        fraction: share to hold out, in (0, 1); None: by the rule in the module's text.

    Raises:
        InputError: `fraction` is out of range, or every class has a single sample.
    """
    if fraction is not None and not 0 < fraction < 1:
        raise InputError(f"`fraction` must be a number between 0 and 1. Received: {fraction!r}.")
    share = validation_share(len(labels)) if fraction is None else fraction
    rng = np.random.default_rng(seed)
    held_out = np.zeros(len(labels), dtype=bool)
    order = rng.permutation(len(labels))
    by_class = order[np.argsort(labels[order], kind="stable")]
    stops = np.cumsum(np.bincount(labels))
    for members in np.split(by_class, stops[:-1]):
        if len(members) >= 2:
            held_out[members[: min(max(round(share * len(members)), 1), len(members) - 1)]] = True
    if not held_out.any():
        raise InputError(
            "At least one class must have two samples, or nothing can be held out for validation. "
            f"Received {len(labels)} samples, each of a class of its own."
        )
    return np.flatnonzero(~held_out), np.flatnonzero(held_out)


def strata(y: np.ndarray, answer: Answer) -> np.ndarray:
    """Returns a class for every sample such that samples of one class have about the same target, integers `(n,)`.

    Of several labels the rarest one of a sample counts, of numbers the tenth of the samples that the first is in.

    Args:
        y: class numbers `(n,)`, or float32 `(n, outputs)`.
        answer: what they mean.
    """
    match answer.kind:
        case "classes":
            return y
        case "labels":
            rarity = np.argsort(np.argsort(y.sum(axis=0), kind="stable"), kind="stable")
            rank = np.where(y > 0, rarity, answer.outputs).min(axis=1)
            return np.asarray(rank)
        case "numbers":
            order = np.argsort(np.argsort(y[:, 0], kind="stable"), kind="stable")
            return np.asarray(order * min(TENTHS, max(1, len(y) // 5)) // len(y))


def folds(strata: np.ndarray, *, count: int, seed: int) -> np.ndarray:
    """Returns the number of every sample's fold `(n,)`, from 0; each fold has about the same share of every class.

    Args:
        strata: class of every sample, integers `(n,)`.
        count: how many folds.
        seed: of the shuffle, from 0.
    """
    order = np.random.default_rng(seed).permutation(len(strata))
    numbers = np.empty(len(strata), dtype=np.int8)
    numbers[order[np.argsort(strata[order], kind="stable")]] = np.arange(len(strata)) % count
    return numbers


def validation_share(count: int) -> float:
    """Returns the share of `count` samples that is held out, in (0, 0.2]."""
    position = math.log(max(count, 1) / SMALL) / math.log(LARGE / SMALL)
    share = 0.2 - 0.1 * min(max(position, 0.0), 1.0)
    return min(share, LARGEST_VALIDATION / max(count, 1))


def class_weights(labels: np.ndarray, classes: int) -> np.ndarray:
    """Returns how much a sample of every class counts in the loss, float32 `(classes,)`.

    1 everywhere if no class has more than twice the samples of another. Otherwise the square root of the inverse
    frequency: rare classes are heard, while the total loss of a class still grows with its size. The mean over the
    samples is 1, so the learning rate keeps its meaning. A class without samples has weight 1.
    """
    counts = np.bincount(labels, minlength=classes)
    present = counts > 0
    weights = np.ones(classes, dtype=np.float64)
    if counts[present].max() > BALANCED * counts[present].min():
        weights[present] = 1 / np.sqrt(counts[present])
        weights[present] *= len(labels) / (weights[present] @ counts[present])
    return weights.astype(np.float32)
