"""The encoder as Keras layers gives the arrays of the encoder, also where easynas is not installed."""

import json
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from easynas.data.frame import Table
from easynas.data.table import TableEncoder
from easynas.deploy.tables import tabulate
from tests.data.tables import orders

_ALONE = """
import json, sys
import keras, numpy as np
model = keras.models.load_model(sys.argv[1])
cells = json.load(open(sys.argv[2]))
raw = {name: np.array(column, object if isinstance(column[0], str) else "f8") for name, column in cells.items()}
np.savez(sys.argv[3], **{name: np.asarray(array) for name, array in model(raw).items()})
assert "easynas" not in sys.modules
"""


def same(encoder: TableEncoder, samples: Table, received: dict[str, np.ndarray]) -> None:
    expected = encoder.encode(samples)
    assert sorted(received) == sorted(expected)
    for name, array in expected.items():
        assert received[name].dtype == array.dtype
        np.testing.assert_array_equal(received[name], array)


def strange_orders() -> dict[str, list[object]]:
    """Orders with what training never saw."""
    table = orders(seed=1)
    table["weight"][:3] = [np.inf, 1e300, -0.0]
    table["colour"][:6] = ["purple", "", "N/A", "[UNK]", "réd", "NA"]
    table["grade"][:2] = [9, 2.5]
    table["ordered"][:4] = ["1969-12-31 23:59:59", "2000-02-29", "2100-03-01 00:00:01", "1600-02-29"]
    table["comment"][:4] = ["\u00e9\u00e8 \u00a0 x", " ? ", "  two\twords  ", "NA"]
    return table


@pytest.mark.slow
def test_keras_layers_repeat_the_encoder_exactly() -> None:
    encoder = TableEncoder.learn(orders(), column_types={"shop": "categorical"})
    repeats(encoder, [orders(), strange_orders()])


@pytest.mark.slow
def test_keras_layers_find_the_topics_of_texts_exactly() -> None:
    def with_titles(table: dict[str, list[object]]) -> dict[str, list[object]]:
        titles = ["Größe M, gut!", "日本 good", "NA", "good GOOD 5", "M 5", ""]
        return {**table, "title": [titles[row % 6] for row in range(len(table["weight"]))]}

    encoder = TableEncoder.learn(with_titles(orders(rows=120)), column_types={"title": "text"})
    assert {"title topic 1", "comment topic 2"} <= set(encoder.number_names)
    repeats(encoder, [with_titles(orders()), with_titles(strange_orders())])


def repeats(encoder: TableEncoder, tables: list[dict[str, list[object]]]) -> None:
    """The Keras layers give what the encoder gives, called and compiled."""
    model = keras.Model(*tabulate(encoder))
    compiled = tf.function(model)
    for table in tables:
        samples = encoder.check(table)
        raw = encoder.raw(samples)
        same(encoder, samples, {name: np.asarray(array) for name, array in model(raw).items()})
        received = compiled({name: tf.constant(cells) for name, cells in raw.items()})
        same(encoder, samples, {name: np.asarray(array) for name, array in received.items()})


@pytest.mark.slow
def test_a_saved_model_needs_no_easynas(tmp_path: Path) -> None:
    encoder = TableEncoder.learn(orders())
    keras.Model(*tabulate(encoder)).save(tmp_path / "model.keras")
    samples = encoder.check(strange_orders())
    raw = {name: cells[:, 0].tolist() for name, cells in encoder.raw(samples).items()}
    (tmp_path / "raw.json").write_text(json.dumps(raw))
    files = [str(tmp_path / name) for name in ("model.keras", "raw.json", "encoded.npz")]
    subprocess.run([sys.executable, "-I", "-c", _ALONE, *files], check=True, cwd=tmp_path)
    with np.load(tmp_path / "encoded.npz") as received:
        same(encoder, samples, dict(received))


def test_names_that_keras_refuses_are_changed_and_stay_different() -> None:
    encoder = TableEncoder.learn({"a/b": [1.5, 2.5], "a_b": [1.5, 3.5], "d": [1.5, 2.5]})
    assert encoder.input_names == ("a_b", "a_b_", "d")
    assert sorted(tabulate(encoder)[0]) == ["a_b", "a_b_", "d"]
