"""Channels taken out for good: what stays computes what it did."""

import keras
import numpy as np
import pytest

from easynas.data.target import ClassTarget
from easynas.deploy.bundle import Bundle, assemble
from easynas.deploy.channels import DIVISOR, LEAST, without_channels
from easynas.deploy.tuning import Lesson
from easynas.nets.network import build
from tests.deploy.conftest import encoder_of
from tests.nets import drawn


@pytest.fixture(scope="module")
def lesson(coloured):
    rng = np.random.default_rng(0)
    return Lesson.of(coloured, coloured.samples, rng.integers(0, 3, len(coloured.samples)), seed=0)


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


def test_a_network_without_its_idle_channels_answers_as_before(lesson):
    model = joined()
    smaller = without_channels(model, lesson, 0.5)
    widths = [layer.filters for layer in smaller.layers if isinstance(layer, keras.layers.Conv2D)]
    assert widths == [8, 8, 8]
    np.testing.assert_allclose(
        smaller(lesson.samples, training=False), model(lesson.samples, training=False), atol=1e-5
    )


def test_what_counts_stays_and_the_original_too(lesson):
    model = joined()
    before = model.get_weights()
    smaller = without_channels(model, lesson, 0.75)
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    kept = [set(layer.get_weights()[0].round(6).tolist()) for layer in smaller.layers if "normalization" in layer.name]
    assert all(0.0 not in scales for scales in kept)  # the idle ones are gone first


def test_operations_that_nobody_knows_keep_their_channels(lesson):
    x = keras.Input((8, 8, 3))
    y = keras.layers.Conv2D(16, 3)(x)
    y = keras.layers.Conv2D(16, 3)(keras.ops.flip(y, axis=-1))
    y = keras.layers.GlobalAveragePooling2D()(y)
    model = keras.Model(x, keras.layers.Dense(3, activation="softmax")(y))
    smaller = without_channels(model, lesson, 0.6)
    first, second = (layer.filters for layer in smaller.layers if isinstance(layer, keras.layers.Conv2D))
    assert first == 16
    assert LEAST <= second < 16
    assert second % DIVISOR == 0


@pytest.mark.slow
@pytest.mark.parametrize("name", ["sepconv"])
def test_networks_for_images_get_smaller_and_still_run(name):

    block = drawn.plain(drawn.image_network(name))
    target, encoder = ClassTarget.learn(range(10)), encoder_of((16, 16, 3), dtype="float32")
    network = lambda x: build(block, drawn.sampled(block, 1), x)  # noqa: E731
    bundle = Bundle(*assemble(encoder, target.answer, network), encoder, target, drawn.pixels(40, (16, 16, 3)))
    lesson = Lesson.of(bundle, bundle.samples, np.arange(40) % 10, seed=0)
    smaller = without_channels(bundle.device, lesson, 0.5)
    assert smaller.count_params() < 0.8 * bundle.device.count_params()
    assert np.isfinite(np.asarray(smaller(bundle.samples, training=False))).all()
