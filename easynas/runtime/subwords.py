"""`Subwords`: texts to the subwords that a pretrained encoder knows, WordPiece (Schuster & Nakajima 2012).

A word becomes the longest subword that it starts with, then the longest that goes on, and so on; a word that cannot be
put together is one unknown subword. There: Unicode's tables fold characters. Here: what each character becomes was
written down when the tokenizer was made, so every Python, every device and a Keras graph cut alike.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np

BREAK = "\n"
"""Stands between words where a text is folded; in no subword."""

STRANGE = "\x00"
"""Stands for every character that is in no subword."""

LONGEST_WORD = 100
"""Bytes of UTF-8 of the longest word that is put together of subwords, as in BERT's tokenizer."""

FORMAT = 1  # of the configuration; changes when an older easynas could not read it
_REMEMBERED = 2**17  # different words


@dataclass(frozen=True, eq=False)
class Subwords:
    """Cuts texts into subwords.

    Attributes:
        pieces: all subwords; piece `i` has the id `i + 1`, for 0 stands behind a text.
        suffix: what pieces start with that go on a word.
        unknown: number of the piece for unknown words.
        first: number of the piece before every text.
        last: number of the piece behind it.
        characters: all characters that become something else than `STRANGE`.
        folded: what each of them becomes: characters of pieces, `BREAK`s, or nothing.
        length: characters of a text that are read, and of what they become.
        most: ids of a text, the first and the last piece included.
        source: identity of the pretrained encoder that they belong to.
    """

    pieces: tuple[str, ...]
    suffix: str
    unknown: int
    first: int
    last: int
    characters: str
    folded: tuple[str, ...]
    length: int
    most: int
    source: str

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """The tokenizer that `to_config` described.

        Raises:
            ValueError: it was written by a newer easynas.
        """
        if config["format"] > FORMAT:
            raise ValueError(
                f"Subwords must be of format {FORMAT} or older. Received format {config['format']}; upgrade easynas."
            )
        return cls(
            pieces=tuple(config["pieces"]),
            suffix=config["suffix"],
            unknown=config["unknown"],
            first=config["first"],
            last=config["last"],
            characters=config["characters"],
            folded=tuple(config["folded"]),
            length=config["length"],
            most=config["most"],
            source=config["source"],
        )

    def to_config(self) -> dict[str, Any]:
        """The tokenizer as plain JSON values."""
        return {
            "format": FORMAT,
            "pieces": list(self.pieces),
            "suffix": self.suffix,
            "unknown": self.unknown,
            "first": self.first,
            "last": self.last,
            "characters": self.characters,
            "folded": list(self.folded),
            "length": self.length,
            "most": self.most,
            "source": self.source,
        }

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Ids of the subwords of each text in their order, zeros behind, int32 `(n, most)`; of more, the first ones."""
        ids = np.zeros((len(texts), self.most), np.int32)
        for row, text in enumerate(texts):
            numbers = [self.first, *self.cut(text)[: self.most - 2], self.last]
            ids[row, : len(numbers)] = np.array(numbers, np.int32) + 1
        return ids

    def cut(self, text: str) -> list[int]:
        """Numbers of the pieces of a text, all of them."""
        numbers: list[int] = []
        for word in self.fold(text).split(BREAK):
            if word:
                numbers += self._pieces_of(word)
        return numbers

    def fold(self, text: str) -> str:
        """The characters of pieces that a text becomes, with a `BREAK` or several between words."""
        return text[: self.length].translate(self._folding)[: self.length]

    def _pieces_of(self, word: str) -> tuple[int, ...]:
        known = self._words.get(word)
        if known is None:
            if len(self._words) >= _REMEMBERED:
                self._words.clear()
            known = self._words[word] = self._put_together(word)
        return known

    def _put_together(self, word: str) -> tuple[int, ...]:
        if len(word.encode("utf8")) > LONGEST_WORD:
            return (self.unknown,)
        numbers: list[int] = []
        start, known = 0, self.beginnings
        while start < len(word):
            stops = range(min(len(word), start + self.longest), start, -1)
            stop = next((stop for stop in stops if word[start:stop] in known), None)
            if stop is None:
                return (self.unknown,)
            numbers.append(known[word[start:stop]])
            start, known = stop, self.continuations
        return tuple(numbers)

    @cached_property
    def beginnings(self) -> dict[str, int]:
        """Number of every piece that a word may start with."""
        return {piece: number for number, piece in enumerate(self.pieces) if piece}

    @cached_property
    def continuations(self) -> dict[str, int]:
        """Number of every piece that may go on a word, by its characters without the suffix mark."""
        size = len(self.suffix)
        return {
            piece[size:]: number
            for number, piece in enumerate(self.pieces)
            if piece.startswith(self.suffix) and len(piece) > size
        }

    @cached_property
    def longest(self) -> int:
        """Characters of the longest piece."""
        return max(map(len, (*self.beginnings, *self.continuations)))

    @cached_property
    def _words(self) -> dict[str, tuple[int, ...]]:
        return {}

    @cached_property
    def _folding(self) -> "_Folding":
        return _Folding({ord(each): folded for each, folded in zip(self.characters, self.folded, strict=True)})


class _Folding(dict[int, str]):
    """What code points become; those that are not there are strange."""

    def __missing__(self, point: int) -> str:
        return STRANGE
