"""The head: probabilities under every policy."""

import numpy as np
import pytest

from easynas.nets.head import ImageHead
from easynas.nets.network import model_of, precision
from easynas.schema import Answer
from easynas.testing import check_block
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
