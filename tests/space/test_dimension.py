"""One choice, as a number and as a category."""

from typing import Any

import keras_tuner
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from easynas.space.dimension import Dimension
from easynas.space.space import SearchSpace
from tests.space.drawn import SEEDS, spaces


def dimension(kind: str, *arguments: Any, **options: Any) -> Dimension:
    hp = keras_tuner.HyperParameters()
    getattr(hp, kind)("choice", *arguments, **options)
    return Dimension.of(hp.space[0])


FINITE = {
    "ordered": (dimension("Choice", [16, 8, 64]), [16, 8, 64]),
    "unordered": (dimension("Choice", ["a", "b"]), ["a", "b"]),
    "boolean": (dimension("Boolean"), [False, True]),
    "fixed": (dimension("Fixed", "x"), ["x"]),
    "int": (dimension("Int", -1, 2), [-1, 0, 1, 2]),
    "int with step": (dimension("Int", 6, 13, step=3), [6, 9, 12]),
    "int by logarithm": (dimension("Int", 3, 6, sampling="log"), [3, 4, 5, 6]),
    "int by factors": (dimension("Int", 2, 33, step=2, sampling="log"), [2, 4, 8, 16, 32]),
    "int by reversed factors": (dimension("Int", 1, 8, step=2, sampling="reverse_log"), [8, 7, 5, 1]),
    "float with step": (dimension("Float", 0.0, 0.35, step=0.1), [0.0, 0.1, 0.2, 0.3]),
    "float by factors": (dimension("Float", 1e-3, 10.0, step=10, sampling="log"), [1e-3, 1e-2, 1e-1, 1.0, 10.0]),
    "constant float": (dimension("Float", 0.5, 0.5), [0.5]),
}
finite = pytest.mark.parametrize(("choice", "values"), FINITE.values(), ids=FINITE.keys())


@finite
def test_the_values_are_those_that_were_declared(choice: Dimension, values: list[Any]) -> None:
    assert choice.count == len(values)
    assert choice.values() == pytest.approx(values) if isinstance(values[0], float) else choice.values() == values


@pytest.mark.parametrize("name", [name for name in FINITE if name != "int by logarithm"])
def test_every_value_is_drawn_equally_often(name: str) -> None:
    choice, _ = FINITE[name]
    rng = np.random.default_rng(0)
    drawn = [choice.sample(rng) for _ in range(2000)]
    counts = [drawn.count(value) for value in choice.values()]
    assert sum(counts) == 2000
    assert max(counts) < 1.4 * min(counts)


@finite
def test_a_neighbour_is_another_value(choice: Dimension, values: list[Any]) -> None:
    rng = np.random.default_rng(0)
    for value in choice.values():
        near = {choice.neighbour(value, rng) for _ in range(200)}
        assert near <= set(choice.values())
        assert (value in near) == (choice.count == 1)


@finite
def test_a_position_leads_back_to_its_value(choice: Dimension, values: list[Any]) -> None:
    for value in choice.values():
        assert choice.at(choice.position(value)) == value
        assert choice.contains(value)


def test_a_neighbour_of_many_values_is_near() -> None:
    wide = dimension("Int", 0, 1000)
    rng = np.random.default_rng(0)
    moves = [abs(wide.neighbour(500, rng) - 500) for _ in range(500)]
    assert 0 < np.median(moves) < 200


def test_a_neighbour_of_a_continuous_value_stays_in_its_range() -> None:
    rate = dimension("Float", 1e-4, 1e-1, sampling="log")
    rng = np.random.default_rng(0)
    for value in (1e-4, 3e-3, 1e-1):
        near = [rate.neighbour(value, rng) for _ in range(200)]
        assert value not in near
        assert 1e-4 <= min(near) < max(near) <= 1e-1


def test_logarithmic_choices_are_drawn_by_magnitude() -> None:
    rng = np.random.default_rng(0)
    rates = [dimension("Float", 1e-4, 1.0, sampling="log").sample(rng) for _ in range(1000)]
    assert np.median(rates) == pytest.approx(1e-2, rel=0.5)


@settings(max_examples=60)
@given(st.sampled_from(["linear", "log", "reverse_log"]), st.floats(0.0, 1.0), SEEDS)
def test_both_ends_of_a_range_belong_to_it(sampling: str, share: float, seed: int) -> None:
    choice = dimension("Float", 0.1, 0.3, sampling=sampling)
    for value in (0.1, 0.1 + share * 0.2, 0.3, choice.at(0.0), choice.at(1.0)):
        position = choice.position(min(value, 0.3))
        assert 0.0 <= position <= 1.0
        assert choice.contains(choice.at(position))
        assert choice.at(position) == pytest.approx(value)


def test_values_come_in_the_declared_type() -> None:
    assert type(dimension("Int", 2, 32, step=2, sampling="log").nearest(16.0)) is int
    assert type(dimension("Float", 0, 4, step=1).nearest(3)) is float
    assert type(dimension("Float", 0, 4).nearest(3)) is float


def test_a_range_of_billions_is_not_listed() -> None:
    wide = dimension("Int", 1, 2**31)
    assert wide.count == 2**31
    assert wide.at(wide.position(777_777_777)) == 777_777_777
    assert wide.contains(2**31)
    assert not wide.contains(2**31 + 100)


@settings(max_examples=60)
@given(spaces(finite=True))
def test_steps_are_counted_as_keras_tuner_does(space: SearchSpace) -> None:
    for choice in space.dimensions:
        if getattr(choice.parameter, "step", None) is not None:
            assert choice.values() == pytest.approx(list(choice.parameter.values))


@pytest.mark.parametrize("values", [(1, 2, 3), ("a", "b", "c")], ids=["numbers", "texts"])
@pytest.mark.parametrize("ordered", [None, False])
def test_values_without_an_order_are_encoded_one_hot(values: tuple[Any, ...], ordered: Any) -> None:
    choice = dimension("Choice", values, ordered=ordered)
    codes = np.array([choice.encode(value) for value in choice.values()])
    if values[0] == 1 and ordered is None:
        assert codes[:, 0] == pytest.approx([1 / 6, 1 / 2, 5 / 6])
    else:
        assert np.array_equal(codes, np.eye(3))
