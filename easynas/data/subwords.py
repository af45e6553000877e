"""What characters become before a text is cut into subwords: the folding of BERT's tokenizer, written down once.

As KerasHub's `WordPieceTokenizer` does it: white space and controls separate words, punctuation and ideographs are a
word each, accents may be dropped, and letters become NFKC's case-folded form. There: of a whole word. Here: of one
character at a time, so a letter and an accent that are written as two characters do not become one. NFC texts, which
nearly all are, give the same ids.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from easynas.data.preset import Preset
from easynas.runtime.subwords import BREAK, STRANGE, Subwords

_PLANES = 0x20000
"""Code points that are looked at: the first two planes, in which living languages and symbols are written."""

_MOST_FOLDED = 8  # characters that one may become; ligatures of whole words are strange
_MOST = 128  # subwords of a text: what a network of this kind takes grows with them, and opinions show early
_CHARACTERS = 8  # read for each subword: English has 4 to 5
_COVERED = 0.98  # of the texts have room for all their subwords
_LOOKED_AT = 2_000  # texts that tell how long texts are

_ASCII_PUNCTUATION = frozenset("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")
_IDEOGRAPHS = ((0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0xF900, 0xFAFF))
_IGNORED = ((0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F), (0xFE00, 0xFE0F))
"""First and last of the code points without a look of their own; of those, Unicode's folding drops what is no
control."""
_IGNORED_ALONE = frozenset("\u034f\u3164\uffa0")


def learn(texts: Sequence[str], preset: Preset) -> Subwords:
    """The tokenizer of a pretrained encoder, with room for as many subwords as these texts need, 128 at most."""
    characters, folded = foldings(preset)
    most = min(_MOST, preset.longest)
    tokenizer = Subwords(
        pieces=preset.pieces,
        suffix=preset.suffix,
        unknown=preset.pieces.index(preset.unknown),
        first=preset.pieces.index("[CLS]"),
        last=preset.pieces.index("[SEP]"),
        characters=characters,
        folded=folded,
        length=_CHARACTERS * most,
        most=most,
        source=preset.identity,
    )
    some = [texts[index] for index in np.linspace(0, len(texts) - 1, min(len(texts), _LOOKED_AT)).astype(int)]
    counts = [len(tokenizer.cut(text)) + 2 for text in some]
    most = int(min(max(np.quantile(counts, _COVERED, method="higher"), 3), most))
    return replace(tokenizer, most=most, length=_CHARACTERS * most)


def foldings(preset: Preset) -> tuple[str, tuple[str, ...]]:
    """All characters that are not strange to a preset, and what each becomes, see `Subwords`."""
    known = frozenset().union(*preset.pieces)
    characters, folded = [], []
    for point in range(1, _PLANES):  # Keras has no entry for character 0, which is no text
        if 0xD800 <= point < 0xE000:  # halves of surrogate pairs
            continue
        character = chr(point)
        form = _fold(character, preset, known)
        if form != STRANGE:
            characters.append(character)
            folded.append(form)
    return "".join(characters), tuple(folded)


def _fold(character: str, preset: Preset, known: frozenset[str]) -> str:
    if _separates(character):
        return BREAK
    # Accents are dropped before words are told apart: a struck-out sign is the sign itself.
    plain = _without_accents(character) if preset.strips_accents else character
    parts = _case_folded(plain) if preset.lowercase else plain
    if len(parts) > _MOST_FOLDED or not known.issuperset(parts):
        parts = STRANGE
    return f"{BREAK}{parts}{BREAK}" if _is_alone(character) or _is_alone(plain) else parts


def _separates(character: str) -> bool:
    return character in " \t\n\r\f" or unicodedata.category(character) in ("Cc", "Cf")


def _is_alone(character: str) -> bool:
    if len(character) != 1:
        return False
    if character in _ASCII_PUNCTUATION or unicodedata.category(character)[0] == "P":
        return True
    return _within(character, _IDEOGRAPHS)


def _without_accents(character: str) -> str:
    parts = unicodedata.normalize("NFD", character)
    return "".join(part for part in parts if unicodedata.category(part) != "Mn")


def _case_folded(text: str) -> str:
    """NFKC_Casefold of The Unicode Standard, section 3.13."""
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return "".join(each for each in text if each not in _IGNORED_ALONE and not _within(each, _IGNORED))


def _within(character: str, ranges: tuple[tuple[int, int], ...]) -> bool:
    return any(first <= ord(character) <= last for first, last in ranges)
