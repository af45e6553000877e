"""What is written otherwise for files: the same answers, fewer operators, finer steps."""

import keras
import numpy as np
import pytest
from keras import layers

from easynas.data.target import ClassTarget
from easynas.deploy.bundle import Bundle, assemble
from easynas.deploy.folding import folded
from easynas.deploy.measure import Interpreter
from easynas.deploy.quantize import quantize
from tests.deploy.conftest import chain, encoder_of

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (64, 12, 12, 3)).astype("float32")


def network(*, negative=False, bias=False):
    """Raw pixels in, a convolution and its normalization with a pooling between them, as our plain networks have it."""
    keras.utils.set_random_seed(0)
    inputs = keras.Input((12, 12, 3))
    x = layers.Rescaling(1 / 60, offset=-2.1)(inputs)
    x = layers.Conv2D(8, 3, padding="same", use_bias=bias, bias_initializer="normal")(x)
    x = layers.MaxPooling2D(padding="same")(x)
    normalization = layers.BatchNormalization()
    x = layers.ReLU()(normalization(x))
    x = layers.GlobalAveragePooling2D()(x)
    model = keras.Model(inputs, layers.Dense(4, activation="softmax")(layers.Dropout(0.5)(x)))
    shape = (8,)
    gamma = RNG.uniform(0.5, 1.5, shape)
    gamma[3] *= -1 if negative else 1
    normalization.set_weights([gamma, RNG.normal(size=shape), RNG.normal(size=shape), RNG.uniform(0.5, 3.0, shape)])
    return model


def graph_of(model, quantization):
    """What the file of a network does."""
    encoder, target = encoder_of((12, 12, 3)), ClassTarget.learn(np.array(list("abcd")))
    bundle = Bundle(*assemble(encoder, target.answer, model), encoder, target, IMAGES)
    content = quantize(bundle, quantization, integers=False, agreement=lambda _: 1.0).content
    return Interpreter(content, delegates=False).graph()


def operators(model):
    """Names of what a float32 file does."""
    return [operator["op_name"] for operator in graph_of(model, "float32").operators]


@pytest.mark.parametrize("bias", [False, True])
def test_a_normalization_behind_a_pooling_is_folded_and_nothing_else_changes(bias):
    model = network(bias=bias)
    np.testing.assert_allclose(folded(model)(IMAGES), model(IMAGES), atol=1e-6)
    assert "MUL" not in operators(model)
    assert operators(model).count("ADD") == 1  # shifts the pixels, whose scale goes into the convolution


def test_a_negative_factor_would_make_the_least_of_the_largest_so_it_stays():
    model = network(negative=True)
    np.testing.assert_allclose(folded(model)(IMAGES), model(IMAGES), atol=1e-6)
    assert operators(model).count("DEPTHWISE_CONV_2D") == 1


def branched(*, first):
    """A network whose normalizations follow a sum, a dropout behind a convolution, and an activated convolution."""
    inputs = keras.Input((12, 12, 3))
    x = layers.Conv2D(8, 3, padding="same")(first(inputs))
    x = layers.Add()([x, layers.Conv2D(8, 1)(x)])
    x = layers.Conv2D(8, 3)(layers.ReLU()(layers.BatchNormalization()(x)))
    x = layers.Conv2D(8, 3, activation="relu")(layers.BatchNormalization()(layers.Dropout(0.5)(x)))
    return keras.Model(inputs, layers.GlobalAveragePooling2D()(layers.BatchNormalization()(x)))


def test_a_normalization_that_no_convolution_can_take_is_one_operator():
    model = branched(first=layers.Normalization(mean=[90.0, 120.0, 150.0], variance=[900.0, 2500.0, 400.0]))
    for layer in model.layers:
        if isinstance(layer, layers.BatchNormalization):
            signed = RNG.normal(size=8)  # negative factors too
            layer.set_weights([signed, RNG.normal(size=8), RNG.normal(size=8), RNG.uniform(0.5, 3.0, 8)])
    np.testing.assert_allclose(folded(model)(IMAGES), model(IMAGES), rtol=1e-4, atol=1e-4)
    found = operators(model)
    # Of the pixels, of the sum and of what is activated; that behind the dropout is in its convolution.
    assert found.count("DEPTHWISE_CONV_2D") == 3
    assert found.count("CONV_2D") == 4
    assert "MUL" not in found
    assert found.count("ADD") == 1  # the sum


def test_pixels_that_are_normalized_by_channel_keep_their_steps_in_int8():
    graph = graph_of(
        branched(first=layers.Normalization(mean=[90.0, 120.0, 150.0], variance=[900.0, 2500.0, 400.0])), "int8"
    )
    first = next(each for each in graph.operators if each["op_name"] == "DEPTHWISE_CONV_2D")
    assert graph.tensors[first["inputs"][0]]["quantization"][0] == pytest.approx(1.0, rel=0.02)


def test_what_has_another_use_stays():
    inner = network()
    normalization, pooling = inner.layers[4], inner.layers[3]
    assert isinstance(normalization, layers.BatchNormalization)
    both = layers.Concatenate()([normalization.output, pooling.output])
    model = keras.Model(inner.inputs, layers.GlobalMaxPooling2D()(both))
    np.testing.assert_allclose(folded(model)(IMAGES), model(IMAGES), atol=1e-5)


def test_networks_inside_networks_are_folded_with_their_own_weights():
    members = [network(), network(bias=True)]
    inputs = keras.Input((12, 12, 3))
    model = keras.Model(inputs, layers.Average()([member(inputs) for member in members]))
    np.testing.assert_allclose(folded(model)(IMAGES), model(IMAGES), atol=1e-6)
    assert operators(model).count("MUL") <= 1  # the mean


def test_weights_are_those_of_the_moment_of_folding():
    model = network()
    before = np.asarray(model(IMAGES))
    run = folded(model)
    model.layers[1].set_weights([np.zeros_like(each) for each in model.layers[1].get_weights()])
    np.testing.assert_allclose(run(IMAGES), before, atol=1e-6)


def test_int8_steps_of_the_input_are_steps_of_the_pixels():
    graph = graph_of(network(), "int8")
    first = next(each for each in graph.operators if each["op_name"] == "CONV_2D")
    pixels = graph.tensors[first["inputs"][0]]
    assert pixels["dtype"] is np.int8
    assert pixels["quantization"][0] == pytest.approx(1.0, rel=0.02)


def test_answers_of_an_int8_file_are_told_apart_after_the_last_weights():
    graph = graph_of(network(), "int8")
    last = graph.operators[-1]
    assert last["op_name"] == "SOFTMAX"
    assert graph.tensors[last["outputs"][0]]["dtype"] is np.float32
    assert graph.tensors[last["inputs"][0]]["dtype"] is np.float32
    weighted = [each for each in graph.operators if each["op_name"] == "FULLY_CONNECTED"]
    assert all(graph.tensors[each["outputs"][0]]["dtype"] is np.int8 for each in weighted)


def test_layers_of_a_chain_that_is_used_twice_are_not_folded():
    convolution, normalization = layers.Conv2D(4, 3), layers.BatchNormalization()
    one, other = keras.Input((12, 12, 3)), keras.Input((12, 12, 3))
    parts = [chain([convolution, layers.MaxPooling2D(), normalization])(x) for x in (one, other)]
    model = keras.Model([one, other], layers.GlobalMaxPooling2D()(layers.Concatenate()(parts)))
    normalization.set_weights([np.full(4, 2.0), np.ones(4), np.ones(4), np.ones(4)])
    found = folded(model)([IMAGES, IMAGES[::-1]])
    np.testing.assert_allclose(found, model([IMAGES, IMAGES[::-1]]), rtol=1e-5)
