"""Genotypes: drawn, changed, crossed, encoded, counted."""

import itertools
import math

import keras_tuner
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from easynas.errors import InputError
from easynas.space.space import SearchSpace, Values
from tests.space.drawn import SEEDS, genotypes, spaces

FEW = settings(max_examples=60)


def network_space() -> SearchSpace:
    """A kind of layer, and for each kind what it needs; `width` exists for both, with other values."""
    hp = keras_tuner.HyperParameters()
    hp.Choice("kind", ["conv", "dense"])
    with hp.conditional_scope("kind", ["conv"]):
        hp.Int("width", 8, 64, step=8)
        hp.Boolean("residual")
        with hp.conditional_scope("residual", [True]):
            hp.Choice("skip", ["add", "concat"])
    with hp.conditional_scope("kind", ["dense"]):
        hp.Int("width", 100, 400, step=100)
    return SearchSpace(hp)


def rng(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def assert_alike(found: Values, expected: Values) -> None:
    assert list(found) == list(expected)
    for name, value in expected.items():
        assert type(found[name]) is type(value)
        assert found[name] == (pytest.approx(value, rel=1e-6, abs=1e-9) if isinstance(value, float) else value)


@FEW
@given(spaces(), SEEDS)
def test_a_sample_is_canonical(space: SearchSpace, seed: int) -> None:
    values = space.sample(rng(seed))
    assert space.canonical(values) == values
    assert space.canonical(space.default()) == space.default()


@FEW
@given(spaces(), SEEDS)
def test_a_sample_has_exactly_the_active_choices(space: SearchSpace, seed: int) -> None:
    values = space.sample(rng(seed))
    assert set(values) == {dimension.name for dimension in space.dimensions if dimension.active(values)}


@FEW
@given(spaces(), SEEDS)
def test_a_mutation_changes_one_choice_and_draws_what_that_activates(space: SearchSpace, seed: int) -> None:
    values = space.sample(rng(seed))
    mutant = space.mutate(values, rng(seed + 1))
    assert space.canonical(mutant) == mutant
    homes = [{d.name: d for d in space.dimensions if d.active(each)} for each in (values, mutant)]
    stayed = [name for name in values if homes[1].get(name) is homes[0][name]]
    changed = [name for name in stayed if mutant[name] != values[name]]
    has_choice = any(homes[0][name].count > 1 for name in values)
    assert len(changed) == has_choice


@FEW
@given(spaces(), SEEDS)
def test_a_child_takes_every_choice_from_a_parent_that_has_it(space: SearchSpace, seed: int) -> None:
    a, b = space.sample(rng(seed)), space.sample(rng(seed + 1))
    child = space.crossover(a, b, rng(seed + 2))
    assert space.canonical(child) == child
    for dimension in space.dimensions:
        inherited = [p[dimension.name] for p in (a, b) if dimension.contains(p.get(dimension.name))]
        if dimension.active(child) and inherited:
            assert child[dimension.name] in inherited


def test_a_child_mixes_its_parents() -> None:
    hp = keras_tuner.HyperParameters()
    for name in "abcdefgh":
        hp.Boolean(name)
    space = SearchSpace(hp)
    none, every = dict.fromkeys("abcdefgh", False), dict.fromkeys("abcdefgh", True)
    shares = [sum(space.crossover(none, every, rng(seed)).values()) / 8 for seed in range(200)]
    assert np.mean(shares) == pytest.approx(0.5, abs=0.05)


@FEW
@given(spaces(), SEEDS)
def test_encoding_stays_in_the_unit_cube_and_decodes(space: SearchSpace, seed: int) -> None:
    values = space.sample(rng(seed))
    vector = space.encode(values)
    assert vector.shape == (space.width,)
    assert vector.min() >= 0.0
    assert vector.max() <= 1.0
    assert_alike(space.decode(vector), values)


@FEW
@given(spaces(), SEEDS)
def test_any_vector_decodes_into_the_space(space: SearchSpace, seed: int) -> None:
    values = space.decode(rng(seed).random(space.width))
    assert space.canonical(values) == values
    for corner in (np.zeros(space.width), np.ones(space.width)):
        space.canonical(space.decode(corner))


def test_what_two_networks_both_lack_adds_no_distance() -> None:
    space = network_space()
    a, b = ({"kind": "conv", "width": 8, "residual": False, "skip": skip} for skip in ("add", "concat"))
    assert np.array_equal(space.encode(a), space.encode(b))
    # kind, width and residual of conv, skip, width of dense
    assert space.encode({"kind": "dense", "width": 100}).tolist() == [0, 1, 0.5, 0.5, 0, 0, 0.125]


@FEW
@given(spaces(finite=True))
def test_the_size_is_the_number_of_genotypes(space: SearchSpace) -> None:
    found = list(itertools.islice(genotypes(space), 2001))
    assume(len(found) <= 2000)
    assert space.size() == len({space.key(values) for values in found}) == len(found)


def test_a_choice_in_two_scopes_counts_for_each() -> None:
    # Eight widths with no skip or one of two, and four widths.
    assert network_space().size() == 8 * 3 + 4


def test_choices_below_one_of_two_scopes_count_for_that_one() -> None:
    hp = keras_tuner.HyperParameters()
    hp.Choice("kind", ["a", "b"])
    with hp.conditional_scope("kind", ["a"]):
        hp.Choice("depth", [1, 2])
        with hp.conditional_scope("depth", [2]):
            hp.Boolean("skip")
    with hp.conditional_scope("kind", ["b"]):
        hp.Choice("depth", [1, 2, 3])
    assert SearchSpace(hp).size() == 3 + 3


def test_a_continuous_choice_makes_the_space_infinite() -> None:
    hp = keras_tuner.HyperParameters()
    hp.Float("rate", 0.0, 1.0)
    hp.Choice("kind", ["a", "b"])
    assert math.isinf(SearchSpace(hp).size())


def test_equal_networks_have_equal_keys() -> None:
    space = network_space()
    values = {"kind": "conv", "width": 16, "residual": False}
    assert space.key({**values, "skip": "concat"}) == space.key(dict(reversed(values.items())))
    assert space.key({**values, "width": 16.0}) == space.key(values)
    assert space.key({**values, "residual": True}) != space.key(values)


def test_rounding_makes_no_other_network() -> None:
    hp = keras_tuner.HyperParameters()
    hp.Float("dropout", 0.0, 0.5, step=0.1)
    space = SearchSpace(hp)
    assert space.key({"dropout": 0.3}) == space.key({"dropout": 0.1 + 0.2})


def test_a_default_between_two_steps_is_moved_to_one() -> None:
    hp = keras_tuner.HyperParameters()
    hp.Int("width", 32, 128, step=32, default=100)
    assert SearchSpace(hp).default() == {"width": 96}


def test_missing_choices_take_their_default() -> None:
    assert network_space().canonical({"kind": "dense"}) == {"kind": "dense", "width": 100}


def test_an_unknown_name_is_named() -> None:
    with pytest.raises(InputError, match=r"'kind', 'width'.* Received also: \['depth'\]"):
        network_space().canonical({"depth": 3})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("kind", "pool"),
        ("kind", 1),
        ("width", 12),
        ("width", 72),
        ("width", "8"),
        ("width", True),
        ("width", float("nan")),
        ("width", float("inf")),
        ("width", 8.5),
        ("residual", 1),
        ("residual", None),
    ],
)
def test_a_foreign_value_is_named(name: str, value: object) -> None:
    with pytest.raises(InputError, match=rf"'{name}' must be a value of .* Received: {value!r}\."):
        network_space().canonical({"kind": "conv", name: value})


def test_a_vector_of_another_space_is_refused() -> None:
    with pytest.raises(InputError, match=r"shape \(\d+,\)\. Received: \(2,\)"):
        network_space().decode(np.zeros(2))


def test_a_space_needs_a_choice() -> None:
    with pytest.raises(InputError, match="at least one declared choice"):
        SearchSpace(keras_tuner.HyperParameters())


@FEW
@given(spaces(), st.data())
def test_names_come_once_and_parents_before_children(space: SearchSpace, data: st.DataObject) -> None:
    assert len(set(space.names)) == len(space.names)
    for dimension in space.dimensions:
        for condition in dimension.parameter.conditions:
            assert space.names.index(condition.name) < space.names.index(dimension.name)


@FEW
@given(spaces(), SEEDS)
def test_a_neighbour_differs_in_one_choice_and_is_listed_once(space: SearchSpace, seed: int) -> None:
    values = space.sample(rng(seed))
    near = space.neighbours(values, rng(seed + 1))
    assert len({space.key(each) for each in [values, *near]}) == len(near) + 1
    home = {d.name: d for d in space.dimensions if d.active(values)}
    for each in near:
        assert space.canonical(each) == each
        other = {d.name: d for d in space.dimensions if d.active(each)}
        assert sum(each[name] != values[name] for name in values if other.get(name) is home[name]) == 1


@FEW
@given(spaces(), SEEDS)
def test_every_choice_with_alternatives_has_neighbours_and_few_values_all_of_them(
    space: SearchSpace, seed: int
) -> None:
    values = space.sample(rng(seed))
    near = space.neighbours(values, rng(seed + 1))
    for dimension in space.dimensions:
        if dimension.active(values) and dimension.contains(values.get(dimension.name)):
            found = {each[dimension.name] for each in near if dimension.contains(each.get(dimension.name))}
            others = found - {values[dimension.name]}
            assert bool(others) == (dimension.count > 1)
            if dimension.count <= 5:
                assert others == set(dimension.values()) - {values[dimension.name]}


@pytest.mark.parametrize(("width", "steps"), [(8, {9}), (500, {499, 501}), (1000, {999})])
def test_neighbours_in_a_long_range_are_a_step_away_or_drawn(width: int, steps: set[int]) -> None:
    hp = keras_tuner.HyperParameters()
    hp.Int("width", 8, 1000, sampling="log")
    found = {each["width"] for each in SearchSpace(hp).neighbours({"width": width}, rng(0))}
    assert steps < found
    assert len(found) <= 4


def test_neighbours_are_the_same_for_the_same_generator() -> None:
    hp = keras_tuner.HyperParameters()
    hp.Float("rate", 1e-4, 1e-1, sampling="log")
    space = SearchSpace(hp)
    near = space.neighbours({"rate": 1e-2}, rng(3))
    assert len(near) == 4
    assert near == space.neighbours({"rate": 1e-2}, rng(3)) != space.neighbours({"rate": 1e-2}, rng(4))


def test_a_network_of_another_kind_is_a_neighbour_with_all_that_it_needs() -> None:
    near = network_space().neighbours({"kind": "dense", "width": 100}, rng(0))
    [conv] = [each for each in near if each["kind"] == "conv"]
    assert {"kind", "width", "residual"} <= set(conv)
    assert [each["width"] for each in near if each["kind"] == "dense"] == [200, 300, 400]
