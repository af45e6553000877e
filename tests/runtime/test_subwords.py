"""Texts are cut into the subwords that KerasHub's own tokenizer gives."""

import json
from dataclasses import replace

import numpy as np
import pytest

from easynas.runtime.subwords import Subwords
from tests.presets.written import NAMES, expected, subwords


@pytest.mark.parametrize("name", NAMES)
def test_ids_equal_those_of_keras_hub(name: str) -> None:
    texts, ids, _ = expected(name)
    tokenizer = subwords(name)
    np.testing.assert_array_equal(tokenizer.encode(texts), ids)
    known = (ids > 1) & (ids != tokenizer.unknown + 1)
    assert known.sum() > 2_000  # most were not unknown


def test_a_word_becomes_its_longest_pieces() -> None:
    pieces = ("[UNK]", "[CLS]", "[SEP]", "play", "pl", "##ay", "##ing", "##in", "!")
    letters = "aginply"
    tokenizer = Subwords(pieces, "##", 0, 1, 2, f"{letters} !", (*letters, "\n", "\n!\n"), 50, 8, "")
    assert tokenizer.cut("playing plin!") == [3, 6, 4, 7, 8]
    assert tokenizer.cut("player") == [0]  # what cannot be put together is unknown as a whole
    assert tokenizer.encode(["play", ""]).tolist() == [[2, 4, 3, 0, 0, 0, 0, 0], [2, 3, 0, 0, 0, 0, 0, 0]]


def test_more_subwords_than_there_is_room_for_are_cut_before_the_last() -> None:
    tokenizer = replace(subwords("bert"), most=5)
    ids = tokenizer.encode(["a a a a a a a"])[0]
    assert ids[0] == tokenizer.first + 1
    assert ids[-1] == tokenizer.last + 1


def test_the_configuration_is_plain_json_and_makes_the_same_tokenizer() -> None:
    texts, ids, _ = expected("bert")
    again = Subwords.from_config(json.loads(json.dumps(subwords("bert").to_config())))
    np.testing.assert_array_equal(again.encode(texts), ids)
    with pytest.raises(ValueError, match="upgrade easynas"):
        Subwords.from_config({**again.to_config(), "format": 99})


def test_no_text_has_no_ids() -> None:
    assert subwords("bert").encode([]).shape == (0, 48)
