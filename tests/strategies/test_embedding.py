"""Genotypes as points: networks that are alike are near."""

import keras_tuner
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from easynas.nets.nb201 import declare_cell, paths
from easynas.space.space import SearchSpace
from easynas.strategies.embedding import Embedding


def space() -> SearchSpace:
    hp = keras_tuner.HyperParameters()
    hp.Choice("kind", ["conv", "dense", "none"])
    hp.Int("depth", 1, 9)
    hp.Fixed("version", 2)
    with hp.conditional_scope("kind", ["conv"]):
        hp.Int("filters", 1, 100)
        hp.Choice("norm", ["batch", "layer"])
    return SearchSpace(hp)


SPACE = space()
CONV = {"kind": "conv", "depth": 1, "version": 2, "filters": 1, "norm": "batch"}
DENSE = {"kind": "dense", "depth": 1, "version": 2}


def squared(*genotypes: dict[str, object]) -> float:
    one, other = Embedding(SPACE)([SPACE.canonical(each) for each in genotypes])  # type: ignore[arg-type]
    return float(((one - other) ** 2).sum())


def test_unordered_values_are_all_as_far_apart() -> None:
    assert squared(DENSE, {**DENSE, "kind": "none"}) == pytest.approx(1.0)


def test_ordered_values_are_apart_by_their_order() -> None:
    apart = [squared(DENSE, {**DENSE, "depth": depth}) for depth in range(1, 10)]
    assert np.all(np.diff(apart) > 0.0)
    assert apart[-1] < 1.0


def test_what_lacks_a_choice_is_as_far_from_all_values_of_it() -> None:
    apart = [squared(DENSE, {**CONV, "filters": filters}) for filters in (1, 50, 100)]
    assert apart == pytest.approx([apart[0]] * 3)
    assert apart[0] > squared(DENSE, {**DENSE, "kind": "none"})


def test_the_ends_of_a_conditional_choice_are_far_apart() -> None:
    assert 0.9 < squared(CONV, {**CONV, "filters": 100}) <= 1.0
    assert squared(CONV, {**CONV, "filters": 2}) < 0.01


def test_a_fixed_choice_has_no_column() -> None:
    embedding = Embedding(SPACE)
    assert embedding.choices == 4
    assert list(np.bincount(embedding.groups)) == [3, 1, 2, 2]


@given(st.integers(0, 2**32 - 1))
def test_a_choice_adds_a_squared_distance_of_one_at_most(seed: int) -> None:
    rng = np.random.default_rng(seed)
    embedding = Embedding(SPACE)
    one, other = embedding([SPACE.sample(rng), SPACE.sample(rng)])
    assert np.bincount(embedding.groups, (one - other) ** 2).max() <= 1.0 + 1e-12


@given(st.integers(0, 2**32 - 1))
def test_equal_points_are_equal_genotypes(seed: int) -> None:
    rng = np.random.default_rng(seed)
    genotype = SPACE.sample(rng)
    one, other = Embedding(SPACE)([genotype, SPACE.mutate(genotype, rng)])
    assert np.abs(one - other).max() > 1e-3


def test_spaces_without_a_choice_have_points_without_columns() -> None:
    hp = keras_tuner.HyperParameters()
    hp.Fixed("version", 2)
    alone = SearchSpace(hp)
    embedding = Embedding(alone)
    assert embedding([alone.default()] * 3).shape == (3, 0)
    assert embedding.choices == 0


def test_no_genotypes_are_no_points() -> None:
    assert Embedding(SPACE)([]).shape == (0, 8)
    assert Embedding(SPACE, lambda _: np.zeros(3))([]).shape == (0, 11)


def test_what_choices_amount_to_counts_as_one_more_choice() -> None:
    hp = keras_tuner.HyperParameters()
    declare_cell(hp, "nb201")
    cells = SearchSpace(hp)
    embedding = Embedding(cells, paths)
    assert embedding.choices == 7
    rng = np.random.default_rng(1)
    points = embedding([cells.sample(rng) for _ in range(200)])[:, embedding.groups == 6]
    apart = ((points[:100] - points[100:]) ** 2).sum(axis=1)
    assert apart.mean() == pytest.approx(1.0, abs=0.2)


def test_an_encoding_that_says_nothing_is_harmless() -> None:
    points = Embedding(SPACE, lambda _: np.ones(2))([SPACE.default()])
    assert np.isfinite(points).all()
