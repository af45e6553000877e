"""Weights in float16 beside constants that stay in float32."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from easynas.data.numbers import NumberTarget
from easynas.deploy.bundle import Bundle, assemble
from easynas.deploy.export import export
from easynas.deploy.half import halved
from easynas.deploy.measure import Interpreter
from tests.deploy.conftest import chain, encoder_of, tower


def converted(model: keras.Model) -> bytes:
    """The model as a file in float32."""
    shape = (1, *model.input_shape[1:])
    graph = tf.function(model, autograph=False).get_concrete_function(tf.TensorSpec(shape, tf.float32))
    content: bytes = tf.lite.TFLiteConverter.from_concrete_functions([graph]).convert()
    return content


def constants(content: bytes) -> dict[type, int]:
    """How many numbers a file holds in each type."""
    graph = Interpreter(content, delegates=False).graph()
    made = {index for operator in graph.operators for index in operator["outputs"]} | set(graph.inputs)
    found: dict[type, int] = {}
    for index in {index for operator in graph.operators for index in operator["inputs"] if index >= 0} - made:
        tensor = graph.tensors[index]
        found[tensor["dtype"]] = found.get(tensor["dtype"], 0) + int(np.prod(tensor["shape"]))
    return found


@pytest.mark.parametrize("mean", [5e6, 2000.0])
def test_numbers_are_as_exact_as_their_weights(mean: float, tmp_path) -> None:
    """Beyond the range of float16, and where a thousandth of the mean is more than the deviation."""
    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    target = NumberTarget.learn(rng.normal(mean, 1.0, 50))
    encoder = encoder_of((8, 8, 3), dtype="float32")
    layers = [*tower(8)[:-1], keras.layers.Dense(1)]
    samples = rng.uniform(0, 16, (64, 8, 8, 3)).astype(np.float32)
    bundle = Bundle(*assemble(encoder, target.answer, chain(layers)), encoder, target, samples)
    report = export(bundle, tmp_path / "model.tflite", quantization="float16")
    assert report.agreement == 1.0
    # float32 itself has seven digits.
    assert report.max_difference < 0.01 + 1e-6 * mean


def test_what_is_compared_is_not_rounded() -> None:
    """A table of thresholds decides, and one of weights is rounded, though both are looked up."""
    rng = np.random.default_rng(0)
    thresholds, weights = rng.normal(size=(64, 1)), rng.normal(size=(64, 8))
    x = keras.Input((64,))
    rows = keras.ops.cast(x * 0.0, "int32") - np.arange(0, -64, -1, dtype=np.int32)  # nothing that can be foreseen
    looked = keras.layers.Embedding(64, 1, weights=[thresholds])(rows)
    right = keras.ops.cast(keras.ops.greater(x, keras.layers.Reshape((64,))(looked)), "float32")
    vectors = keras.layers.Embedding(64, 8, weights=[weights])(rows)
    model = keras.Model(x, keras.ops.sum(keras.ops.expand_dims(right, -1) * vectors, axis=1))
    plain = converted(model)
    half = halved(plain)
    kinds = constants(half)
    assert kinds[np.float16] == 64 * 8
    assert kinds[np.float32] >= 64
    near = (thresholds.T + np.array([[1e-5], [-1e-5]])).astype(np.float32)  # float16 cannot tell these apart
    expected, received = Interpreter(plain).run(near), Interpreter(half).run(near)
    assert np.abs(expected[0] - weights.sum(axis=0)).max() < 1e-4
    assert np.abs(expected[1]).max() < 1e-4
    np.testing.assert_allclose(received, expected, atol=0.02)


def test_weights_that_are_used_twice_are_rounded_once() -> None:
    keras.utils.set_random_seed(0)
    x = keras.Input((16,))
    twice = keras.layers.Dense(16, bias_initializer="normal")
    model = keras.Model(x, keras.layers.Dense(3)(keras.ops.tanh(twice(keras.ops.tanh(twice(x))))))
    plain = converted(model)
    half = halved(plain)
    samples = np.random.default_rng(0).normal(size=(20, 16)).astype(np.float32)
    np.testing.assert_allclose(Interpreter(half).run(samples), Interpreter(plain).run(samples), atol=5e-3)
    assert constants(half)[np.float16] == 16 * 16 + 16 + 16 * 3  # a bias of zeros is left out
    assert constants(halved(plain, to_the_end=False))[np.float16] == 16 * 16 + 16


def test_weights_that_are_too_large_stay() -> None:
    keras.utils.set_random_seed(0)
    x = keras.Input((16,))
    large = keras.layers.Dense(32, kernel_initializer=keras.initializers.RandomUniform(1e5, 2e5))(x)
    model = keras.Model(x, keras.layers.Dense(3, activation="softmax")(keras.ops.relu(large) * 1e-6))
    half = halved(converted(model))
    samples = np.random.default_rng(0).normal(size=(20, 16)).astype(np.float32)
    np.testing.assert_allclose(Interpreter(half).run(samples), model.predict(samples, verbose=0), atol=5e-3)
    assert constants(half)[np.float32] >= 16 * 32


def test_the_file_is_half_as_large(bundle: Bundle, tmp_path) -> None:
    whole = export(bundle, tmp_path / "whole.tflite")
    half = export(bundle, tmp_path / "half.tflite", quantization="float16")
    assert half.size_kb < 0.65 * whole.size_kb  # names and the description are not rounded
    assert half.agreement == 1.0
