"""Hashes of substrings as integers modulo 2**64, so that numpy and a Keras graph reach the same numbers.

A polynomial rolling hash (Karp & Rabin 1987): with prefix sums `prefix[i] = sum(code[j] * BASE**j for j < i)`, the
substring from `start` to `end` has the hash `(prefix[end] - prefix[start]) * BASE**-start`, wherever it stands. There:
a prime modulus. Here: 2**64, the natural overflow of 64-bit integers, and a pseudo-random code for every character.
Ten million different substrings collide with a probability below 1e-5.
"""

from functools import lru_cache

import numpy as np

BASE = 0x9E3779B97F4A7C15
"""Odd, so that it has an inverse modulo 2**64."""

UNIGRAM, BIGRAM, TRIGRAM = 0x243F6A8885A308D3, 0x13198A2E03707344, 0xA4093822299F31D0
PLAIN, PREFIX, SUFFIX = 0x082EFA98EC4E6C89, 0x452821E638D01377, 0xBE5466CF34E90C6C
"""What is added to a hash for its kind: digits of pi."""

FACTORS = (0xC0AC29B7C97C50DD, 0x3F84D5B5B5470917, 0x9216D5D98979FB1B)
"""What the hash of the first, second and third word of a word n-gram is multiplied by; odd."""

NOTHING = -1
"""Stands where there is no substring; never part of a vocabulary."""


def codes(points: np.ndarray) -> np.ndarray:
    """A pseudo-random number, uint64, for every code point (the finalizer of SplitMix64, Steele et al. 2014)."""
    z = (points.astype(np.uint64) + np.uint64(1)) * np.uint64(BASE)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(z ^ (z >> np.uint64(31)))


@lru_cache(maxsize=4)
def powers(count: int) -> tuple[np.ndarray, np.ndarray]:
    """`BASE**i` and `BASE**-i` modulo 2**64 for `i` from 0 to `count - 1`, uint64 `(count,)` each."""
    return _geometric(BASE, count), _geometric(pow(BASE, -1, 2**64), count)


def signed(number: int) -> np.int64:
    """The 64-bit integer with the same bits: what a Keras graph computes with."""
    return np.int64(number - 2**64 if number >= 2**63 else number)


def _geometric(ratio: int, count: int) -> np.ndarray:
    factors = np.full(count, ratio, np.uint64)
    factors[:1] = 1
    return np.multiply.accumulate(factors)
