"""A text model on a device: one file, numpy and an interpreter."""

import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from easynas.data.tokenizer import TextEncoder
from easynas.deploy.description import append
from easynas.deploy.silence import Silence
from easynas.nets.text.linear import Linear
from easynas.nets.text.statistics import GramStatistics
from easynas.runtime import Text
from easynas.runtime.interpreter import INTERPRETERS
from easynas.schema import Answer
from tests.nets.text.drawn import answered, network

TEXTS = ["good film", "bad film", "a good day", "a bad day", "good, good", "bad, bad"]
ANSWER = Answer("classes", 2)


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, np.ndarray]:
    """A folder with the file, and what the network answers to the texts."""
    folder = tmp_path_factory.mktemp("exported")
    encoder = TextEncoder.learn(TEXTS)
    arrays = encoder.encode(TEXTS)
    statistics = GramStatistics.learn(
        arrays["grams"], np.array([0, 1] * 3), ANSWER, vocabulary=encoder.schema.gram_vocabulary
    )
    model = network(Linear(ANSWER, statistics), schema=encoder.schema)
    signature = {name: tf.TensorSpec((1, *shape), dtype, name=name) for name, (shape, dtype) in encoder.inputs.items()}
    with Silence():
        graph = tf.function(lambda inputs: model(inputs, training=False)).get_concrete_function(signature)
        content = tf.lite.TFLiteConverter.from_concrete_functions([graph]).convert()
    (folder / "model.tflite").write_bytes(content)
    config = {"format": 1, "encoder": encoder.to_config(), "target": {"kind": "classes", "labels": ["bright", "dark"]}}
    append(folder / "model.tflite", config)
    return folder, answered(model, arrays)


def test_it_answers_as_the_network_does(exported: tuple[Path, np.ndarray]) -> None:
    folder, expected = exported
    received = Text(folder / "model.tflite").predict_proba(TEXTS)
    np.testing.assert_allclose(received, expected, atol=1e-6)
    assert Text(folder / "model.tflite").predict(TEXTS) == ["bright", "dark"] * 3


def test_no_text_has_no_answers(exported: tuple[Path, np.ndarray]) -> None:
    folder, _ = exported
    assert Text(folder / "model.tflite").predict_proba([]).shape == (0, 2)


@pytest.mark.parametrize(("given", "sentence"), [("good", "into a list"), (["good", 3], "convert it with `str`")])
def test_what_is_no_list_of_texts_is_refused(exported: tuple[Path, np.ndarray], given: object, sentence: str) -> None:
    folder, _ = exported
    with pytest.raises(ValueError, match=sentence):
        Text(folder / "model.tflite").predict_proba(given)  # type: ignore[arg-type]


def test_without_an_interpreter_it_says_what_to_install(
    exported: tuple[Path, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, _ = exported
    for package in INTERPRETERS:
        monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ValueError, match="pip install ai-edge-litert"):
        Text(folder / "model.tflite")
