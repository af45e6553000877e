"""Cutting networks to a budget, on networks of one convolution, whose cost is known."""

from dataclasses import dataclass, field
from typing import Any

import keras_tuner
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers

from easynas.errors import InputError
from easynas.nets.block import Block
from easynas.nets.sizing import Sizing
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


def sizing(budget: float) -> Sizing:
    block = OneConvolution()
    return Sizing(block, space_of(block), SHAPE, budget)


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(budget=st.floats(1, 4_000), share=st.sampled_from([0.5, 1.0]))
def test_the_fit_is_the_largest_network_within_the_budget(budget: float, share: float) -> None:
    fitted = sizing(budget).fit({"one/bias": True}, knob="one/width", share=share)
    width = fitted["one/width"]
    assert width == min(max(share * budget // 48, 1), MOST)
    assert fitted == {"one/width": width, "one/bias": True}


def test_the_smallest_network_is_taken_where_none_is_within_the_budget() -> None:
    assert sizing(3.0).fit({}, knob="one/width")["one/width"] == 1


def test_fitting_builds_few_of_the_networks_and_none_twice() -> None:
    sized = sizing(1000.0)
    for _ in range(3):
        sized.fit({}, knob="one/width")
    assert len(set(sized.network.builds)) == len(sized.network.builds) <= 6


def test_values_are_counted_as_the_genotype_that_they_describe() -> None:
    sized = sizing(1000.0)
    assert sized.macs({}) == sized.macs({"one/width": 8, "one/bias": False}) == 16 * 3 * 8
    assert sized.network.builds == [8]


@pytest.mark.parametrize(("width", "affordable"), [(1, False), (2, True), (9, True), (18, True), (19, False)])
def test_affordable_is_what_neither_wastes_the_budget_nor_exceeds_it_by_much(width: int, *, affordable: bool) -> None:
    # The budget is the cost of width 9: from an eighth of it, about, to twice.
    assert sizing(16 * 3 * 9).affordable({"one/width": width}) is affordable


def test_values_of_another_space_are_refused() -> None:
    with pytest.raises(InputError, match="two/width"):
        sizing(1000.0).macs({"two/width": 3})
