"""From characters to the hashes of words, word n-grams and character n-grams, without a loop over texts.

Texts are laid end to end, a separator behind each, and every step works on all characters at once. A word is a run of
word characters, or one character that stands alone. Word n-grams have 1 to 3 words. Character n-grams have 3 to 5
characters inside a word, where a border of the word counts as a character (Bojanowski et al. 2017; there 3 to 6).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from easynas.runtime import hashing

SEPARATOR, LETTER, ALONE = 0, 1, 2
"""Kinds of characters: between words, part of a word, a word of its own."""

PLAIN_SIZES = (3, 4, 5)
BORDER_SIZES = (2, 3, 4)
"""Characters of a character n-gram; with a border of the word they are one fewer."""


@dataclass(frozen=True, eq=False)
class Pieces:
    """The words of some texts.

    Attributes:
        kinds: of all characters, a separator behind every text, int8 `(characters,)`.
        owners: the text of every character, int64 `(characters,)`, rising.
        prefix: prefix sums of the characters' codes, uint64 `(characters + 1,)`.
        starts: where words begin, int64 `(words,)`.
        ends: where they end, exclusive.
    """

    kinds: np.ndarray
    owners: np.ndarray
    prefix: np.ndarray
    starts: np.ndarray
    ends: np.ndarray

    @classmethod
    def of(cls, kinds: np.ndarray, codes: np.ndarray, owners: np.ndarray) -> "Pieces":
        """The words of characters with these kinds, codes (uint64) and owners, all `(characters,)`."""
        letter = np.concatenate([[False], kinds == LETTER, [False]])
        alone = kinds == ALONE
        starts = np.flatnonzero(alone | (letter[1:-1] & ~letter[:-2]))
        ends = np.flatnonzero(alone | (letter[1:-1] & ~letter[2:])) + 1
        prefix = np.zeros(len(kinds) + 1, np.uint64)
        np.cumsum(codes * hashing.powers(_size(len(kinds)))[0][: len(kinds)], out=prefix[1:])
        return cls(kinds, owners, prefix, starts, ends)

    @property
    def word_owners(self) -> np.ndarray:
        """The text of every word, int64 `(words,)`."""
        return np.asarray(self.owners[self.starts])

    def words(self) -> np.ndarray:
        """The hash of every word, int64 `(words,)`."""
        return self._hash(self.starts, self.ends).view(np.int64)

    def word_grams(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """`(hashes, owners)` of the runs of 1, 2 and 3 words, int64."""
        words, owners = self._hash(self.starts, self.ends), self.word_owners
        salts = (hashing.UNIGRAM, hashing.BIGRAM, hashing.TRIGRAM)
        for size, salt in enumerate(salts, start=1):
            count = len(words) - size + 1
            if count < 1:
                return
            hashes = np.full(count, salt, np.uint64)
            for place, factor in zip(range(size), hashing.FACTORS, strict=False):
                hashes += words[place : place + count] * np.uint64(factor)
            whole = owners[:count] == owners[size - 1 :]
            yield hashes[whole].view(np.int64), owners[:count][whole]

    def character_grams(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """`(hashes, owners)` of the pieces of words, int64."""
        letter = self.kinds == LETTER
        begins, stops = np.zeros(len(letter), bool), np.zeros(len(letter) + 1, bool)
        begins[self.starts] = True
        stops[self.ends] = True
        inside = letter[: len(letter) - 1] & letter[1:]
        for size in sorted({*PLAIN_SIZES, *BORDER_SIZES}):
            if size > 2:
                inside = inside[:-1] & letter[size - 1 :]
            at = np.flatnonzero(inside)
            hashes, owners = self._hash(at, at + size), self.owners[at]
            if size in PLAIN_SIZES:
                yield _salted(hashes, hashing.PLAIN), owners
            if size in BORDER_SIZES:
                first, last = begins[at], stops[at + size]
                yield _salted(hashes[first], hashing.PREFIX), owners[first]
                yield _salted(hashes[last], hashing.SUFFIX), owners[last]

    def _hash(self, starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
        inverse = hashing.powers(_size(len(self.kinds)))[1]
        return np.asarray((self.prefix[ends] - self.prefix[starts]) * inverse[starts])


def _salted(hashes: np.ndarray, salt: int) -> np.ndarray:
    return (hashes + np.uint64(salt)).view(np.int64)


def _size(count: int) -> int:
    """The power of two from `count` on: few different sizes, so that their powers are computed once."""
    return 1 << max(count, 1).bit_length()
