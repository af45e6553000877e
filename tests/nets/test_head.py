"""The head: probabilities under every policy."""

from typing import Any

import keras
import numpy as np
import pytest

from easynas.nets.head import ImageHead, activate, cool
from easynas.nets.network import model_of, precision
from easynas.schema import Answer
from easynas.testing import check_block
from easynas.train.calibration import tempered
from tests.nets.drawn import pixels

SHAPE = (4, 3, 8)


def test_it_keeps_the_promises_of_a_block() -> None:
    check_block(ImageHead(Answer("classes", 5)), shape=SHAPE, samples=2)


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
def test_probabilities_are_exact_under_every_policy(policy: str) -> None:
    with precision(policy):
        model = model_of(ImageHead(Answer("classes", 5)), {"head/pooling": "avg", "head/dropout": 0.3}, SHAPE)
    probabilities = np.asarray(model(pixels(6, SHAPE), training=False))
    assert probabilities.dtype == np.float32
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-6)


@pytest.mark.parametrize(("pooling", "pooled"), [("avg", np.mean), ("max", np.max)])
def test_the_choice_of_pooling_is_the_one_that_is_built(pooling: str, pooled: np.ufunc) -> None:
    model = model_of(ImageHead(Answer("classes", 5)), {"head/pooling": pooling, "head/dropout": 0.0}, SHAPE)
    kernel, _ = model.get_weights()
    x = pixels(6, SHAPE) / 255
    logits = model.get_layer("logits").output
    expected = pooled(x, axis=(1, 2)) @ kernel
    inner = type(model)(model.input, logits)
    np.testing.assert_allclose(inner(x), expected, atol=1e-5)


def test_dropout_is_active_while_training_only() -> None:
    model = model_of(ImageHead(Answer("classes", 5)), {"head/pooling": "avg", "head/dropout": 0.5}, SHAPE)
    x = pixels(6, SHAPE) / 255
    np.testing.assert_array_equal(model(x, training=False), model(x, training=False))
    assert not np.array_equal(model(x, training=True), model(x, training=True))


def single(x: Any, answer: Answer) -> Any:
    return activate(keras.layers.Dense(answer.outputs)(x), answer)


def average(x: Any, answer: Answer) -> Any:
    seen = [keras.Input((5,)) for _ in range(2)]
    return keras.layers.Average()([keras.Model(own, single(own, answer))(x) for own in seen])


def members(x: Any, answer: Answer) -> Any:
    each = keras.layers.Reshape((4, answer.outputs))(keras.layers.Dense(4 * answer.outputs)(x))
    return keras.layers.GlobalAveragePooling1D()(activate(each, answer))


@pytest.mark.parametrize("kind", ["classes", "labels"])
@pytest.mark.parametrize("network", [single, average, members])
def test_a_cooled_network_answers_at_its_temperature(network: Any, kind: Any) -> None:
    answer = Answer(kind, 3)
    x = keras.Input((5,))
    model = keras.Model(x, network(x, answer), name="network")
    samples = np.random.default_rng(0).normal(0.0, 2.0, (40, 5)).astype("float32")
    cooled = cool(model, answer, 0.6)
    expected = tempered(np.asarray(model(samples)), answer, 0.6)
    np.testing.assert_allclose(cooled(samples), expected, atol=1e-5)
    np.testing.assert_array_equal(np.argmax(cooled(samples), axis=1), np.argmax(model(samples), axis=1))
    assert cooled.name == "network"
    assert [weight.path for weight in cooled.weights] == [weight.path for weight in model.weights]
