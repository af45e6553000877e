"""Texts to the integers that networks see, as a Keras graph: `runtime.Tokenizer` in built-in layers and operations.

The graph computes with 64-bit integers, whose overflow is the modulus of the hashes. Where numpy keeps what there is,
a graph has a place for everything that could be: a word at every character.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from keras import Input, layers, ops

from easynas.data.tokenizer import TextEncoder
from easynas.deploy.subwords import subword_ids
from easynas.runtime import hashing
from easynas.runtime.hashing import signed
from easynas.runtime.pieces import ALONE, BORDER_SIZES, LETTER, PLAIN_SIZES
from easynas.runtime.tokenizer import FIRST_WORD, UNKNOWN_WORD, Tokenizer

_LAST = np.int32(2**31 - 1)
"""Behind every id when ids are sorted."""


def tokenize(encoder: TextEncoder) -> tuple[Any, dict[str, Any]]:
    """The input of texts `(batch,)`, and all ids of them, int32, equal to those of `encoder.encode`."""
    text = Input((), dtype="string", name="text")
    spelled = _Spelled.of(text, encoder.tokenizer)
    words = _hash(spelled, *spelled.borders)
    there = ops.less(spelled.borders[0], encoder.tokenizer.length)
    ids = {"words": _words(words, there, encoder.tokenizer), "grams": _grams(spelled, words, there, encoder.tokenizer)}
    if encoder.subwords is not None:
        ids["subwords"] = subword_ids(text, encoder.subwords)
    return text, ids


def gram_ids(text: Any, tokenizer: Tokenizer) -> Any:
    """The n-grams of texts `(batch, 1)`, int32 `(batch, grams)`, equal to those of `tokenizer.encode`."""
    spelled = _Spelled.of(text, tokenizer)
    words = _hash(spelled, *spelled.borders)
    there = ops.less(spelled.borders[0], tokenizer.length)
    return _grams(spelled, words, there, tokenizer)


def _grams(spelled: "_Spelled", words: Any, there: Any, tokenizer: Tokenizer) -> Any:
    hashes = [*_word_grams(words, there)]
    if tokenizer.spelling:
        hashes += _character_grams(spelled)
    found = _lookup(tokenizer.gram_vocabulary, ops.concatenate(hashes, axis=1))
    return _distinct(found, tokenizer.grams)


@dataclass(frozen=True)
class _Spelled:
    """The characters of texts; every tensor is `(batch, length)` unless said otherwise.

    Attributes:
        letter: whether a character is part of a word.
        begins: whether a word begins here.
        stops: whether it ends behind this character.
        prefix: prefix sums of the codes, int64 `(batch, length + 1)`.
        borders: first character and end of the first, second, ... word, int32; `length` where there is none.
    """

    letter: Any
    begins: Any
    stops: Any
    prefix: Any
    borders: tuple[Any, Any]

    @classmethod
    def of(cls, text: Any, tokenizer: Tokenizer) -> "_Spelled":
        length = tokenizer.length
        characters = layers.TextVectorization(
            standardize=None,
            split="character",
            output_mode="int",
            output_sequence_length=length,
            vocabulary=list(tokenizer.characters),
        )(text)
        characters = ops.cast(characters, "int32")
        # The layer gives 0 behind the text and 1 to the unknown.
        kinds = ops.take(np.concatenate([[0], tokenizer.kinds]).astype(np.int32), characters)
        codes = ops.take(np.concatenate([[0], tokenizer.codes.view(np.int64)]), characters)
        letter, alone = ops.equal(kinds, LETTER), ops.equal(kinds, ALONE)
        joined = ops.logical_and(letter[:, 1:], letter[:, :-1])
        begins = _or(alone, _but(letter, _pad(joined, before=1)))
        stops = _or(alone, _but(letter, _pad(joined, after=1)))
        powers = hashing.powers(length)[0].view(np.int64)
        prefix = _pad(ops.cumsum(ops.multiply(codes, powers), axis=1), before=1)
        places = np.arange(length, dtype=np.int32)
        starts = ops.sort(ops.where(begins, places, np.int32(length)), axis=1)
        ends = ops.sort(ops.where(stops, places + np.int32(1), np.int32(length)), axis=1)
        return cls(letter, begins, stops, prefix, (starts, ends))


def _hash(spelled: _Spelled, starts: Any, ends: Any) -> Any:
    """Hashes of the substrings between places `(batch, n)`, int64."""
    inverse = hashing.powers(spelled.letter.shape[1] + 1)[1].view(np.int64)
    prefix = spelled.prefix
    sums = ops.subtract(ops.take_along_axis(prefix, ends, axis=1), ops.take_along_axis(prefix, starts, axis=1))
    return ops.multiply(sums, ops.take(inverse, starts))


def _words(words: Any, there: Any, tokenizer: Tokenizer) -> Any:
    kept = min(tokenizer.words, tokenizer.length)
    words, there = words[:, :kept], there[:, :kept]
    found = _lookup(tokenizer.vocabulary, words)
    ids = ops.where(ops.greater(found, 0), ops.add(found, np.int32(FIRST_WORD - 1)), np.int32(UNKNOWN_WORD))
    return _pad(ops.where(there, ids, np.int32(0)), after=tokenizer.words - kept)


def _word_grams(words: Any, there: Any) -> list[Any]:
    grams = []
    for size, salt in enumerate((hashing.UNIGRAM, hashing.BIGRAM, hashing.TRIGRAM), start=1):
        count = words.shape[1] - size + 1
        if count < 1:
            break
        sums = [
            ops.multiply(words[:, place : place + count], signed(factor))
            for place, factor in zip(range(size), hashing.FACTORS, strict=False)
        ]
        total = sums[0]
        for each in sums[1:]:
            total = ops.add(total, each)
        grams.append(_kept(there[:, size - 1 :], total, salt))
    return grams


def _character_grams(spelled: _Spelled) -> list[Any]:
    length = spelled.letter.shape[1]
    inverse = hashing.powers(length)[1].view(np.int64)
    grams = []
    inside = spelled.letter
    for size in range(2, min(length, max(PLAIN_SIZES + BORDER_SIZES)) + 1):
        count = length - size + 1
        inside = ops.logical_and(inside[:, :count], spelled.letter[:, size - 1 :])
        sums = ops.subtract(spelled.prefix[:, size:], spelled.prefix[:, :count])
        hashes = ops.multiply(sums, inverse[:count])
        if size in PLAIN_SIZES:
            grams.append(_kept(inside, hashes, hashing.PLAIN))
        if size in BORDER_SIZES:
            first = ops.logical_and(inside, spelled.begins[:, :count])
            last = ops.logical_and(inside, spelled.stops[:, size - 1 :])
            grams.append(_kept(first, hashes, hashing.PREFIX))
            grams.append(_kept(last, hashes, hashing.SUFFIX))
    return grams


def _kept(there: Any, hashes: Any, salt: int) -> Any:
    return ops.where(there, ops.add(hashes, signed(salt)), np.int64(hashing.NOTHING))


def _lookup(vocabulary: np.ndarray, hashes: Any) -> Any:
    """Position in the vocabulary plus one, 0 for others, int32."""
    if not len(vocabulary):
        return ops.cast(ops.zeros_like(hashes), "int32")
    table = layers.IntegerLookup(
        vocabulary=vocabulary.tolist(), mask_token=None, oov_token=hashing.NOTHING, num_oov_indices=1
    )
    return ops.cast(table(hashes), "int32")


def _distinct(ids: Any, count: int) -> Any:
    """The smallest `count` different ids of every row in rising order, zeros behind."""
    ids = ops.sort(ids, axis=1)
    again = _pad(ops.equal(ids[:, 1:], ids[:, :-1]), before=1)
    ids = ops.where(_or(again, ops.equal(ids, 0)), _LAST, ids)
    ids = _pad(ops.sort(ids, axis=1)[:, :count], after=max(0, count - ids.shape[1]))
    return ops.where(ops.equal(ids, _LAST), np.int32(0), ids)


def _pad(x: Any, *, before: int = 0, after: int = 0) -> Any:
    """Zeros before or after the second axis."""
    if not before and not after:
        return x
    kind = x.dtype
    padded = ops.pad(ops.cast(x, "int32") if kind == "bool" else x, ((0, 0), (before, after)))
    return ops.cast(padded, kind)


def _or(a: Any, b: Any) -> Any:
    return ops.logical_or(a, b)


def _but(a: Any, b: Any) -> Any:
    return ops.logical_and(a, ops.logical_not(b))
