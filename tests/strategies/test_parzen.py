"""Parzen estimators: densities over genotypes that are what observations say, and nothing about what they lack."""

import itertools
from collections import Counter

import keras_tuner
import numpy as np
import pytest

from easynas.space.space import SearchSpace, Values
from easynas.strategies.axes import Axes
from easynas.strategies.parzen import Parzen

ESTIMATES = [Parzen.independent, Parzen.jointly]


def space() -> SearchSpace:
    """16 genotypes: 4 × (1 + 3)."""
    hp = keras_tuner.HyperParameters()
    hp.Int("width", 1, 4)
    hp.Choice("kind", ["conv", "attention"])
    with hp.conditional_scope("kind", ["attention"]):
        hp.Choice("heads", ["one", "two", "four"])
    return SearchSpace(hp)


SPACE = space()
AXES = Axes(SPACE)
EVERY: list[Values] = [
    *({"width": width, "kind": "conv"} for width in range(1, 5)),
    *(
        {"width": width, "kind": "attention", "heads": heads}
        for width, heads in itertools.product(range(1, 5), ["one", "two", "four"])
    ),
]
OBSERVED: list[Values] = [
    {"width": 3, "kind": "attention", "heads": "four"},
    {"width": 4, "kind": "attention", "heads": "four"},
    {"width": 3, "kind": "conv"},
    {"width": 1, "kind": "attention", "heads": "two"},
]


def rows(genotypes: list[Values]) -> np.ndarray:
    return np.array([AXES.encode(values) for values in genotypes])


def probabilities(parzen: Parzen) -> dict[str, float]:
    return dict(zip(map(SPACE.key, EVERY), np.exp(parzen.log_density(rows(EVERY))), strict=True))


def test_rows_decode_to_the_genotypes_that_they_encode() -> None:
    hp = keras_tuner.HyperParameters()
    hp.Float("rate", 1e-4, 1e-1, sampling="log")
    hp.Int("units", 8, 4096, sampling="log")
    hp.Float("dropout", 0.0, 0.6, step=0.1)
    hp.Choice("kernel", [3, 5, 7])
    hp.Fixed("version", 2)
    hp.Boolean("residual")
    with hp.conditional_scope("residual", [True]):
        hp.Choice("norm", ["batch", "layer"])
    other = SearchSpace(hp)
    axes, rng = Axes(other), np.random.default_rng(0)
    for _ in range(50):
        values = other.sample(rng)
        row = axes.encode(values)
        decoded, active = axes.decode(np.where(np.isnan(row), 0.0, row))
        assert other.key(decoded) == pytest.approx(other.key(values)) or decoded == pytest.approx(values)
        assert (np.isnan(active) == np.isnan(row)).all()


@pytest.mark.parametrize("estimate", ESTIMATES)
def test_the_probabilities_of_all_genotypes_add_up_to_one(estimate: object) -> None:
    assert callable(estimate)
    assert sum(probabilities(estimate(AXES, rows(OBSERVED))).values()) == pytest.approx(1.0)


@pytest.mark.parametrize("estimate", ESTIMATES)
def test_samples_come_as_often_as_the_density_says(estimate: object) -> None:
    assert callable(estimate)
    parzen = estimate(AXES, rows(OBSERVED))
    drawn = parzen.sample(5_000, np.random.default_rng(0))
    counts = Counter(SPACE.key(AXES.decode(row)[0]) for row in drawn)
    expected = probabilities(parzen)
    assert {key: counts[key] / 5_000 for key in expected} == pytest.approx(expected, abs=0.02)


def test_a_choice_is_judged_by_the_trials_in_which_it_is_active() -> None:
    few = Parzen.independent(AXES, rows(OBSERVED[:2]))
    more = Parzen.independent(AXES, rows([*OBSERVED[:2], *[{"width": 3, "kind": "conv"}] * 20]))

    def share(parzen: Parzen) -> float:
        of = probabilities(parzen)
        heads = {name: of[SPACE.key({"width": 3, "kind": "attention", "heads": name})] for name in ("one", "four")}
        return heads["four"] / heads["one"]

    assert share(few) > 2.0
    assert share(more) == pytest.approx(share(few))


def test_a_joint_density_knows_which_choices_go_together() -> None:
    pairs = [{"width": 1, "kind": "conv"}, {"width": 4, "kind": "attention", "heads": "one"}] * 4
    apart, mixed = {"width": 4, "kind": "conv"}, {"width": 1, "kind": "conv"}
    joint, independent = (
        probabilities(estimate(AXES, rows(pairs))) for estimate in (Parzen.jointly, Parzen.independent)
    )
    assert joint[SPACE.key(mixed)] > 3 * joint[SPACE.key(apart)]
    assert independent[SPACE.key(mixed)] < 2 * independent[SPACE.key(apart)]


def test_what_was_not_observed_stays_possible() -> None:
    for estimate in (Parzen.independent, Parzen.jointly):
        lowest = min(probabilities(estimate(AXES, rows(OBSERVED[:1] * 30))).values())
        assert lowest > 1e-4
