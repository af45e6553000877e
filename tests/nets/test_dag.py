"""Graphs of operations, against a search through all their paths."""

from itertools import combinations, pairwise

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras import layers

from easynas.nets.dag import Edge, edges, indicators, join, live, sequences

GRAPHS = st.integers(2, 5).flatmap(lambda nodes: st.tuples(st.just(nodes), st.sets(st.sampled_from(edges(nodes)))))


def walks(nodes: int, present: set[Edge]) -> list[list[Edge]]:
    """Every path from the first node to the last, by trying all sets of nodes in between."""
    found = []
    for count in range(nodes - 1):
        for between in combinations(range(1, nodes - 1), count):
            stops = (0, *between, nodes - 1)
            walk = list(pairwise(stops))
            if set(walk) <= present:
                found.append(walk)
    return found


def scaled(factors: dict[Edge, float], nodes: int) -> keras.Model:
    """A graph whose edges multiply."""
    x = keras.Input((2, 2, 1))
    return keras.Model(x, join(x, {edge: layers.Rescaling(factor) for edge, factor in factors.items()}, nodes=nodes))


def test_edges_are_sorted_by_where_they_lead() -> None:
    assert edges(4) == ((0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3))


@given(GRAPHS)
def test_edges_live_exactly_if_a_path_takes_them(graph: tuple[int, set[Edge]]) -> None:
    nodes, present = graph
    assert live(present, nodes=nodes) == {edge for walk in walks(nodes, present) for edge in walk}


@given(GRAPHS)
def test_sequences_are_the_operations_along_all_paths(graph: tuple[int, set[Edge]]) -> None:
    nodes, present = graph
    operations = {(source, target): "-" if target == nodes - 1 else f"{source}{target}" for source, target in present}
    expected = {tuple(operations[edge] for edge in walk if operations[edge] != "-") for walk in walks(nodes, present)}
    assert sequences(operations, nodes=nodes, silent="-") == expected


def test_edges_that_meet_are_added() -> None:
    model = scaled({(0, 1): 2.0, (0, 2): 3.0, (1, 2): 5.0, (2, 3): 7.0}, 4)
    np.testing.assert_allclose(model(np.ones((1, 2, 2, 1))), (3 + 2 * 5) * 7)


def test_what_leads_nowhere_is_not_built() -> None:
    model = scaled({(0, 3): 2.0, (0, 1): 3.0, (2, 3): 5.0}, 4)
    assert [layer.scale for layer in model.layers if isinstance(layer, layers.Rescaling)] == [2.0]


@pytest.mark.parametrize("present", [{}, {(0, 1): 3.0}, {(1, 2): 3.0}])
def test_a_graph_without_a_path_passes_its_input_on(present: dict[Edge, float]) -> None:
    x = keras.Input((2, 2, 1))
    assert join(x, {edge: layers.Rescaling(factor) for edge, factor in present.items()}, nodes=3) is x


def test_indicators_say_which_sequences_were_found() -> None:
    # The empty one, those of one operation, then aa, ab, ba and bb.
    found = [(), ("b", "a"), ("a", "b", "a")]
    assert indicators(found, ("a", "b"), longest=2).tolist() == [1, 0, 0, 0, 0, 1, 0]
