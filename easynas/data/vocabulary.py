"""What a tokenizer learns from the training texts: characters, lengths and vocabularies, all by general rules.

Nothing here looks at labels, so every rule is the same for every task.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from easynas.runtime.hashing import NOTHING
from easynas.runtime.pieces import Pieces
from easynas.runtime.tokenizer import Tokenizer

_ALMOST_ALL = 0.995  # of the texts are read in full
_MOST = 0.98  # of the sequences are
_RARE = 10_000  # texts per document that a word must be in, beside the two that are needed in any case
_CANDIDATES = 2**20  # n-grams whose documents are counted
_STEP = 2**23  # hashes that are counted at a time

_WITHOUT_SPACES = (
    *((0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF)),  # Thai, Lao, Myanmar, Khmer
    *((0x3040, 0x30FF), (0xFF66, 0xFF9F)),  # Kana
    *((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x3FFFF)),  # Han
)
"""First and last code points of scripts whose words are not separated: a character is a word there."""


@dataclass(frozen=True)
class Limits:
    """What is never exceeded, however large the texts are.

    Attributes:
        length: characters that are read of a text: about a thousand words of English.
        words: length of sequences: the time of a step grows with it, and topics and opinions show early.
        grams: n-grams kept of one text.
        gram_bytes: of the encoded n-grams of all texts.
        word_vocabulary: words that are known.
        word_gram_vocabulary: n-grams of words that are known.
        character_gram_vocabulary: n-grams of characters that are known; they have room of their own, because pieces of
            words are in more texts than words.
        learned: characters that vocabularies are learned from; of more, whole texts are left out evenly.
    """

    length: int = 6000
    words: int = 256
    grams: int = 4096
    gram_bytes: int = 2**29
    word_vocabulary: int = 20_000
    word_gram_vocabulary: int = 2**15
    character_gram_vocabulary: int = 2**15
    learned: int = 10**7


DEFAULT = Limits()


def learn(texts: Sequence[str], limits: Limits = DEFAULT) -> Tokenizer:
    """The tokenizer for texts like these; without a character if they are all blank.

    Texts are read to the length that covers 99.5 % of them. A word or n-gram is known if it is in at least two texts,
    and one more for every 10,000; if nothing is, those of one text are. Ids follow the number of texts, the most
    frequent first.
    """
    sizes = np.array([len(text) for text in texts])
    length = _covering(sizes, _ALMOST_ALL, most=limits.length)
    characters, folded, alone = _characters(text[:length] for text in texts)
    nothing = np.zeros(0, np.int64)
    tokenizer = Tokenizer(
        characters, folded, alone, length, limits.words, limits.grams, nothing, nothing, spelling=True
    )
    learned = _evenly(texts, limits.learned / max(int(np.minimum(sizes, length).sum()), 1))
    least = 2 + len(learned) // _RARE
    counts, vocabulary = _words(tokenizer, learned, least, limits.word_vocabulary)
    tokenizer = replace(tokenizer, words=_covering(counts, _MOST, most=limits.words), vocabulary=vocabulary)
    room = min(limits.grams, max(64, limits.gram_bytes // (4 * len(texts))))
    return _with_grams(replace(tokenizer, grams=room), learned, least, limits)


def _covering(sizes: np.ndarray, share: float, *, most: int) -> int:
    """The size that covers a share of the sizes, from 1 to `most`."""
    return int(min(max(np.quantile(sizes, share, method="higher"), 1), most))


def _characters(texts: Iterable[str]) -> tuple[str, str, str]:
    """All characters of words in either case, their lower forms, and those that are a word each."""
    seen = set().union(*(set(text) for text in texts))
    variants = seen | {form for character in seen for form in (character.lower(), character.upper())}
    kept = sorted(character for character in variants if len(character) == 1 and _is_kept(character))
    alone = (character for character in kept if _is_alone(character))
    return "".join(kept), "".join(_fold(character) for character in kept), "".join(alone)


def _fold(character: str) -> str:
    lower = character.lower()
    return lower if len(lower) == 1 else character


def _is_kept(character: str) -> bool:
    """Letters, marks, numbers, punctuation and symbols; no spaces, controls, or selectors of a glyph's variant."""
    selector = 0xFE00 <= ord(character) <= 0xFE0F or 0xE0100 <= ord(character) <= 0xE01EF
    return unicodedata.category(character)[0] in "LMNPS" and not selector


def _is_alone(character: str) -> bool:
    if unicodedata.category(character)[0] in "PS":
        return True
    return any(first <= ord(character) <= last for first, last in _WITHOUT_SPACES)


def _evenly(texts: Sequence[str], share: float) -> list[str]:
    """A share of the texts, at least one and at most all, evenly from beginning to end."""
    count = max(1, int(len(texts) * min(share, 1.0)))
    return [texts[i] for i in np.linspace(0, len(texts) - 1, count).astype(int)]


def _words(tokenizer: Tokenizer, texts: Sequence[str], least: int, most: int) -> tuple[np.ndarray, np.ndarray]:
    """How many words each text has, and the vocabulary."""
    counts, keys = np.zeros(len(texts), np.int64), []
    for start, stop, pieces in tokenizer.cut(texts):
        counts[start:stop] = np.bincount(pieces.word_owners, minlength=stop - start)
        keys.append(_distinct(pieces.words(), pieces.word_owners))
    hashes, documents = np.unique(np.concatenate(keys), return_counts=True)
    return counts, _most_frequent(hashes, documents, least, most)[0]


def _distinct(hashes: np.ndarray, owners: np.ndarray) -> np.ndarray:
    """The hashes of every owner, each once."""
    order = np.lexsort((hashes, owners))
    hashes, owners = hashes[order], owners[order]
    new = np.ones(len(hashes), bool)
    new[1:] = (hashes[1:] != hashes[:-1]) | (owners[1:] != owners[:-1])
    return np.asarray(hashes[new])


def _with_grams(tokenizer: Tokenizer, texts: Sequence[str], least: int, limits: Limits) -> Tokenizer:
    """The tokenizer with n-grams, and as much of its room for them as the texts need."""
    chosen = [
        _frequent_grams(tokenizer, texts, least, limits.word_gram_vocabulary, spelled=False),
        _frequent_grams(tokenizer, texts, least, limits.character_gram_vocabulary, spelled=True),
    ]
    hashes, documents = (np.concatenate(each) for each in zip(*chosen, strict=True))
    vocabulary = hashes[np.argsort(-documents, kind="stable")]
    tokenizer = replace(tokenizer, gram_vocabulary=vocabulary, spelling=len(chosen[1][0]) > 0)
    counts = (tokenizer.encode(texts)["grams"] > 0).sum(axis=1)
    return replace(tokenizer, grams=_covering(counts, _ALMOST_ALL, most=tokenizer.grams))


def _frequent_grams(
    tokenizer: Tokenizer, texts: Sequence[str], least: int, most: int, *, spelled: bool
) -> tuple[np.ndarray, np.ndarray]:
    """N-grams of words or of characters and their numbers of texts: occurrences are counted first, as it is cheaper."""
    hashes, counts = np.zeros(0, np.int64), np.zeros(0, np.int64)
    waiting: list[np.ndarray] = []
    for _, _, pieces in tokenizer.cut(texts):
        waiting += [part for part, _ in _grams(pieces, spelled=spelled)]
        if sum(map(len, waiting)) > _STEP:
            hashes, counts = _merged(hashes, counts, waiting)
            waiting = []
    hashes, counts = _merged(hashes, counts, waiting)
    hashes, _ = _most_frequent(hashes, counts, least, _CANDIDATES)
    counter = replace(tokenizer, gram_vocabulary=hashes, spelling=spelled)
    documents = counter.count_documents(texts)
    return _most_frequent(hashes, documents, least, most)


def _grams(pieces: Pieces, *, spelled: bool) -> Iterable[tuple[np.ndarray, np.ndarray]]:
    return pieces.character_grams() if spelled else pieces.word_grams()


def _merged(hashes: np.ndarray, counts: np.ndarray, parts: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Adds the occurrences in `parts`; of very many different hashes, those that were met once are forgotten."""
    new, added = np.unique(np.concatenate([hashes[:0], *parts]), return_counts=True)
    merged, inverse = np.unique(np.concatenate([hashes, new]), return_inverse=True)
    total = np.bincount(inverse, np.concatenate([counts, added]), minlength=len(merged)).astype(np.int64)
    keep = total > (1 if len(merged) > _STEP else 0)
    return merged[keep], total[keep]


def _most_frequent(hashes: np.ndarray, counts: np.ndarray, least: int, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Those counted at least so often, or all if none is, the most frequent first."""
    usual = counts >= least
    keep = np.flatnonzero((usual if usual.any() else counts > 0) & (hashes != NOTHING))
    order = keep[np.argsort(-counts[keep], kind="stable")][:most]
    return hashes[order], counts[order]
