"""Costs, against numbers computed by hand."""

from collections.abc import Callable
from typing import Any

import keras
import pytest
from keras import layers

from easynas.nets.cost import amounts, effort, macs, parameters
from easynas.nets.layers import conv, norm_act


def network(layer: Callable[[Any], Any], shape: tuple[int, ...]) -> keras.Model:
    x = keras.Input(shape)
    return keras.Model(x, layer(x))


@pytest.mark.parametrize(
    ("layer", "shape", "expected"),
    [
        (layers.Conv2D(16, 3, padding="same"), (8, 6, 3), 8 * 6 * 3 * 3 * 3 * 16),
        (layers.Conv2D(16, 3, padding="same", strides=2), (8, 6, 3), 4 * 3 * 3 * 3 * 3 * 16),
        (layers.Conv2D(16, 3), (8, 6, 3), 6 * 4 * 3 * 3 * 3 * 16),
        (layers.Conv2D(16, (1, 5), padding="same"), (8, 6, 3), 8 * 6 * 5 * 3 * 16),
        (layers.Conv2D(16, 3, padding="same", groups=4), (8, 6, 8), 8 * 6 * 3 * 3 * 2 * 16),
        (layers.DepthwiseConv2D(3, padding="same"), (8, 6, 10), 8 * 6 * 3 * 3 * 10),
        (layers.DepthwiseConv2D(3, padding="same", depth_multiplier=2), (8, 6, 10), 8 * 6 * 3 * 3 * 20),
        (layers.DepthwiseConv2D(5, padding="same", strides=2), (8, 6, 10), 4 * 3 * 5 * 5 * 10),
        (layers.SeparableConv2D(20, 3, padding="same"), (8, 6, 10), 8 * 6 * (3 * 3 * 10 + 10 * 20)),
        (layers.SeparableConv2D(20, 3, padding="same", strides=2), (8, 6, 10), 4 * 3 * (3 * 3 * 10 + 10 * 20)),
        (layers.Conv2DTranspose(7, 3, strides=2, padding="same"), (4, 4, 5), 4 * 4 * 3 * 3 * 5 * 7),
        (layers.Conv1D(7, 3, padding="same"), (11, 5), 11 * 3 * 5 * 7),
        (layers.Dense(5), (10,), 10 * 5),
        (layers.Dense(5), (4, 10), 4 * 10 * 5),
        (layers.MaxPooling2D(), (8, 8, 3), 0),
        (layers.BatchNormalization(), (8, 8, 3), 0),
    ],
    ids=str,
)
def test_multiply_accumulates_are_those_of_the_kernel_at_every_position(
    layer: Any, shape: tuple[int, ...], expected: int
) -> None:
    assert macs(network(layer, shape)) == expected


def test_grouped_convolutions_cost_a_share_of_the_full_one() -> None:
    assert macs(network(lambda x: conv(x, 32, groups=4), (8, 8, 16))) == 8 * 8 * 3 * 3 * 16 * 32 // 4


def test_costs_add_up_over_layers_and_nested_networks() -> None:
    inner = network(layers.Conv2D(4, 1), (8, 8, 3))
    assert macs(network(lambda x: layers.Dense(2)(layers.Flatten()(inner(x))), (8, 8, 3))) == 64 * 12 + 256 * 2


def test_a_layer_that_is_used_twice_counts_once() -> None:
    shared = layers.Conv2D(3, 1)
    assert macs(network(lambda x: shared(shared(x)), (8, 8, 3))) == 64 * 9


def test_parameters_include_moving_statistics() -> None:
    assert parameters(network(lambda x: norm_act(conv(x, 5)), (8, 8, 3))) == 3 * 3 * 3 * 5 + 4 * 5


def test_what_is_done_to_numbers_takes_longer_than_small_convolutions() -> None:
    shape = (32, 32, 16)
    bare = effort(network(layers.Conv2D(16, 3, padding="same"), shape))
    normalized = effort(network(lambda x: norm_act(layers.Conv2D(16, 3, padding="same")(x)), shape))
    assert normalized > 2 * bare


def test_a_depthwise_convolution_takes_longer_than_its_multiplications_say() -> None:
    shape = (16, 16, 64)
    dense, depthwise = (
        network(each, shape) for each in (layers.Conv2D(64, 1), layers.DepthwiseConv2D(5, padding="same"))
    )
    assert macs(depthwise) < 0.5 * macs(dense)
    assert effort(depthwise) > effort(dense)
    together = network(layers.SeparableConv2D(64, 5, padding="same"), shape)
    assert effort(depthwise) < effort(together) < effort(depthwise) + effort(dense)


def test_a_network_inside_another_counts() -> None:
    inner = network(layers.Conv2D(8, 3), (8, 8, 3))
    outer = network(inner, (8, 8, 3))
    assert effort(outer) == effort(inner) > 0


def test_channels_are_multiplied_in_groups() -> None:
    twenty, thirty_two, more = (amounts(network(layers.Conv2D(width, 3), (8, 8, 16))) for width in (20, 32, 33))
    assert twenty.dense == thirty_two.dense == 36 * 9 * 16 * 32
    assert more.dense == 1.5 * twenty.dense
    assert twenty.numbers < thirty_two.numbers


def test_what_takes_time_is_counted_by_kind() -> None:
    x = inputs = keras.Input((8, 8, 3))
    x = layers.Conv2D(4, 3, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization()(x)
    x = layers.DepthwiseConv2D(3, strides=2, padding="same", use_bias=False)(x)
    x = layers.SeparableConv2D(5, 3, padding="same", use_bias=False)(x)
    found = amounts(keras.Model(inputs, x))
    # As if all had 16 channels.
    assert found.dense == 64 * 9 * 16 * 16 + 16 * 16 * 16
    assert found.depthwise == 2 * 16 * 9 * 4
    assert found.numbers == 2 * 64 * 4 + 16 * 4 + 16 * 5
    assert found.operations == 4
    assert found.parameters == 27 * 4 + 4 * 4 + 9 * 4 + 9 * 4 + 4 * 5
