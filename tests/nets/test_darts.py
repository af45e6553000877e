"""DARTS' cells, against the published network."""

import math
from typing import Any

import keras
import keras_tuner
import numpy as np
import pytest
from keras import layers

from easynas.errors import InputError
from easynas.nets.darts import DARTS, DEFAULT_CELLS, OPERATIONS, Node, cell, cell_of, paths
from easynas.nets.network import model_of
from tests.nets.drawn import sampled, space_of

SKIP, MAX, AVG, SEP3, SEP5, DIL3, DIL5 = OPERATIONS


def chosen(nodes: tuple[Node, ...], kind: str) -> dict[str, object]:
    return {
        f"darts/{kind}/{number}{side}/{part}": value
        for number, node in enumerate(nodes, start=2)
        for side, branch in zip("ab", node, strict=True)
        for part, value in zip(("input", "operation"), branch, strict=True)
    }


def cell_model(nodes: tuple[Node, ...], shape: tuple[int, ...], *, strides: int = 1) -> keras.Model:
    before, last = keras.Input(shape), keras.Input(shape)
    return keras.Model([before, last], cell(before, last, nodes, 4, strides=strides))


def small(shape: tuple[int, ...], *, stages: int, repeats: int) -> keras.Model:
    """A network of cells with one node, of 8 channels in the first stage."""
    return model_of(DARTS(nodes=1), {"darts/width": 8, "darts/stages": stages, "darts/repeats": repeats}, shape)


def kinds(model: keras.Model, kind: type[Any]) -> int:
    return sum(isinstance(layer, kind) for layer in model.layers)


@pytest.mark.slow
def test_the_paper_s_network_has_the_paper_s_parameters() -> None:
    hp = keras_tuner.HyperParameters()
    hp.values = {**space_of(DARTS()).default(), "darts/width": 36, "darts/stages": 3, "darts/repeats": 6}
    x = keras.Input((32, 32, 3))
    features = layers.GlobalAveragePooling2D()(DARTS().build(hp, x))
    model = keras.Model(x, layers.Dense(10)(features))
    millions = sum(math.prod(weight.shape) for weight in model.trainable_weights) / 1e6
    assert round(millions, 2) == 3.35


def test_every_default_is_the_published_cell() -> None:
    default = space_of(DARTS()).default()
    for kind, nodes in DEFAULT_CELLS.items():
        assert cell_of(default, kind) == nodes
        assert chosen(nodes, kind).items() <= default.items()


@pytest.mark.parametrize("nodes", [1, 2, 4])
def test_the_output_is_all_nodes_side_by_side(nodes: int) -> None:
    assert cell_model((((0, SKIP), (1, MAX)),) * nodes, (8, 8, 3)).output_shape == (None, 8, 8, nodes * 4)


@pytest.mark.parametrize(("stages", "cells"), [(2, 3), (3, 5)])
def test_widths_double_and_sides_halve_in_reduction_cells(stages: int, cells: int) -> None:
    model = small((16, 16, 3), stages=stages, repeats=1)
    assert model.output_shape == (None, 16 // 2 ** (stages - 1), 16 // 2 ** (stages - 1), 8 * 2 ** (stages - 1))
    # One sum a node, one node a cell.
    assert kinds(model, layers.Add) == cells


def test_repeats_are_normal_cells_of_every_stage() -> None:
    assert kinds(small((8, 8, 3), stages=2, repeats=3), layers.Add) == 3 + 1 + 3


def test_more_nodes_than_published_begin_again_with_the_first() -> None:
    nodes = cell_of(space_of(DARTS(nodes=6)).default(), "normal")
    assert nodes == (*DEFAULT_CELLS["normal"], *DEFAULT_CELLS["normal"][:2])


def test_small_images_are_not_halved_to_nothing() -> None:
    assert small((8, 12, 1), stages=3, repeats=1).output_shape == (None, 4, 6, 8 * 4)


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("shape", [(8, 8, 4), (7, 9, 4)])
def test_every_operation_halves_any_sides_in_a_reduction_cell(operation: str, shape: tuple[int, ...]) -> None:
    model = cell_model((((0, operation), (1, operation)), ((1, operation), (2, operation))), shape, strides=2)
    assert model.output_shape == (None, -(-shape[0] // 2), -(-shape[1] // 2), 2 * 4)


def test_nodes_read_the_states_that_they_name() -> None:
    model = cell_model((((1, SKIP), (1, SKIP)), ((2, SKIP), (0, MAX))), (4, 4, 3))
    rng = np.random.default_rng(0)
    before, last, other = (rng.normal(size=(1, 4, 4, 3)).astype("float32") for _ in range(3))
    first, second = np.split(np.asarray(model([before, last])), 2, axis=-1)
    changed_first, changed_second = np.split(np.asarray(model([other, last])), 2, axis=-1)
    np.testing.assert_array_equal(first, changed_first)
    assert not np.allclose(second, changed_second)


def test_a_halved_skip_sees_every_pixel() -> None:
    """One of its two convolutions is a pixel further, so no pixel of an even or odd place is lost."""
    model = cell_model((((0, SKIP), (0, SKIP)),), (6, 6, 3), strides=2)
    rng = np.random.default_rng(0)
    for weight in model.trainable_weights:
        weight.assign(np.abs(rng.normal(size=weight.shape)) + 0.1)
    x = np.ones((1, 6, 6, 3), "float32")
    y = np.asarray(model([x, x]))
    for place in ((2, 2), (3, 3)):
        other = x.copy()
        other[0, place[0], place[1]] += 1.0
        assert not np.allclose(np.asarray(model([other, x])), y)


def test_separable_convolutions_are_applied_twice_and_dilated_ones_once() -> None:
    model = cell_model((((0, SEP3), (1, SEP5)), ((0, DIL3), (2, DIL5))), (8, 8, 4))
    separable = [layer.kernel_size for layer in model.layers if isinstance(layer, layers.SeparableConv2D)]
    dilated = [layer for layer in model.layers if type(layer) is layers.DepthwiseConv2D]
    assert sorted(separable) == [(3, 3), (3, 3), (5, 5), (5, 5)]
    assert sorted((layer.kernel_size, layer.dilation_rate) for layer in dilated) == [((3, 3), (2, 2)), ((5, 5), (2, 2))]


def test_a_cell_behind_a_reduction_halves_the_output_of_the_one_before_it() -> None:
    before, last = keras.Input((8, 9, 3)), keras.Input((4, 5, 6))
    model = keras.Model([before, last], cell(before, last, (((0, SKIP), (1, SKIP)),), 4))
    assert model.output_shape == (None, 4, 5, 4)
    assert kinds(model, layers.Cropping2D) == 1


def test_paths_lead_from_either_input_to_any_node() -> None:
    normal: tuple[Node, ...] = (((0, SEP3), (0, SKIP)), ((2, DIL5), (1, MAX)), ((3, AVG), (3, AVG)))
    reduction: tuple[Node, ...] = (((1, AVG), (1, AVG)),) * 3
    values = {**chosen(normal, "normal"), **chosen(reduction, "reduction")}
    found = paths(values, longest=1).reshape(2, 2, 7)
    # A path of skips alone comes first, then the operations in their order.
    none, maximum, average, separable, dilated = 0, 1, 2, 3, 6
    assert np.flatnonzero(found[0, 0]).tolist() == [none, separable, dilated]
    assert np.flatnonzero(found[0, 1]).tolist() == [maximum]
    assert not found[1, 0].any()
    assert np.flatnonzero(found[1, 1]).tolist() == [average]
    # Two operations: 3 by 5 and 5 by average from input 0, max and average from input 1.
    assert paths(values).shape == (172,)
    assert paths(values).sum() == found.sum() + 3


def test_paths_tell_most_cells_apart() -> None:
    encoded = {paths(sampled(DARTS(), seed)).tobytes() for seed in range(50)}
    assert len(encoded) == 50


def test_values_of_another_block_are_refused() -> None:
    with pytest.raises(InputError, match="other/normal/2a/input"):
        paths(space_of(DARTS()).default(), name="other")
