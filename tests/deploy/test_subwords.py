"""The Keras graph of subwords: the same ids as Python's, in a file that needs Keras alone."""

import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from easynas.deploy.subwords import subword_ids
from tests.presets.written import NAMES, expected, subwords


@cache
def model(name: str) -> keras.Model:
    text = keras.Input((), dtype="string", name="text")
    return keras.Model(text, subword_ids(text, subwords(name)))


@cache
def graph(name: str) -> Any:
    return tf.function(model(name), input_signature=[tf.TensorSpec((None,), tf.string)])


def random_texts(name: str, count: int) -> list[str]:
    """Words of known characters and pieces, and characters of any kind."""
    rng = np.random.default_rng(1)
    pieces = [piece.removeprefix("##") for piece in subwords(name).pieces[5:]]
    strange = ["日", "é", "E\u0301", "ﬃ", "\u00a0", "\u200b", "😀", "\U0001d400", "\n", "!", "-", "\u0301", "\ufe0f"]

    def text() -> str:
        drawn = rng.choice([*pieces, *strange], rng.integers(0, 60))
        return "".join(each + " " * int(rng.random() < 0.4) for each in drawn)

    return [text() for _ in range(count)]


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_the_graph_gives_the_same_ids(name: str) -> None:
    texts, ids, _ = expected(name)
    np.testing.assert_array_equal(graph(name)(tf.constant(texts)), ids)
    drawn = random_texts(name, 600)
    np.testing.assert_array_equal(graph(name)(tf.constant(drawn)), subwords(name).encode(drawn))


@pytest.mark.slow
def test_the_file_loads_in_safe_mode_where_easynas_and_keras_hub_are_not(tmp_path: Path) -> None:
    texts, ids, _ = expected("bert")
    model("bert").save(tmp_path / "model.keras")
    np.savez(tmp_path / "expected.npz", texts=np.array(texts), ids=ids)
    code = """
import sys
sys.modules["easynas"] = sys.modules["keras_hub"] = sys.modules["tensorflow_text"] = None
import keras, numpy as np, tensorflow as tf
stored = np.load("expected.npz")
found = keras.models.load_model("model.keras")(tf.constant(stored["texts"].tolist()))
assert (np.array(found) == stored["ids"]).all()
print("same")
"""
    ran = subprocess.run([sys.executable, "-c", code], check=False, cwd=tmp_path, capture_output=True, text=True)
    assert ran.stdout.strip() == "same", ran.stderr[-2000:]
