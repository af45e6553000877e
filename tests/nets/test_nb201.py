"""NAS-Bench-201's cell and skeleton, against the published table."""

import json
import math
from itertools import product
from pathlib import Path

import keras
import keras_tuner
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras import layers

from easynas.errors import InputError
from easynas.nets.cost import macs
from easynas.nets.dag import Operations
from easynas.nets.nb201 import DEFAULT_CELL, EDGES, NB201, OPERATIONS, Skeleton, cell, key, operations_of, paths
from easynas.nets.network import model_of
from easynas.space.space import Values
from tests.nets.drawn import built, space_of

# Rows of the published table: six operations as positions in OPERATIONS, then its costs for CIFAR-10. One row for each
# of its 28 different costs comes first. `benchmarks/nas/counts.py --extract` writes it and compares all 15,625.
TABLE = json.loads((Path(__file__).parent / "nb201_counts.json").read_text(encoding="utf-8"))
NONE, SKIP, CONV1, CONV3, POOL = OPERATIONS

CELLS = st.tuples(*[st.sampled_from(OPERATIONS)] * len(EDGES))


def values_of(operations: Operations) -> Values:
    return {f"nb201/edge_{s}_{t}": operation for (s, t), operation in zip(EDGES, operations, strict=True)}


def cell_model(operations: Operations, *, prune: bool = True) -> keras.Model:
    x = keras.Input((4, 5, 3))
    return keras.Model(x, cell(x, operations, prune=prune))


def check_counts(row: list[int]) -> None:
    *operations, table_macs, table_parameters = row
    model = model_of(Skeleton(), values_of(tuple(OPERATIONS[each] for each in operations)), (32, 32, 3))
    # The table counts each of the last layer's ten biases as a multiply-accumulate, in single precision.
    assert macs(model) + 10 == pytest.approx(table_macs, rel=1e-7)
    assert sum(math.prod(weight.shape) for weight in model.trainable_weights) == table_parameters


def test_edges_are_in_the_order_of_the_published_strings() -> None:
    assert EDGES == ((0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3))


@pytest.mark.parametrize("row", TABLE[1:3])
def test_the_skeleton_costs_what_the_table_says(row: list[int]) -> None:
    check_counts(row)


@pytest.mark.slow
@pytest.mark.parametrize("row", TABLE[3:])
def test_every_skeleton_costs_what_the_table_says(row: list[int]) -> None:
    check_counts(row)


def test_the_space_has_all_published_cells() -> None:
    assert space_of(Skeleton()).size() == 15_625
    assert operations_of(space_of(NB201()).default()) == DEFAULT_CELL


def test_a_cell_of_skip_connections_adds_up_all_its_paths() -> None:
    x = np.random.default_rng(0).normal(size=(2, 4, 5, 3)).astype("float32")
    np.testing.assert_allclose(cell_model((SKIP,) * 6)(x), 4 * x, rtol=1e-6)


def test_pooling_ignores_what_lies_outside_the_image() -> None:
    pooled = cell_model((NONE, NONE, NONE, POOL, NONE, NONE))(np.ones((1, 4, 5, 3)))
    np.testing.assert_allclose(pooled, np.ones((1, 4, 5, 3)), rtol=1e-6)


def test_convolutions_come_after_their_relu_and_before_their_normalization() -> None:
    kinds = [type(layer) for layer in cell_model((NONE, NONE, NONE, CONV3, NONE, NONE)).layers]
    assert kinds == [layers.InputLayer, layers.Activation, layers.Conv2D, layers.BatchNormalization]


def test_edges_that_lead_nowhere_cost_nothing_in_a_search() -> None:
    dead = (CONV3, CONV3, NONE, SKIP, NONE, NONE)
    assert macs(cell_model(dead)) == 0
    assert macs(cell_model(dead, prune=False)) == 2 * 4 * 5 * 9 * 3 * 3


def test_a_cell_without_a_path_passes_its_input_on_in_a_search_and_gives_zeros_as_published() -> None:
    x = np.random.default_rng(0).normal(size=(2, 4, 5, 3)).astype("float32")
    dead = (CONV3, SKIP, NONE, NONE, NONE, NONE)
    np.testing.assert_array_equal(cell_model(dead)(x), x)
    assert not np.asarray(cell_model(dead, prune=False)(x)).any()


def test_widths_double_and_sides_halve_with_every_stage() -> None:
    assert built(NB201(), (32, 32, 3), width=8, stages=3).output_shape == (None, 8, 8, 32)
    assert built(NB201(), (8, 12, 1), width=8, stages=4).output_shape == (None, 4, 6, 64)


def test_repeats_are_cells_of_every_stage() -> None:
    # The default cell has two convolutions, and the units between stages two and a projection.
    model = built(NB201(), (16, 16, 3), width=4, stages=2, repeats=5)
    assert sum(isinstance(layer, layers.Conv2D) for layer in model.layers) == 1 + 2 * 5 * 2 + 3


def test_paths_are_those_of_the_operations_that_change_something() -> None:
    # 0 to 3 directly by a skip, over 1 by 1x1 and 3x3, over 2 by pooling and skip; nothing from 1 to 2.
    found = paths(values_of((CONV1, POOL, NONE, SKIP, CONV3, SKIP)))
    alphabet = (CONV1, CONV3, POOL)
    every = [path for length in range(4) for path in product(alphabet, repeat=length)]
    assert [every[i] for i in np.flatnonzero(found)] == [(), (POOL,), (CONV1, CONV3)]
    assert found.shape == (40,)


def test_a_cell_without_a_path_has_none() -> None:
    dead = values_of((CONV3, SKIP, NONE, NONE, NONE, NONE))
    assert not paths(dead).any()
    assert key(dead) == ""


@given(CELLS, CELLS)
def test_cells_that_compute_the_same_have_the_same_paths(one: Operations, other: Operations) -> None:
    if key(values_of(one)) == key(values_of(other)):
        np.testing.assert_array_equal(paths(values_of(one)), paths(values_of(other)))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        # Over node 1 or over node 2.
        ((CONV1, NONE, NONE, NONE, CONV3, NONE), (NONE, CONV1, NONE, NONE, NONE, CONV3)),
        # The skip before or after.
        ((SKIP, NONE, NONE, POOL, CONV3, NONE), (NONE, CONV3, NONE, POOL, NONE, SKIP)),
        # What leads nowhere.
        ((CONV1, CONV3, POOL, SKIP, NONE, NONE), (NONE, NONE, NONE, SKIP, NONE, NONE)),
    ],
)
def test_equal_keys_belong_to_equal_functions(one: Operations, other: Operations) -> None:
    assert key(values_of(one)) == key(values_of(other))
    assert macs(cell_model(one)) == macs(cell_model(other))


def test_parallel_convolutions_are_not_one() -> None:
    # Each has weights of its own.
    assert key(values_of((SKIP, NONE, NONE, CONV3, CONV3, NONE))) != key(
        values_of((NONE, NONE, NONE, CONV3, NONE, NONE))
    )


def test_a_third_of_all_cells_are_different() -> None:
    assert len({key(values_of(operations)) for operations in product(OPERATIONS, repeat=6)}) == 4_930


def test_values_of_another_block_are_refused() -> None:
    with pytest.raises(InputError, match="other/edge_0_1"):
        paths(values_of(DEFAULT_CELL), name="other")
    hp = keras_tuner.HyperParameters()
    NB201(name="other").declare(hp)
    assert paths({choice.name: choice.default for choice in hp.space}, name="other").any()
