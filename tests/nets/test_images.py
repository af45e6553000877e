"""Designs: what is chosen for which data and time."""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import keras_tuner
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keras import layers

from easynas import spaces
from easynas.nets.block import Block
from easynas.nets.design import Compute
from easynas.nets.images import ImageDesign, choose_resolution, design_images, is_mirrored_alike
from easynas.schema import Answer, ImageSchema
from easynas.space.space import SearchSpace, Values
from tests.nets.drawn import CLASSES

OFFERED = {block.name for block in spaces.create("auto").blocks}
SECONDS = st.floats(0.1, 1e5)
SAMPLES = st.integers(20, 1_000_000)
SIDES = st.integers(1, 3000)


@dataclass(frozen=True)
class Mine(Block):
    """A user's own block."""

    name: str = "mine"

    def declare(self, hp: keras_tuner.HyperParameters) -> None:
        hp.Int("mine/width", 2, 9, default=4)

    def build(self, hp: keras_tuner.HyperParameters, x: Any) -> Any:
        return layers.Conv2D(hp.get("mine/width"), 3)(x)


@dataclass(frozen=True)
class Unsized:
    """Takes every network for one that fits: what is proposed can be seen without building it."""

    space: SearchSpace
    knobs: list[str]
    restriction: None = None

    def fit(self, values: Values, *, knob: str, share: float) -> Values:
        self.knobs.append(knob)
        assert knob in self.space.canonical(values)
        assert 0 < share <= 1
        return self.space.canonical(values)

    def smaller(self, values: Values) -> Values:
        return values


class Anything:
    """A restriction that all networks keep."""

    def allows(self, values: Values) -> bool:
        return True


def schema(height: int, width: int, channels: int = 3) -> ImageSchema:
    return ImageSchema((height, width, channels), "uint8", (120.0,) * channels, (4000.0,) * channels)


def compute(seconds: float = 60.0, samples: int = 10_000) -> Compute:
    return Compute(seconds=seconds, macs_per_second=5e10, samples=samples)


def declare_training(hp: keras_tuner.HyperParameters) -> None:
    hp.Choice("train/optimizer", ["muon", "sgd", "adamw"])
    hp.Choice("train/smoothing", [0.0, 0.1, 0.2])


def designed(block: Block, *, seconds: float = 60.0) -> ImageDesign:
    return design_images(
        schema(12, 12, 1),
        Answer("classes", CLASSES),
        shape=(12, 12, 1),
        compute=compute(seconds),
        block=block,
        whitening=None,
        declare_training=declare_training,
        seed=3,
    )


def unsized(design: ImageDesign, knobs: list[str] | None = None) -> Iterator[Values]:
    """The portfolio; what scales its designs is added to `knobs`."""
    return dataclasses.replace(design, sizing=Unsized(design.space, [] if knobs is None else knobs)).portfolio()


def test_the_budget_of_a_network_is_what_its_training_can_pay() -> None:
    # 3 passes of 4.8 epochs of 55,000 samples through 33 million multiply-accumulates.
    typical = Compute(seconds=26.4, macs_per_second=1e12, samples=55_000)
    assert (typical.epochs, typical.effort) == pytest.approx((4.8, 160e6 / 4.8))
    fourfold = Compute(seconds=4 * 26.4, macs_per_second=1e12, samples=55_000)
    assert (fourfold.epochs, fourfold.effort) == pytest.approx((9.6, 320e6 / 4.8))
    assert fourfold.epoch_seconds == pytest.approx(4 * 26.4 / 9.6)
    assert fourfold.sample_seconds == pytest.approx(3 * fourfold.effort / 1e12)


def test_trials_with_less_compute_have_smaller_networks_and_the_best_grows_again() -> None:
    whole = designed(spaces.create("vgg"))
    tried = whole.tried(compute(4.0))
    assert tried.sizing.budget == pytest.approx(compute(4.0).effort)
    small, large = next(tried.portfolio()), next(whole.portfolio())
    assert tried.sizing.effort(small) < 0.5 * whole.sizing.effort(large)
    assert tried.grown(small) == large
    assert whole.grown(small) == small


def test_a_trial_that_was_best_with_a_part_of_its_compute_grows_to_that_part_of_the_whole() -> None:
    whole = designed(spaces.create("vgg"))
    tried = whole.tried(compute(10.0))
    values = {**next(tried.portfolio()), "vgg/width": 4}
    assert tried.sizing.effort(values) < 0.5 * tried.sizing.budget
    share = whole.sizing.effort(tried.grown(values)) / whole.sizing.budget
    assert share == pytest.approx(0.5, rel=0.3)


def test_what_nothing_is_known_to_scale_is_tried_as_it_is() -> None:
    whole = designed(Mine())
    assert whole.tried(compute(1.0)) is whole
    assert whole.grown({"mine/width": 3}) == {"mine/width": 3}
    assert designed(spaces.create("vgg")).tried(compute(1e6)).whole is None


def test_what_grows_keeps_the_limits() -> None:
    whole = designed(spaces.create("vgg"))

    class Narrow:
        def allows(self, values: Values) -> bool:
            return int(values["vgg/width"]) <= 12

    tried = whole.within(Narrow()).tried(compute(1.0))
    grown = tried.grown(next(tried.portfolio()))
    assert grown["vgg/width"] == 12
    assert whole.sizing.effort(grown) < 0.9 * whole.sizing.budget


@given(few=SAMPLES, many=SAMPLES)
def test_fewer_samples_are_seen_more_often_but_more_cost_more_all_the_same(few: int, many: int) -> None:
    few, many = sorted((few, many))
    assert 1 <= compute(samples=many).epochs <= compute(samples=few).epochs <= 60
    assert compute(samples=many).effort <= compute(samples=few).effort * (1 + 1e-9)


@given(height=SIDES, width=SIDES, seconds=SECONDS, samples=SAMPLES)
def test_images_are_never_enlarged_and_keep_their_aspect_ratio(
    height: int, width: int, seconds: float, samples: int
) -> None:
    (rows, columns), _ = choose_resolution(schema(height, width), compute(seconds, samples))
    assert 1 <= rows <= height
    assert 1 <= columns <= width
    if rows > 1 and columns > 1:
        scale = (rows * columns / (height * width)) ** 0.5
        # Whole pixels: half of one is lost or won at most on each side.
        assert rows / scale == pytest.approx(height, rel=0.5 / rows + 0.5 / columns)
        assert columns / scale == pytest.approx(width, rel=0.5 / rows + 0.5 / columns)


@given(height=SIDES, width=SIDES, seconds=st.tuples(SECONDS, SECONDS), samples=SAMPLES)
def test_more_time_never_lowers_the_resolution(
    height: int, width: int, seconds: tuple[float, float], samples: int
) -> None:
    less, more = (choose_resolution(schema(height, width), compute(each, samples))[0][::-1] for each in sorted(seconds))
    assert less[0] <= more[0]
    assert less[1] <= more[1]


@pytest.mark.parametrize("side", [8, 28, 32])
def test_small_images_stay_as_they_are_however_short_the_time(side: int) -> None:
    resolution, reason = choose_resolution(schema(side, side), compute(0.1))
    assert resolution == (side, side)
    assert f"{side} x {side}" in reason


def test_large_images_are_reduced_with_a_reason_that_names_both_sizes() -> None:
    resolution, reason = choose_resolution(schema(600, 300), compute(1e5))
    assert resolution == (181, 91)
    assert "600 x 300" in reason
    assert "181 x 91" in reason


@pytest.mark.parametrize(
    ("accuracy", "mirrored", "alike"),
    [
        (0.97, 0.40, False),  # digits
        (0.88, 0.85, True),  # clothes
        (0.88, 0.60, True),
        (0.88, 0.50, False),
        (0.10, 0.10, True),  # a baseline that learned nothing cannot object
        (0.10, 0.02, False),
    ],
)
def test_mirroring_is_allowed_where_enough_accuracy_survives_it(
    accuracy: float, mirrored: float, *, alike: bool
) -> None:
    assert is_mirrored_alike(accuracy, mirrored, 0.1) is alike


def test_accuracy_by_chance_does_not_count() -> None:
    # Above chance 0.4 becomes 0.1 with two classes, 0.8 becomes 0.5 with ten.
    assert not is_mirrored_alike(0.9, 0.6, 0.5)
    assert is_mirrored_alike(0.9, 0.6, 0.1)


@pytest.mark.parametrize("block", [*map(spaces.create, spaces.names()), Mine()], ids=lambda block: block.name)
def test_every_design_of_the_portfolio_belongs_to_the_space(block: Block) -> None:
    design = designed(block)
    portfolio = list(unsized(design))
    assert portfolio[-1] == design.space.default()
    for values in portfolio:
        assert values == design.space.canonical(values)


def test_the_portfolio_of_all_spaces_has_every_one_of_them() -> None:
    networks = [values["network"] for values in unsized(designed(spaces.create("auto")))]
    assert set(networks) == OFFERED
    assert networks[0] == "vgg"


@pytest.mark.parametrize("name", sorted(OFFERED))
def test_the_portfolio_of_one_space_has_what_all_spaces_try_of_it(name: str) -> None:
    of_all = [values for values in unsized(designed(spaces.create("auto"))) if values["network"] == name]
    of_one = list(unsized(designed(spaces.create(name))))[:-1]
    assert len(of_one) >= 1
    assert (
        of_one
        == [{key: value for key, value in values.items() if key != "network"} for values in of_all][: len(of_one)]
    )


@pytest.mark.parametrize("name", sorted(set(spaces.names()) - OFFERED - {"auto"}))
def test_a_space_that_is_not_part_of_all_spaces_begins_with_its_default_at_the_right_size(name: str) -> None:
    design, knobs = designed(spaces.create(name)), list[str]()
    first, default = unsized(design, knobs)
    assert knobs == [f"{name}/width"]
    assert first == {**default, "train/optimizer": "adamw"}


def test_a_users_own_block_begins_with_its_default() -> None:
    assert [values["mine/width"] for values in designed(Mine()).portfolio()] == [4]


ABOUT = 1.3  # widths have steps of four, and the nearest is taken


@pytest.mark.slow
def test_networks_of_the_portfolio_stay_within_the_compute() -> None:
    design = designed(spaces.create("vgg"), seconds=10.0)
    *fitted, _ = design.portfolio()
    assert len(fitted) == 4
    assert all(design.sizing.effort(values) <= ABOUT * design.sizing.budget for values in fitted)


@pytest.mark.slow
def test_the_portfolio_of_all_spaces_stays_within_the_compute() -> None:
    design = designed(spaces.create("auto"), seconds=100.0)
    for values in list(design.portfolio())[:-1]:
        assert design.sizing.effort(values) <= ABOUT * design.sizing.budget
        assert values == design.space.canonical(values)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in spaces.names() if name != "auto"])
def test_what_scales_a_design_makes_it_larger(name: str) -> None:
    design = designed(spaces.create(name))
    knobs: list[str] = []
    list(unsized(design, knobs))
    for knob in set(knobs):
        (dimension,) = (each for each in design.space.dimensions if each.name == knob)
        choices = dimension.values()
        costs = [design.sizing.effort({knob: choice}) for choice in choices[:: max(1, len(choices) // 8)]]
        assert costs == sorted(set(costs))


def test_more_compute_makes_larger_networks() -> None:
    short, long = (
        next(design.portfolio())["vgg/width"]
        for design in (designed(spaces.create("vgg"), seconds=seconds) for seconds in (1.0, 30.0))
    )
    assert short < long


def test_mirroring_changes_nothing_else() -> None:
    design = designed(Mine())
    assert design.network.augment.mirror is False
    unchanged, reason = design.informed({"usual_score": 0.8, "mirrored_score": 0.4}, chance=0.1)
    assert unchanged is design
    assert "never mirrors" in reason
    mirroring, reason = design.informed({"usual_score": 0.8, "mirrored_score": 0.78}, chance=0.1)
    assert "mirrors images at random" in reason
    assert mirroring.network.augment == dataclasses.replace(design.network.augment, mirror=True)
    assert mirroring.sizing is design.sizing
    assert dataclasses.replace(mirroring.network, augment=design.network.augment) == design.network


@pytest.mark.parametrize(
    ("score", "chance", "share"),
    [(0.85, 0.1, 1.0), (0.955, 0.1, 0.5), (0.97, 0.7, 1.0), (0.997, 0.7, 0.3), (1.0, 0.5, 0.3), (-3.0, 0.0, 1.0)],
)
def test_networks_are_smaller_where_the_baseline_hardly_errs(score: float, chance: float, share: float) -> None:
    design = designed(spaces.create("vgg"))
    found, reason = design.informed({"usual_score": score, "mirrored_score": 0.0}, chance=chance)
    assert found.sizing.budget == pytest.approx(share * design.sizing.budget)
    assert (f"{share:.0%} of that size" in reason) is (share < 1.0)
    # Trials are smaller in the same proportion.
    assert found.tried(compute(1.0)).sizing.budget == pytest.approx(share * compute(1.0).effort)


def test_the_model_looks_both_ways_where_that_is_right_and_nothing_limits_it() -> None:
    design, metrics = designed(Mine()), {"usual_score": 0.8, "mirrored_score": 0.78}
    free, reason = design.informed(metrics, chance=0.1)
    assert (design.shipped.both_ways, free.shipped.both_ways, free.network.both_ways) == (False, True, False)
    assert "takes twice as long" in reason
    once, reason = dataclasses.replace(design, once=True).informed(metrics, chance=0.1)
    assert not once.shipped.both_ways
    assert "looks at an image once, as those of earlier fits" in reason
    restricted = dataclasses.replace(design, sizing=design.sizing.within(Anything()))
    limited, reason = restricted.informed(metrics, chance=0.1)
    assert limited.network.augment.mirror
    assert not limited.shipped.both_ways
    assert "twice" not in reason


def test_a_design_says_how_large_networks_may_be_and_how_many_there_are() -> None:
    design = designed(Mine())
    cost, size = design.reasons
    assert "µs on an image" in cost
    assert "10,000 images" in cost
    assert "'mine'" in size
    assert f"{design.space.size():.3g} designs" in size
