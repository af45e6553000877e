"""Texts to ids of subwords as a Keras graph: `runtime.Subwords` in built-in layers and operations.

Python follows each word from piece to piece. A graph looks all substrings up at once, by their hashes (see
`runtime.hashing`), which gives for every place the longest piece there and so the place where the next one starts; who
follows these pointers twice, four times, ... reaches all pieces of a text in a few steps (Hillis & Steele 1986).
"""

from typing import Any

import numpy as np
from keras import layers, ops

from easynas.runtime import hashing
from easynas.runtime.hashing import signed
from easynas.runtime.subwords import BREAK, LONGEST_WORD, STRANGE, Subwords

_NOWHERE, _SEPARATOR = 0, 1  # numbers of what is no character, and of `BREAK`
_FIRST = 2  # of the characters of pieces


def subword_ids(text: Any, tokenizer: Subwords) -> Any:
    """Ids of texts `(batch,)`, int32 `(batch, most)`, equal to those of `tokenizer.encode`."""
    alphabet = [*sorted(set("".join(tokenizer.folded)) - {BREAK, STRANGE}), STRANGE]
    places = _folded(text, tokenizer, alphabet)
    letter = ops.greater(places, _SEPARATOR)
    begins = ops.logical_and(letter, ops.logical_not(_shifted(letter)))
    numbers, sizes = _longest(places, letter, begins, tokenizer, alphabet)
    starts = _starts(begins, letter)
    whole = _whole(places, letter, begins, sizes, starts, alphabet)
    ids = ops.where(ops.logical_and(begins, ops.logical_not(whole)), np.int32(tokenizer.unknown + 1), numbers)
    stops = _stops(begins, whole, sizes, starts)
    return _framed(_followed(ids, stops, letter, starts, tokenizer.most - 2), tokenizer)


def _folded(text: Any, tokenizer: Subwords, alphabet: list[str]) -> Any:
    """Numbers of the characters that texts become, int32 `(batch, length)`, `_NOWHERE` behind."""
    characters = layers.TextVectorization(
        standardize=None,
        split="character",
        output_mode="int",
        output_sequence_length=tokenizer.length,
        vocabulary=list(tokenizer.characters),
    )(text)
    # The layer gives 0 behind the text and 1 to the unknown.
    known = {**{each: number for number, each in enumerate(alphabet, start=_FIRST)}, BREAK: _SEPARATOR}
    forms = ["", STRANGE, *tokenizer.folded]
    widest = max(map(len, forms))
    table = np.array([[known[each] for each in form] + [_NOWHERE] * (widest - len(form)) for form in forms], np.int32)
    spread = ops.reshape(ops.take(table, ops.cast(characters, "int32"), axis=0), (-1, tokenizer.length * widest))
    # What is somewhere moves to the left, in its order.
    nowhere = np.int32(tokenizer.length * widest)
    order = ops.where(ops.equal(spread, _NOWHERE), nowhere, np.arange(nowhere, dtype=np.int32))
    order = ops.sort(order, axis=1)[:, : tokenizer.length]
    there = ops.less(order, nowhere)
    found = ops.take_along_axis(spread, ops.minimum(order, nowhere - np.int32(1)), axis=1)
    return ops.where(there, found, np.int32(_NOWHERE))


def _longest(places: Any, letter: Any, begins: Any, tokenizer: Subwords, alphabet: list[str]) -> tuple[Any, Any]:
    """Id and size of the longest piece at every place, int32 `(batch, length)` each; zeros where there is none."""
    length, longest = tokenizer.length, min(tokenizer.longest, tokenizer.length)
    codes = np.zeros(len(alphabet) + _FIRST, np.int64)
    codes[_FIRST:] = hashing.codes(_points(alphabet)).view(np.int64)
    powers, inverse = (each.view(np.int64) for each in hashing.powers(length + 1))
    prefix = ops.cumsum(ops.multiply(ops.take(codes, places), powers[:length]), axis=1)
    prefix = ops.pad(prefix, ((0, 0), (1, 0)))
    salts = np.array([signed(hashing.PLAIN), signed(hashing.PREFIX)])
    salt = ops.take(salts, ops.cast(begins, "int32"))
    inside, found = letter, []
    for size in range(1, longest + 1):
        count = length - size + 1
        inside = ops.logical_and(inside[:, :count], letter[:, size - 1 :])
        hashes = ops.multiply(ops.subtract(prefix[:, size:], prefix[:, :count]), inverse[:count])
        hashes = ops.where(inside, ops.add(hashes, salt[:, :count]), np.int64(hashing.NOTHING))
        found.append(ops.pad(hashes, ((0, 0), (0, size - 1)), constant_values=hashing.NOTHING))
    ids = _looked_up(ops.concatenate(found, axis=1), tokenizer)
    ids = ops.reshape(ids, (-1, longest, length))
    sizes = np.arange(1, longest + 1, dtype=np.int32)[:, None]
    size = ops.max(ops.where(ops.greater(ids, 0), sizes, np.int32(0)), axis=1)
    chosen = ops.equal(sizes, ops.expand_dims(size, 1))
    return ops.sum(ops.where(chosen, ids, np.int32(0)), axis=1), size


def _looked_up(hashes: Any, tokenizer: Subwords) -> Any:
    """Id of the piece that a hash belongs to, 0 for none, int32."""
    parts = [(tokenizer.beginnings, hashing.PREFIX), (tokenizer.continuations, hashing.PLAIN)]
    keys = [(_hash(piece) + salt) % 2**64 for pieces, salt in parts for piece in pieces]
    ids = np.array([0, *(number + 1 for pieces, _ in parts for number in pieces.values())], np.int32)
    table = layers.IntegerLookup(
        vocabulary=[int(signed(key)) for key in keys], mask_token=None, oov_token=hashing.NOTHING, num_oov_indices=1
    )
    return ops.take(ids, ops.cast(table(hashes), "int32"))


def _hash(piece: str) -> int:
    codes = hashing.codes(_points(list(piece)))
    return int(np.sum(codes * hashing.powers(len(piece))[0], dtype=np.uint64))


def _starts(begins: Any, letter: Any) -> tuple[Any, Any, Any]:
    """Where words begin and end, in their order, int32 `(batch, length + 1)`, `length` behind the last.

    The third: how many begin before each place, `(batch, length + 1)`.
    """
    length = letter.shape[1]
    places = np.arange(length, dtype=np.int32)
    after = ops.logical_and(letter, ops.logical_not(ops.pad(ops.cast(letter[:, 1:], "int32"), ((0, 0), (0, 1))) > 0))
    first = ops.sort(ops.where(begins, places, np.int32(length)), axis=1)
    end = ops.sort(ops.where(after, places + np.int32(1), np.int32(length)), axis=1)
    before = ops.pad(ops.cumsum(ops.cast(begins, "int32"), axis=1), ((0, 0), (1, 0)))
    return (*(ops.pad(each, ((0, 0), (0, 1)), constant_values=length) for each in (first, end)), before)


def _whole(places: Any, letter: Any, begins: Any, sizes: Any, starts: tuple[Any, Any, Any], alphabet: list[str]) -> Any:
    """Whether the word that begins at a place is put together of pieces, booleans `(batch, length)`."""
    length = letter.shape[1]
    done, failed = np.int32(length), np.int32(length + 1)
    own = np.arange(length, dtype=np.int32)
    going_on = ops.pad(ops.cast(letter, "int32"), ((0, 0), (0, 2)))
    behind = ops.add(own, sizes)
    behind = ops.where(ops.take_along_axis(going_on, behind, axis=1) > 0, behind, done)
    pointers = ops.where(ops.equal(sizes, 0), failed, behind)
    pointers = ops.pad(pointers, ((0, 0), (0, 1)), constant_values=length)  # both ends point to themselves
    pointers = ops.pad(pointers, ((0, 0), (0, 1)), constant_values=length + 1)
    for _ in range(_doublings(LONGEST_WORD)):
        pointers = ops.take_along_axis(pointers, pointers, axis=1)
    bytes_each = np.array([0, 0, *(len(each.encode("utf8")) for each in alphabet)], np.int32)
    bytes_before = ops.pad(ops.cumsum(ops.take(bytes_each, places), axis=1), ((0, 0), (1, 0)))
    _, end, before = starts
    ends_at = ops.take_along_axis(end, before[:, :-1], axis=1)
    size = ops.subtract(ops.take_along_axis(bytes_before, ends_at, axis=1), bytes_before[:, :-1])
    together = ops.logical_and(ops.equal(pointers[:, :length], done), ops.less_equal(size, LONGEST_WORD))
    return ops.logical_and(begins, together)


def _stops(begins: Any, whole: Any, sizes: Any, starts: tuple[Any, Any, Any]) -> Any:
    """Where the piece at a place ends, int32 `(batch, length)`; an unknown word is one piece."""
    _, end, before = starts
    own = np.arange(begins.shape[1], dtype=np.int32)
    unknown = ops.logical_and(begins, ops.logical_not(whole))
    return ops.where(unknown, ops.take_along_axis(end, before[:, :-1], axis=1), ops.add(own, sizes))


def _followed(ids: Any, stops: Any, letter: Any, starts: tuple[Any, Any, Any], count: int) -> Any:
    """The ids of the first `count` pieces of texts in their order, int32 `(batch, count)`, zeros behind."""
    length = letter.shape[1]
    first, _, before = starts
    next_word = ops.take_along_axis(first, ops.take_along_axis(before, stops, axis=1), axis=1)
    inside = ops.take_along_axis(ops.pad(ops.cast(letter, "int32"), ((0, 0), (0, 1))), stops, axis=1) > 0
    pointers = ops.where(inside, stops, next_word)
    pointers = ops.pad(pointers, ((0, 0), (0, 1)), constant_values=length)
    order = np.arange(count, dtype=np.int32)
    at = ops.add(np.zeros_like(order), first[:, :1])
    for level in range(_doublings(count)):
        at = ops.where((order >> level) % 2 == 1, ops.take_along_axis(pointers, at, axis=1), at)
        pointers = ops.take_along_axis(pointers, pointers, axis=1)
    return ops.take_along_axis(ops.pad(ids, ((0, 0), (0, 1))), at, axis=1)


def _framed(ids: Any, tokenizer: Subwords) -> Any:
    """Ids with those of the first and the last piece around them, `(batch, most)`."""
    count = ops.sum(ops.cast(ops.greater(ids, 0), "int32"), axis=1, keepdims=True)
    ids = ops.pad(ids, ((0, 0), (1, 1)))
    order = np.arange(tokenizer.most, dtype=np.int32)
    ids = ops.where(order == 0, np.int32(tokenizer.first + 1), ids)
    return ops.where(ops.equal(order, ops.add(count, 1)), np.int32(tokenizer.last + 1), ids)


def _doublings(steps: int) -> int:
    """How often a pointer must be doubled to be followed so many steps."""
    return max(1, steps).bit_length()


def _shifted(letter: Any) -> Any:
    """Whether the place before is a letter."""
    return ops.pad(ops.cast(letter[:, :-1], "int32"), ((0, 0), (1, 0))) > 0


def _points(characters: list[str]) -> np.ndarray:
    return np.array([ord(each) for each in characters], np.uint32)
