"""Channels taken out for good: what stays computes what it did."""

import keras
import numpy as np
import pytest

from easynas.data.target import ClassTarget
from easynas.deploy.bundle import Bundle, assemble
from easynas.nets.network import build
from easynas.train.channels import DIVISOR, narrowed, without_channels
from tests.deploy.conftest import encoder_of
from tests.nets import drawn

SAMPLES = np.random.default_rng(0).random((32, 8, 8, 3), np.float32) * 16
LOSS = keras.losses.CategoricalCrossentropy()


def batches(samples=SAMPLES, classes=3):
    """Batches with classes that nobody could tell: what counts is which channels answer."""
    wanted = np.eye(classes, dtype=np.float32)[np.random.default_rng(1).integers(0, classes, len(samples))]
    rows = np.arange(len(samples)).reshape(-1, 4)
    return [(samples[each], wanted[each]) for each in rows]


def silenced(layer, channels):
    """Makes channels of a normalization constant zero behind a relu."""
    gamma, beta, mean, variance = layer.get_weights()
    gamma[channels], beta[channels] = 0.0, 0.0
    layer.set_weights([gamma, beta, mean, variance])


def joined():
    """A sum, a row, a depthwise and a flattened end, in which half of the channels do nothing."""
    keras.utils.set_random_seed(0)
    x = keras.Input((8, 8, 3))

    def unit(x, kernel=3):
        y = keras.layers.Conv2D(16, kernel, padding="same", use_bias=False)(x)
        return keras.layers.ReLU()(keras.layers.BatchNormalization()(y))

    a, b = unit(x), unit(x, kernel=1)
    y = keras.layers.Add()([a, b])
    y = keras.layers.DepthwiseConv2D(3, use_bias=False)(y)
    y = keras.layers.Concatenate()([y, keras.layers.Cropping2D(1)(unit(x))])
    y = keras.layers.Flatten()(keras.layers.AveragePooling2D(3)(y))
    model = keras.Model(x, keras.layers.Dense(3, activation="softmax")(y))
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            silenced(layer, slice(0, 16, 2))
    return model


def test_a_network_without_its_idle_channels_answers_as_before():
    model = joined()
    smaller = without_channels(model, batches(), LOSS, 0.5)
    widths = [layer.filters for layer in smaller.layers if isinstance(layer, keras.layers.Conv2D)]
    assert widths == [8, 8, 8]
    np.testing.assert_allclose(smaller(SAMPLES, training=False), model(SAMPLES, training=False), atol=1e-5)


def test_what_counts_stays_and_the_original_too():
    model = joined()
    before = model.get_weights()
    smaller = without_channels(model, batches(), LOSS, 0.75)
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    kept = [set(layer.get_weights()[0].round(6).tolist()) for layer in smaller.layers if "normalization" in layer.name]
    assert all(0.0 not in scales for scales in kept)  # the idle ones are gone first


def test_the_widths_of_a_network_are_those_of_its_weights():
    smaller = without_channels(joined(), batches(), LOSS, 0.5)
    again = narrowed(joined(), smaller.get_weights())
    np.testing.assert_allclose(again(SAMPLES, training=False), smaller(SAMPLES, training=False), atol=1e-6)
    whole = joined()
    assert narrowed(whole, [0.5 * each for each in whole.get_weights()]) is whole


def test_operations_that_nobody_knows_keep_their_channels():
    x = keras.Input((8, 8, 3))
    y = keras.layers.Conv2D(16, 3)(x)
    y = keras.layers.Conv2D(16, 3)(keras.ops.flip(y, axis=-1))
    y = keras.layers.GlobalAveragePooling2D()(y)
    model = keras.Model(x, keras.layers.Dense(3, activation="softmax")(y))
    smaller = without_channels(model, batches(), LOSS, 0.6)
    first, second = (layer.filters for layer in smaller.layers if isinstance(layer, keras.layers.Conv2D))
    assert first == 16
    assert 0 < second < 16
    assert second % (DIVISOR // 2) == 0


@pytest.mark.slow
@pytest.mark.parametrize("name", ["sepconv"])
def test_networks_for_images_get_smaller_and_still_run(name):

    block = drawn.plain(drawn.image_network(name))
    target, encoder = ClassTarget.learn(range(10)), encoder_of((16, 16, 3), dtype="float32")
    network = lambda x: build(block, drawn.sampled(block, 1), x)  # noqa: E731
    bundle = Bundle(*assemble(encoder, target.answer, network), encoder, target, drawn.pixels(40, (16, 16, 3)))
    smaller = without_channels(bundle.device, batches(bundle.samples, 10), LOSS, 0.5)
    assert smaller.count_params() < 0.8 * bundle.device.count_params()
    assert np.isfinite(np.asarray(smaller(bundle.samples, training=False))).all()
