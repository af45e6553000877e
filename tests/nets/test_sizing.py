"""Cutting networks to a budget, on networks of one convolution, whose cost is known."""

import math
from dataclasses import dataclass, field
from typing import Any

import keras_tuner
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from keras import layers

from easynas.errors import InputError
from easynas.nets.block import Block
from easynas.nets.cost import macs
from easynas.nets.network import model_of
from easynas.nets.sizing import Sizing, choices_of, leanest, shrunk
from easynas.space.space import SearchSpace, Values
from tests.nets.drawn import space_of

SHAPE = (4, 4, 3)
MOST = 40


@dataclass(frozen=True)
class OneConvolution(Block):
    """Pointwise, of 16 * 3 * width multiply-accumulates."""

    builds: list[int] = field(default_factory=list, compare=False)
    name: str = "one"

    def declare(self, hp: keras_tuner.HyperParameters) -> None:
        hp.Int("one/width", 1, MOST, default=8)
        hp.Boolean("one/bias")

    def build(self, hp: keras_tuner.HyperParameters, x: Any) -> Any:
        self.builds.append(hp.get("one/width"))
        return layers.Conv2D(hp.get("one/width"), 1, use_bias=hp.get("one/bias"))(x)


def counted(network: Block, values: Values, shape: tuple[int, ...]) -> float:
    return macs(model_of(network, values, shape))


def sizing(budget: float) -> Sizing:
    block = OneConvolution()
    return Sizing(block, space_of(block), SHAPE, budget, counted)


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(budget=st.floats(1, 4_000), share=st.sampled_from([0.5, 1.0]))
@example(budget=272.0, share=0.5)  # two widths beyond the budget are nearer than the last within it
def test_the_fit_is_the_network_that_is_nearest_to_the_budget(budget: float, share: float) -> None:
    fitted = sizing(budget).fit({"one/bias": True}, knob="one/width", share=share)
    width = fitted["one/width"]
    distances = [abs(math.log(48 * each / (share * budget))) for each in range(1, MOST + 1)]
    assert distances[width - 1] == pytest.approx(min(distances))
    assert fitted == {"one/width": width, "one/bias": True}


def test_the_smallest_network_is_taken_where_all_exceed_the_budget() -> None:
    assert sizing(3.0).fit({}, knob="one/width")["one/width"] == 1


def test_fitting_builds_few_of_the_networks_and_none_twice() -> None:
    sized = sizing(1000.0)
    for _ in range(3):
        sized.fit({}, knob="one/width")
    assert len(set(sized.network.builds)) == len(sized.network.builds) <= 8


def test_values_are_counted_as_the_genotype_that_they_describe() -> None:
    sized = sizing(1000.0)
    assert sized.effort({}) == sized.effort({"one/width": 8, "one/bias": False}) == 16 * 3 * 8
    assert sized.network.builds == [8]


@pytest.mark.parametrize(("width", "affordable"), [(1, False), (2, True), (9, True), (18, True), (19, False)])
def test_affordable_is_what_neither_wastes_the_budget_nor_exceeds_it_by_much(width: int, *, affordable: bool) -> None:
    # The budget is the cost of width 9: from an eighth of it, about, to twice.
    assert sizing(16 * 3 * 9).affordable({"one/width": width}) is affordable


def test_values_of_another_space_are_refused() -> None:
    with pytest.raises(InputError, match="two/width"):
        sizing(1000.0).effort({"two/width": 3})


@dataclass(frozen=True)
class Narrow:
    """Allows networks up to a width, and remembers those that it was asked about."""

    most: int
    asked: list[int] = field(default_factory=list)

    def allows(self, values: Values) -> bool:
        self.asked.append(int(values["one/width"]))
        return int(values["one/width"]) <= self.most


@pytest.mark.parametrize(("budget", "most", "width"), [(1000.0, 50, 21), (1000.0, 7, 7), (2000.0, 1, 1), (1.0, 9, 1)])
def test_the_fit_is_the_largest_network_that_is_allowed_up_to_the_budget(budget: float, most: int, width: int) -> None:
    assert sizing(budget).within(Narrow(most)).fit({}, knob="one/width")["one/width"] == width


def test_nothing_fits_where_nothing_is_allowed() -> None:
    sized = sizing(1000.0).within(Narrow(0))
    assert sized.fit({}, knob="one/width") is None
    assert sized.smaller({"one/width": 9}) is None


def test_what_the_budget_forbids_is_never_weighed() -> None:
    narrow = Narrow(5)
    sizing(16 * 3 * 9).within(narrow).fit({}, knob="one/width")
    assert max(narrow.asked) == 9


def test_a_budget_that_no_allowed_network_can_use_is_no_reason_to_refuse_small_ones() -> None:
    sized = sizing(16 * 3 * 36).within(Narrow(4))
    assert not sized.affordable({"one/width": 2})
    assert sized.fit({}, knob="one/width")["one/width"] == 4
    assert [sized.affordable({"one/width": width}) for width in (1, 2, 4, 5)] == [True, True, True, False]


def test_a_network_that_is_too_large_becomes_its_largest_relative_that_is_allowed() -> None:
    block = OneConvolution()
    space, free = space_of(block), choices_of(block)
    for most, expected in [(40, 40), (31, 30), (20, 20), (9, 1)]:
        found = shrunk(space, {"one/width": 40, "one/bias": True}, Narrow(most), free=free)
        assert found is not None
        assert found["one/width"] == expected
    assert shrunk(space, {"one/width": 40, "one/bias": True}, Narrow(0), free=free) is None


def test_there_is_a_smallest_network_of_every_kind() -> None:
    hp = keras_tuner.HyperParameters()
    hp.Choice("kind", ["plain", "deep"])
    hp.Int("width", 3, 9, default=7)
    with hp.conditional_scope("kind", ["deep"]):
        hp.Int("depth", 2, 5, default=4)
    hp.Float("rate", 0.1, 1.0, default=0.5)
    found = list(leanest(SearchSpace(hp), free={"width", "depth"}))
    assert found == [
        {"kind": "plain", "width": 3, "rate": 0.5},
        {"kind": "deep", "width": 3, "depth": 2, "rate": 0.5},
    ]


def test_other_choices_become_smaller_before_a_network_is_given_up_and_then_the_knob_is_the_largest() -> None:
    @dataclass(frozen=True)
    class Few:
        """Allows so many units in all layers together."""

        def allows(self, values: Values) -> bool:
            return int(values["width"]) * int(values["depth"]) <= 12

    @dataclass(frozen=True)
    class Tower(Block):
        name: str = "tower"

        def declare(self, hp: keras_tuner.HyperParameters) -> None:
            hp.Int("width", 4, 64, step=4)
            hp.Int("depth", 1, 5)

        def build(self, hp: keras_tuner.HyperParameters, x: Any) -> Any:
            raise AssertionError("nobody should build it")

    tower = Tower()
    sized = Sizing(tower, space_of(tower), SHAPE, 40, lambda _, values, __: int(values["width"])).within(Few())
    assert sized.fit({"depth": 5}, knob="width") == {"width": 4, "depth": 3}
    assert sized.fit({"depth": 1}, knob="width") == {"width": 12, "depth": 1}
