"""Networks rebuilt in tf_keras: equal answers, weights there and back, and what happens if that cannot be."""

import subprocess
import sys

import keras
import numpy as np
import pytest

from easynas.deploy.twin import NoTwinError, Twin
from easynas.nets.table.trees import Trees
from easynas.nets.text.bag import Bag
from easynas.nets.text.cnn import CNN
from easynas.nets.text.gru import GRU
from easynas.nets.text.linear import Linear as TextLinear
from easynas.nets.text.sepconv import SepConv
from easynas.nets.text.transformer import Transformer as TextTransformer
from tests.nets import drawn
from tests.nets.table.test_table_networks import NETWORKS, model_of, network_of, samples
from tests.nets.text.drawn import drawn_texts, network, statistics

IMAGES = ("resnet", "mbconv", "regnet", "sepconv")
WORDS, GRAMS = (CNN, GRU, SepConv, TextTransformer), (Bag, TextLinear)


def unsettled(model):
    """The model with weights as after a training, not as before it: statistics and scales that do something."""
    rng = np.random.default_rng(0)
    for layer in model._flatten_layers():
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.set_weights([rng.uniform(0.5, 1.5, weight.shape) for weight in layer.get_weights()])
    return model


def of_images(name, seed=0):
    block = drawn.plain(drawn.image_network(name))
    return unsettled(drawn.model_of(block, drawn.sampled(block, seed), (16, 16, 3))), drawn.pixels(4, (16, 16, 3))


def assert_there_and_back(model, inputs):
    """The twin answers alike, and its weights, changed, make the network answer as it does."""
    clone = keras.models.clone_model(model)
    clone.set_weights(model.get_weights())
    twin = Twin.of(clone, inputs)
    before = np.asarray(model(inputs, training=False))
    np.testing.assert_allclose(twin.model(inputs, training=False), before, atol=1e-5)
    for weight in twin.model.trainable_weights:
        weight.assign(weight * 0.9 + 0.01 * np.random.default_rng(0).normal(size=weight.shape))
    changed = np.asarray(twin.model(inputs, training=False))
    twin.bring_back(twin.model)
    np.testing.assert_allclose(clone(inputs, training=False), changed, atol=1e-5)
    assert np.abs(changed - before).max() > 1e-4


def small():
    x = keras.Input((6, 6, 2))
    y = keras.layers.SeparableConv2D(4, 3, padding="same", activation="hard_silu")(x)
    y = keras.layers.GroupNormalization(2)(y)  # tf_keras has one too, of another kind
    y = keras.ops.concatenate([y, keras.ops.flip(y, axis=1)], axis=-1)
    branch = keras.layers.Conv2D(4, 1)
    y = keras.layers.Add()([branch(y), branch(keras.ops.relu(y))])
    y = keras.Sequential([keras.layers.Conv2D(4, 1), keras.layers.Dropout(0.5)])(y)
    return keras.Model(x, keras.layers.Dense(3, activation="softmax")(keras.layers.Flatten()(y)))


def test_layers_without_a_counterpart_networks_inside_and_shared_layers_go_there_and_back():
    assert_there_and_back(small(), np.random.default_rng(0).normal(size=(5, 6, 6, 2)).astype(np.float32))


def test_what_runs_as_it_is_has_a_name():
    twin = Twin.of(small(), np.zeros((1, 6, 6, 2), np.float32))
    assert sorted({name.rstrip("_0123456789") for name in twin.opaque}) == [
        *("concatenate", "flip", "group_normalization", "relu")
    ]


def test_what_is_not_trained_is_not_trained_there_either():
    x = keras.Input((4,))
    frozen = keras.layers.Dense(3, trainable=False)
    model = keras.Model(x, keras.layers.Dense(2)(keras.layers.GroupNormalization(1)(frozen(x))))
    twin = Twin.of(model, np.ones((2, 4), np.float32))
    assert len(twin.model.trainable_weights) == len(model.trainable_weights) == 4


@pytest.mark.slow
@pytest.mark.parametrize("name", IMAGES)
def test_networks_for_images_have_twins(name):
    assert_there_and_back(*of_images(name))


@pytest.mark.slow
@pytest.mark.parametrize("kind", [kind for kind in NETWORKS if kind is not Trees])  # those are not trained again
def test_networks_for_tables_have_twins(kind):
    arrays = samples()
    assert_there_and_back(model_of(network_of(kind, arrays), {}, arrays), arrays)


@pytest.mark.slow
@pytest.mark.parametrize("kind", WORDS + GRAMS)
def test_networks_for_texts_have_twins(kind):
    told = statistics("words" if kind in WORDS else "grams")
    assert_there_and_back(network(kind(drawn.Answer("classes", 3), told)), drawn_texts(6))


def test_a_network_that_is_no_graph_is_refused():
    class Subclassed(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = keras.layers.Dense(2)

        def call(self, x):
            return self.dense(x)

    model = Subclassed()
    model(np.zeros((1, 3), np.float32))
    with pytest.raises(NoTwinError, match="graph of layers"):
        Twin.of(model, np.zeros((1, 3), np.float32))


@pytest.mark.slow
def test_a_network_that_never_answers_alike_is_refused():
    class Noise(keras.layers.Layer):
        def call(self, x):
            return x + keras.random.normal((4,))

    x = keras.Input((4,))
    with pytest.raises(NoTwinError, match="must answer alike"):
        Twin.of(keras.Model(x, Noise()(x)), np.ones((8, 4), np.float32))


@pytest.mark.slow
def test_who_does_not_compress_loads_neither_tf_keras_nor_tfmot():
    code = """
import sys
import easynas.tasks.base, easynas.tasks.phases, easynas.tasks.shipping, easynas.deploy.export
print([name for name in ("tf_keras", "tensorflow_model_optimization") if name in sys.modules])
"""
    ran = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert ran.stdout.strip() == "[]", ran.stderr[-2000:]
