"""The presets of this folder, and what KerasHub makes of some texts with them, see `make.py`."""

from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from easynas.data.preset import Preset
from easynas.data.subwords import foldings
from easynas.runtime.subwords import Subwords

HERE = Path(__file__).parent
NAMES = ("bert", "distilbert")


class Expected(NamedTuple):
    """What KerasHub makes of texts: ids, and what its network says of every 14th text."""

    texts: list[str]
    ids: np.ndarray
    states: np.ndarray


@cache
def expected(name: str) -> Expected:
    with np.load(HERE / name / "expected.npz", allow_pickle=False) as stored:
        return Expected(stored["texts"].tolist(), stored["ids"], stored["states"])


@cache
def preset(name: str) -> Preset:
    return Preset.open(HERE / name)


@cache
def subwords(name: str) -> Subwords:
    """The tokenizer with room for as much as KerasHub was asked for."""
    found = preset(name)
    characters, folded = foldings(found)
    unknown, first, last = (found.pieces.index(each) for each in (found.unknown, "[CLS]", "[SEP]"))
    return Subwords(
        found.pieces, found.suffix, unknown, first, last, characters, folded, 260, found.longest, found.identity
    )
