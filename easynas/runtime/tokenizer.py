"""`Tokenizer`: texts to the integers that networks see, by vocabularies that were learned once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np

from easynas.runtime import hashing
from easynas.runtime.lookup import Lookup
from easynas.runtime.pieces import ALONE, LETTER, Pieces

UNKNOWN_WORD = 1
"""Id of a word that is not in the vocabulary; 0 stands behind the last word."""

FIRST_WORD, FIRST_GRAM = 2, 1
"""Ids of the first entries of the vocabularies."""

FORMAT = 1  # of the configuration; changes when an older easynas could not read it
_CHUNK = 2**18  # characters at a time; the arrays in between take about 300 bytes for each
_CODE_POINTS = 0x110000


@dataclass(frozen=True, eq=False)
class Tokenizer:
    """Any language: words are runs of letters, marks and digits; case does not count.

    Unicode's own tables are not read, so every Python and every device cuts alike.

    Attributes:
        characters: all that can be part of a word; whatever else occurs only separates words.
        folded: the lower-case form of each of them, one character each.
        alone: those among `characters` that are a word each: punctuation, symbols, ideographs.
        length: characters of a text that are read.
        words: length of a sequence of words; what is longer is cut.
        grams: the n-grams kept of one text; of more, those with the smallest ids stay.
        vocabulary: hashes of the known words, int64; word `i` has the id `i + FIRST_WORD`.
        gram_vocabulary: hashes of the known n-grams, int64; n-gram `i` has the id `i + FIRST_GRAM`.
        spelling: whether there are character n-grams beside word n-grams.
    """

    characters: str
    folded: str
    alone: str
    length: int
    words: int
    grams: int
    vocabulary: np.ndarray
    gram_vocabulary: np.ndarray
    spelling: bool

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """The tokenizer that `to_config` described.

        Raises:
            ValueError: it was written by a newer easynas.
        """
        if config["format"] > FORMAT:
            raise ValueError(
                f"A tokenizer must be of format {FORMAT} or older. Received format {config['format']}; upgrade easynas."
            )
        return cls(
            characters=config["characters"],
            folded=config["folded"],
            alone=config["alone"],
            length=config["length"],
            words=config["words"],
            grams=config["grams"],
            vocabulary=np.array(config["vocabulary"], np.int64),
            gram_vocabulary=np.array(config["gram_vocabulary"], np.int64),
            spelling=config["spelling"],
        )

    def to_config(self) -> dict[str, Any]:
        """The tokenizer as plain JSON values."""
        return {
            "format": FORMAT,
            "characters": self.characters,
            "folded": self.folded,
            "alone": self.alone,
            "length": self.length,
            "words": self.words,
            "grams": self.grams,
            "vocabulary": self.vocabulary.tolist(),
            "gram_vocabulary": self.gram_vocabulary.tolist(),
            "spelling": self.spelling,
        }

    def encode(self, texts: Sequence[str]) -> dict[str, np.ndarray]:
        """What networks see of `texts`.

        Returns:
            `"words"`, int32 `(n, words)`: ids of the words in their order, `UNKNOWN_WORD` for others, zeros behind;
            `"grams"`, int32 `(n, grams)`: ids of the n-grams in rising order, each once, zeros behind.
        """
        words = np.zeros((len(texts), self.words), np.int32)
        grams = np.zeros((len(texts), self.grams), np.int32)
        for start, stop, pieces in self.cut(texts):
            ids = self._word_table.find(pieces.words())
            ids = np.where(ids > 0, ids + (FIRST_WORD - 1), UNKNOWN_WORD)
            _fill(words[start:stop], pieces.word_owners, ids)
            _fill(grams[start:stop], *self._grams(pieces))
        return {"words": words, "grams": grams}

    def count_documents(self, texts: Sequence[str]) -> np.ndarray:
        """In how many of `texts` every known n-gram is, int64, in the order of the vocabulary."""
        counts = np.zeros(len(self.gram_vocabulary), np.int64)
        for _, _, pieces in self.cut(texts):
            counts += np.bincount(self._grams(pieces)[1] - FIRST_GRAM, minlength=len(counts))
        return counts

    def cut(self, texts: Sequence[str]) -> Iterator[tuple[int, int, Pieces]]:
        """`(start, stop, pieces)` of consecutive texts, a bounded number of characters at a time."""
        for start, stop in _chunks(texts, self.length):
            # A newline is a separator in every tokenizer.
            joined = "".join(f"{text[: self.length]}\n" for text in texts[start:stop])
            points = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), np.uint32)
            lengths = [min(len(text), self.length) + 1 for text in texts[start:stop]]
            known = self._positions[points]
            pieces = Pieces.of(self.kinds[known], self.codes[known], np.repeat(np.arange(stop - start), lengths))
            yield start, stop, pieces

    def gram_hashes(self, pieces: Pieces) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """`(hashes, owners)` of all n-grams in parts, int64 each."""
        yield from pieces.word_grams()
        if self.spelling:
            yield from pieces.character_grams()

    @cached_property
    def kinds(self) -> np.ndarray:
        """Kind of character 0, which stands for the unknown, and of all `characters`, int8."""
        alone = set(self.alone)
        return np.array([0, *(ALONE if character in alone else LETTER for character in self.characters)], np.int8)

    @cached_property
    def codes(self) -> np.ndarray:
        """Code of character 0, which is 0, and of the folded forms of all `characters`, uint64."""
        return np.concatenate([np.zeros(1, np.uint64), hashing.codes(_points(self.folded))])

    @cached_property
    def _positions(self) -> np.ndarray:
        positions = np.zeros(_CODE_POINTS, np.int32)
        positions[_points(self.characters)] = np.arange(1, len(self.characters) + 1)
        return positions

    @cached_property
    def _word_table(self) -> Lookup:
        return Lookup.of(self.vocabulary)

    @cached_property
    def _gram_table(self) -> Lookup:
        return Lookup.of(self.gram_vocabulary)

    def _grams(self, pieces: Pieces) -> tuple[np.ndarray, np.ndarray]:
        """`(owners, ids)` of the known n-grams, in the order of both and each once in a text."""
        keys = [np.zeros(0, np.int64)]
        size = len(self.gram_vocabulary) + FIRST_GRAM
        for hashes, owners in self.gram_hashes(pieces):
            ids = self._gram_table.find(hashes)
            known = np.flatnonzero(ids)
            keys.append(owners[known] * size + ids[known])
        # numpy's own `unique` hashes, which takes ten times as long as sorting integers.
        sorted_keys = np.sort(np.concatenate(keys))
        new = np.ones(len(sorted_keys), bool)
        new[1:] = sorted_keys[1:] != sorted_keys[:-1]
        owners, ids = np.divmod(sorted_keys[new], size)
        return owners, ids


def _points(characters: str) -> np.ndarray:
    return np.frombuffer(characters.encode("utf-32-le"), np.uint32)


def _chunks(texts: Sequence[str], length: int) -> Iterator[tuple[int, int]]:
    start, size = 0, 0
    for stop, text in enumerate(texts):
        if size >= _CHUNK:
            yield start, stop
            start, size = stop, 0
        size += min(len(text), length) + 1
    if start < len(texts):
        yield start, len(texts)


def _fill(rows: np.ndarray, owners: np.ndarray, values: np.ndarray) -> None:
    """Writes the values of every owner, which rise, into its row from the left; what has no room is dropped."""
    counts = np.bincount(owners, minlength=len(rows))
    place = np.arange(len(owners)) - np.repeat(np.cumsum(counts) - counts, counts)
    fits = place < rows.shape[1]
    rows[owners[fits], place[fits]] = values[fits]
