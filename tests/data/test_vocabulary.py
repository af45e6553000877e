"""What a tokenizer learns from texts."""

import numpy as np
import pytest

from easynas.data.vocabulary import Limits, learn


def test_lengths_cover_almost_all_texts_and_not_the_longest_ones() -> None:
    texts = ["one two three"] * 399 + ["word " * 3000]
    tokenizer = learn(texts)
    assert (tokenizer.length, tokenizer.words) == (len(texts[0]), 3)


def test_without_repeated_words_those_of_one_text_are_known() -> None:
    assert len(learn(["alpha beta", "gamma delta"]).vocabulary) == 4
    assert len(learn(["alpha beta", "gamma beta"]).vocabulary) == 1


def test_both_cases_of_a_character_are_known_whichever_was_seen() -> None:
    tokenizer = learn(["Ärger", "ÄRGER"])
    assert set("äÄrR") <= set(tokenizer.characters)
    first, second = (tokenizer.encode([text])["words"] for text in ("ärger", "ÄrGeR"))
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("character", list(" \n\x00\u200d\ufe0f\u2028\u00a0"))
def test_spaces_controls_and_selectors_only_separate(character: str) -> None:
    assert character not in learn([f"a{character}b", f"b{character}a"]).characters


@pytest.mark.parametrize("text", ["日本", "ไท", "かな", "!?"])
def test_every_character_of_scripts_without_spaces_and_every_mark_is_a_word(text: str) -> None:
    tokenizer = learn([text, text])
    assert (tokenizer.encode([text])["words"][0] > 1).sum() == len(text)


def test_pieces_of_words_leave_room_for_words() -> None:
    texts = ["several different words", "several different words", "other words"]
    tokenizer = learn(texts, Limits(word_gram_vocabulary=3, character_gram_vocabulary=5))
    assert len(tokenizer.gram_vocabulary) == 3 + 5


def test_texts_beyond_what_is_learned_from_are_left_out_evenly() -> None:
    texts = ["first text"] * 20 + ["later text"] * 20
    tokenizer = learn(texts, Limits(learned=40))
    assert (tokenizer.encode(["first", "later"])["words"][:, 0] > 1).all()


def test_many_texts_leave_less_room_for_each() -> None:
    texts = ["many different words that make many different pieces of words and of characters"] * 100
    assert learn(texts, Limits(gram_bytes=4 * 70 * 100)).grams == 70
