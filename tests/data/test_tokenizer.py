"""The text encoder: what it accepts, what it learns, and what its arrays mean."""

import json
import time

import numpy as np
import pandas as pd
import pytest

from easynas.data.tokenizer import TextEncoder, check_texts
from easynas.data.vocabulary import DEFAULT
from easynas.errors import InputError

TEXTS = ["The cat sat.", "the dog sat!", "A cat, a dog.", "THE CAT"]


def ids(encoder: TextEncoder, text: str) -> list[int]:
    """Ids of the words of one text."""
    words = encoder.encode([text])["words"][0]
    return words[words > 0].tolist()


def grams(encoder: TextEncoder, text: str) -> set[int]:
    found = encoder.encode([text])["grams"][0]
    return set(found[found > 0].tolist())


def test_words_are_runs_of_letters_in_any_case_and_punctuation_alone() -> None:
    encoder = TextEncoder.learn(TEXTS)
    the, cat, sat, stop = ids(encoder, "The cat sat.")
    assert ids(encoder, "SAT the\tCat") == [sat, the, cat]
    assert ids(encoder, "cat.cat") == [cat, stop, cat]


def test_a_word_of_one_text_only_is_unknown_and_strange_characters_separate() -> None:
    encoder = TextEncoder.learn(TEXTS)
    (cat,) = ids(encoder, "cat")
    assert ids(encoder, "cat tac") == [cat, 1]
    assert ids(encoder, "cat\u2603cat\x00cat") == [cat, cat, cat]


def test_ids_follow_the_number_of_texts() -> None:
    encoder = TextEncoder.learn(["b a", "a b", "a c", "c a", "a c"])
    assert [ids(encoder, word)[0] for word in "acb"] == [2, 3, 4]


def test_an_ideograph_is_a_word_and_so_is_an_emoji() -> None:
    encoder = TextEncoder.learn(["日本語 😀😀", "日本 😀", "語 😀"])
    assert len(ids(encoder, "日本語😀")) == 4


def test_combining_marks_belong_to_their_word() -> None:
    encoder = TextEncoder.learn(["o\u0323ja ile", "o\u0323ja o"])
    assert len(ids(encoder, "o\u0323ja")) == 1
    assert ids(encoder, "o\u0323ja") != ids(encoder, "oja")


def test_grams_are_words_their_neighbourhood_and_their_parts() -> None:
    encoder = TextEncoder.learn(["great film", "great film", "film great"] * 3)
    assert grams(encoder, "great film") != grams(encoder, "film great")
    assert grams(encoder, "great") | grams(encoder, "film") < grams(encoder, "great film")
    assert grams(encoder, "greater") & grams(encoder, "great")


def test_grams_rise_and_are_unique_with_zeros_behind() -> None:
    encoder = TextEncoder.learn(TEXTS)
    for row in encoder.encode(TEXTS)["grams"]:
        found = row[row > 0]
        assert (np.diff(found) > 0).all()
        assert not row[len(found) :].any()


def test_arrays_are_as_announced_for_no_text_and_empty_ones_too() -> None:
    encoder = TextEncoder.learn(TEXTS)
    for texts in ([], [""], ["", "  "], TEXTS):
        for name, array in encoder.encode(encoder.check(texts)).items():
            shape, dtype = encoder.inputs[name]
            assert array.shape == (len(texts), *shape)
            assert array.dtype == dtype
    assert not encoder.encode([""])["words"].any()


def test_many_texts_are_encoded_as_each_alone() -> None:
    rng = np.random.default_rng(0)
    texts = ["".join(rng.choice(list("ab .\u00e4"), size=rng.integers(0, 900))) for _ in range(900)]
    encoder = TextEncoder.learn(texts)
    together = encoder.encode(texts)
    for i in range(0, len(texts), 97):
        for name, alone in encoder.encode(texts[i : i + 1]).items():
            np.testing.assert_array_equal(together[name][i], alone[0])


def test_it_survives_json() -> None:
    encoder = TextEncoder.learn(TEXTS)
    again = TextEncoder.from_config(json.loads(json.dumps(encoder.to_config())))
    assert again.schema == encoder.schema
    for name, array in encoder.encode(TEXTS).items():
        np.testing.assert_array_equal(again.encode(TEXTS)[name], array)


def test_long_texts_have_bounded_arrays() -> None:
    encoder = TextEncoder.learn([" ".join(f"w{i}" for i in range(start, start + 2000)) for start in (0, 100)])
    assert encoder.schema.words == DEFAULT.words
    assert encoder.schema.grams <= DEFAULT.grams


@pytest.mark.parametrize(
    "given",
    [
        ["a", "b"],
        ("a", "b"),
        np.array(["a", "b"]),
        pd.Series(["a", "b"]),
        pd.DataFrame({"t": ["a", "b"]}),
        [["a"], ["b"]],
    ],
)
def test_lists_arrays_and_pandas_are_texts(given: object) -> None:
    assert check_texts(given).tolist() == ["a", "b"]


def test_missing_texts_are_empty_and_half_characters_are_replaced() -> None:
    assert check_texts([None, float("nan"), pd.NA, "a\ud800b"]).tolist() == ["", "", "", "a\ufffdb"]


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ("a text", "put it into a list"),
        (["a", 3], "position 1"),
        ([b"a"], "decode bytes"),
        (7, "list of texts"),
        (np.array([["a", "b"]]), "join the texts"),
    ],
)
def test_what_is_no_text_is_refused_with_a_way_out(given: object, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        check_texts(given)


def test_what_was_checked_is_a_copy() -> None:
    given = np.array(["a", None], dtype=object)
    check_texts(given)
    assert given[1] is None


@pytest.mark.parametrize("texts", [[], ["", " \n"]])
def test_blank_texts_cannot_be_learned_from(texts: list[str]) -> None:
    with pytest.raises(InputError, match="must hold words"):
        TextEncoder.learn(texts)


@pytest.mark.slow
def test_fifty_thousand_texts_are_encoded_in_seconds() -> None:
    rng = np.random.default_rng(0)
    words = np.array(["".join(rng.choice(list("abcdefghij"), size=rng.integers(1, 9))) for _ in range(5000)])
    texts = [" ".join(words[chosen]) for chosen in rng.integers(0, len(words), (50_000, 18))]
    encoder = TextEncoder.learn(texts)
    start = time.perf_counter()
    encoder.encode(texts)
    assert time.perf_counter() - start < 15  # 5 on an idle machine
