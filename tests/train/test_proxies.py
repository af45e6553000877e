"""Measures of untrained networks: values known by hand, and what must not change them."""

import json
import math
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers
from scipy.stats import spearmanr

from easynas import InputError
from easynas.nets.nb201 import EDGES, Skeleton
from easynas.samples import load_fashion
from easynas.train.proxies import SynapticFlow, naswot
from easynas.train.untrained import Untrained

CELLS = Path(__file__).parent / "nb201_proxies.json"


def dense(*widths, activation="relu", norm=False, inputs=2):
    """Dense layers without bias; the last one is linear."""
    x = y = keras.Input((inputs,))
    for width in widths[:-1]:
        y = layers.Dense(width, use_bias=False)(y)
        y = layers.BatchNormalization()(y) if norm else y
        y = layers.Activation(activation)(y)
    return keras.Model(x, layers.Dense(widths[-1], use_bias=False)(y))


def two_units(activation):
    """A network whose codes are the signs of its two inputs."""
    model = dense(2, 1, activation=activation)
    model.layers[1].set_weights([np.eye(2)])
    return model


def flow_by_hand(first, second):
    """Of two linear layers: the output for ones, once for each layer, as every path uses one weight of each."""
    return 2 * float((np.ones(len(first)) @ np.abs(first) @ np.abs(second)).sum())


def test_synflow_of_two_linear_layers_is_the_flow_of_all_paths_once_for_each_layer():
    model = dense(3, 2, activation="linear")
    assert SynapticFlow(model).synflow() == pytest.approx(math.log(flow_by_hand(*model.get_weights())))


def test_log_synflow_takes_the_logarithm_of_every_gradient():
    model = dense(1, 1, activation="linear", inputs=1)
    model.set_weights([np.array([[-2.0]]), np.array([[3.0]])])
    assert SynapticFlow(model).log_synflow() == pytest.approx(2 * math.log1p(3) + 3 * math.log1p(2))


@pytest.mark.parametrize("activation", ["relu", "silu", "gelu", "hard_silu", "leaky_relu"])
def test_the_flow_passes_rectifiers_and_normalizations_unchanged(activation):
    model = dense(4, 2, activation=activation, norm=True)
    first, second = (layer.kernel.numpy() for layer in model.layers if isinstance(layer, layers.Dense))
    assert SynapticFlow(model).synflow() == pytest.approx(math.log(flow_by_hand(first, second)))


@pytest.mark.parametrize("end", [layers.Softmax(), layers.Activation("softmax")])
def test_a_final_softmax_does_not_hide_the_flow(end):
    model = dense(3, 2)
    ended = keras.Model(model.input, end(model.output))
    assert SynapticFlow(ended).synflow() == pytest.approx(SynapticFlow(model).synflow())


def test_a_softmax_inside_the_last_layer_does_not_hide_the_flow():
    x = keras.Input((2,))
    model = keras.Model(x, layers.Dense(3, activation="softmax", use_bias=False)(x))
    assert SynapticFlow(model).synflow() == pytest.approx(math.log(np.abs(model.get_weights()[0]).sum()))


def test_a_network_through_which_nothing_flows_is_worst_and_not_an_error():
    x = keras.Input((2,))
    model = keras.Model(x, layers.Dense(2)(layers.Rescaling(0.0)(layers.Dense(2, use_bias=False)(x))))
    assert SynapticFlow(model).synflow() == -math.inf


def test_the_flow_passes_operations_that_are_no_layers():
    x = keras.Input((4,))
    left, right = keras.ops.split(x, 2, axis=-1)
    y = layers.Concatenate()([keras.ops.relu(left), keras.ops.silu(right)])
    model = keras.Model(x, layers.Dense(1, use_bias=False)(y))
    assert SynapticFlow(model).synflow() == pytest.approx(math.log(np.abs(model.get_weights()[0]).sum()))


def test_the_flow_through_a_deep_network_is_beyond_single_precision_and_finite():
    model = dense(*[64] * 60)
    flow = SynapticFlow(model)
    assert math.log(np.finfo("float32").max) < flow.synflow() < math.inf
    assert math.isfinite(flow.log_synflow())


def test_the_flow_leaves_the_network_as_it_was():
    model = dense(4, 2, norm=True)
    before = model.get_weights()
    SynapticFlow(model).synflow()
    for was, now in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(was, now)


@pytest.mark.parametrize("activation", ["relu", "silu", "gelu", "hard_silu", "leaky_relu", "elu"])
def test_naswot_is_the_determinant_of_how_many_units_two_samples_share(activation):
    one_shared, none_shared = np.array([[1.0, 1.0], [1.0, -5.0]]), np.array([[1.0, 1.0], [-5.0, -1.0]])
    assert naswot(two_units(activation), one_shared) == pytest.approx(math.log(2 * 2 - 1 * 1))
    assert naswot(two_units(activation), none_shared) == pytest.approx(math.log(2 * 2 - 0 * 0))


def test_samples_with_the_same_code_are_worst_and_not_an_error():
    assert naswot(two_units("relu"), np.array([[1.0, 1.0], [2.0, 3.0]])) == -math.inf


def test_codes_are_found_in_layers_of_every_kind_and_in_activations_inside_them():
    images = np.array([[1.0, 1.0], [1.0, -1.0]])
    x = keras.Input((2,))
    kernel = {"kernel_initializer": "identity", "use_bias": False}
    inside = keras.Model(x, layers.Dense(2, activation="relu", **kernel)(x))
    for model in (inside, keras.Model(x, layers.ReLU()(x)), keras.Model(x, keras.ops.relu(x))):
        assert naswot(model, images) == pytest.approx(math.log(3))


def test_gates_are_no_codes():
    x = keras.Input((2,))
    with pytest.raises(InputError, match="activation"):
        naswot(keras.Model(x, layers.Activation("sigmoid")(x)), np.eye(2))


def published(cells):
    return [
        {f"nb201/edge_{a}_{b}": name for (a, b), name in zip(EDGES, cell["operations"], strict=True)} for cell in cells
    ]


@pytest.mark.slow
def test_ranks_are_those_of_the_published_columns_on_the_published_network():
    """With one cell a stage instead of five, and a quarter of the pixels."""
    table = json.loads(CELLS.read_text(encoding="utf-8"))
    (x, _), _ = load_fashion()
    images = np.repeat(x[:32, 6:22, 6:22, None].astype("float32"), 3, axis=-1)
    images = (images - images.mean()) / images.std()
    untrained = Untrained(Skeleton(cells=1), (16, 16, 3), batch=images, names=("naswot", "log_synflow"))
    measured = [untrained.measure(values).proxies for values in published(table)]
    for name, least in (("naswot", 0.9), ("log_synflow", 0.9)):
        ours, theirs = [each[name] for each in measured], [cell[name] for cell in table]
        assert spearmanr(ours, theirs).statistic > least
    assert spearmanr([each["naswot"] for each in measured], [cell["test_accuracy"] for cell in table]).statistic > 0.6
