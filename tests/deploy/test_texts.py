"""The Keras graph of the tokenizer: the same ids, in a file that needs Keras alone."""

import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from easynas.data.tokenizer import TextEncoder
from easynas.deploy.texts import tokenize
from easynas.runtime import Tokenizer

ALPHABET = "aAbBéÉßİ\u0131\u03c3\u03c2Σ 日本ไทย!?.😀🏽\u0301\u200d\ufe0f\n\t\x00\u2028\ufeff\ufffe\U0001d4b3𐐀9"
LEARNED = [
    "the cat sat on the mat.",
    "The CAT, the dog; the mat!",
    "ÉTÉ été 日本語 ไทย 😀🏽 Σίσυφος",
    "été 日本 ไทย 😀 \u03c3ί\u03c3 \U0001d4b3 𐐀9",
    *("".join(ALPHABET[(i * k) % len(ALPHABET)] for i in range(30)) for k in (1, 2, 3, 5, 7)),
]


@cache
def encoder() -> TextEncoder:
    return TextEncoder.learn(LEARNED)


@cache
def graph() -> Any:
    model = keras.Model(*tokenize(encoder()))
    signature = [tf.TensorSpec((None,), tf.string)]
    return tf.function(lambda texts: model({"text": texts}, training=False), input_signature=signature)


def assert_alike(texts: list[str]) -> None:
    """The graph, the encoder and the runtime give the same ids."""
    runtime = Tokenizer.from_config(encoder().to_config()).encode(texts)
    from_graph = graph()(tf.constant(texts, tf.string))
    for name, expected in encoder().encode(encoder().check(texts)).items():
        np.testing.assert_array_equal(runtime[name], expected)
        np.testing.assert_array_equal(from_graph[name], expected)
        assert from_graph[name].dtype == encoder().inputs[name][1]


def random_texts(count: int, seed: int) -> list[str]:
    """Texts of known and of any code points, some empty, some long."""
    rng = np.random.default_rng(seed)
    known = encoder().tokenizer.characters + "      "

    def text() -> str:
        size = int(rng.choice([0, 1, 2, 5, 20, 60, 400], p=[0.05, 0.1, 0.1, 0.2, 0.3, 0.2, 0.05]))
        any_plane = (int(point) for point in rng.integers(0, 0x110000, size))
        drawn = [known[i] for i in rng.integers(0, len(known), size)]
        strange = rng.random(size) < rng.choice([0.0, 0.1, 1.0])
        wild = [chr(point) if not 0xD800 <= point < 0xE000 else "\u0301" for point in any_plane]
        return "".join(w if s else d for w, s, d in zip(wild, strange, drawn, strict=True))

    return [text() for _ in range(count)]


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(alphabet=ALPHABET, max_size=60) | st.text(max_size=30), min_size=1, max_size=8))
def test_any_text_has_the_same_ids_everywhere(texts: list[str]) -> None:
    assert_alike(texts)


@pytest.mark.slow
def test_ten_thousand_random_texts_have_the_same_ids_everywhere() -> None:
    texts = random_texts(10_000, seed=0)
    assert_alike(texts)
    assert (encoder().encode(texts)["words"] > 1).sum() > 10_000  # the texts were not all unknown


@pytest.mark.parametrize("texts", [["ab"], ["a"], ["a b", "b a"], ["!"], ["日"], ["a" * 50]])
def test_tiny_training_texts_make_a_graph_too(texts: list[str]) -> None:
    small = TextEncoder.learn(texts)
    model = keras.Model(*tokenize(small))
    asked = [*texts, "", "a b a", "xyz", "日!"]
    found = model({"text": tf.constant(asked)})
    for name, expected in small.encode(small.check(asked)).items():
        np.testing.assert_array_equal(found[name], expected)


@pytest.mark.slow
def test_the_file_loads_in_safe_mode_where_easynas_is_not(tmp_path: Path) -> None:
    keras.Model(*tokenize(encoder())).save(tmp_path / "model.keras")
    expected = encoder().encode(LEARNED)
    np.savez(tmp_path / "expected.npz", texts=np.array(LEARNED), **expected)
    code = """
import sys
sys.modules["easynas"] = None
import keras, numpy as np, tensorflow as tf
stored = np.load("expected.npz")
model = keras.models.load_model("model.keras")
found = model({"text": tf.constant(stored["texts"].tolist())})
assert all((np.array(found[name]) == stored[name]).all() for name in ("words", "grams"))
print("same")
"""
    ran = subprocess.run([sys.executable, "-c", code], check=False, cwd=tmp_path, capture_output=True, text=True)
    assert ran.stdout.strip() == "same", ran.stderr[-2000:]
