"""Genotypes as sequences of decisions, and back."""

import keras_tuner
import numpy as np
from hypothesis import given, settings

from easynas.space.space import SearchSpace
from easynas.strategies.decisions import BINS, Decisions
from tests.space.drawn import SEEDS, spaces

FEW = settings(max_examples=60)


@FEW
@given(spaces(), SEEDS)
def test_what_is_written_is_a_genotype_that_reads_the_same(space: SearchSpace, seed: int) -> None:
    decisions, rng = Decisions.of(space), np.random.default_rng(seed)
    taken, asked = [], []

    def choose(step: int, *, active: bool) -> int:
        taken.append(int(rng.integers(decisions.options[step])))
        asked.append(active)
        return taken[-1]

    values = decisions.write(choose, rng)
    assert space.canonical(values) == values
    options, active = decisions.read(values)
    assert active.tolist() == asked
    assert options[active].tolist() == [option for option, counts in zip(taken, asked, strict=True) if counts]


@FEW
@given(spaces(), SEEDS)
def test_every_genotype_can_be_written(space: SearchSpace, seed: int) -> None:
    decisions = Decisions.of(space)
    values = space.sample(np.random.default_rng(seed))
    options, active = decisions.read(values)
    again = decisions.write(lambda step, active: int(options[step]), np.random.default_rng(0))
    assert list(again) == list(values)
    for dimension, counts in zip(decisions.steps, active, strict=True):
        if counts and dimension.count <= BINS:
            assert again[dimension.name] == values[dimension.name]


def test_a_continuous_range_is_drawn_alike_within_its_bin() -> None:
    hp = keras_tuner.HyperParameters()
    hp.Float("rate", 0.0, 1.0)
    decisions, rng = Decisions.of(SearchSpace(hp)), np.random.default_rng(0)
    found = [float(decisions.write(lambda step, active: 2, rng)["rate"]) for _ in range(200)]
    assert decisions.options == (BINS,)
    assert 2 / BINS <= min(found) < 2.1 / BINS
    assert 2.9 / BINS < max(found) <= 3 / BINS


def test_what_leaves_nothing_to_decide_is_no_step() -> None:
    hp = keras_tuner.HyperParameters()
    hp.Fixed("version", 2)
    hp.Boolean("skip")
    decisions = Decisions.of(SearchSpace(hp))
    assert decisions.options == (2,)
    assert decisions.write(lambda step, active: 1, np.random.default_rng(0)) == {"version": 2, "skip": True}
