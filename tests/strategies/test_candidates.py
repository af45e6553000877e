"""What a model chooses from: new, different, and near the best or anywhere."""

import numpy as np

from easynas.space.space import Values
from easynas.strategies.candidates import MUTATIONS, PARENTS, RANDOM, Candidates
from tests.strategies import landscape

SPACE = landscape.space()


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def differences(a: Values, b: Values) -> int:
    return sum(a.get(name) != b.get(name) for name in SPACE.names)


def test_most_are_neighbours_of_the_best_and_some_are_random() -> None:
    parents = [SPACE.sample(np.random.default_rng(seed)) for seed in range(1, 30)]
    drawn = Candidates(SPACE).draw(parents, rng())
    distance = np.array([[differences(values, parent) for parent in parents] for values in drawn])
    near = distance[:, :PARENTS].min(axis=1) <= 2  # a mutation to attention brings its heads
    assert 0.5 * PARENTS * MUTATIONS < near.sum() <= PARENTS * MUTATIONS + 10
    assert 0.5 * RANDOM < (~near).sum() <= RANDOM


def test_no_candidate_was_seen_and_no_two_are_equal() -> None:
    candidates = Candidates(SPACE)
    first = candidates.draw([SPACE.default()], rng())
    for values in first[:50]:
        candidates.add(values)
    again = candidates.draw([SPACE.default()], rng())
    keys = [SPACE.key(values) for values in again]
    assert len(set(keys)) == len(keys)
    assert not {SPACE.key(values) for values in first[:50]} & set(keys)
    assert {SPACE.key(values) for values in first[50:]} <= set(keys)


def test_the_first_feasible_one_is_chosen_and_no_other_is_asked_about() -> None:
    asked: list[Values] = []

    def feasible(values: Values) -> bool:
        asked.append(values)
        return values["width0"] == 3

    candidates = Candidates(SPACE, feasible)
    preferred: list[Values] = [{**SPACE.default(), "width0": width} for width in (1, 3, 2)]
    assert candidates.choose(preferred) == preferred[1]
    assert asked == preferred[:2]
    assert candidates.choose(preferred[:1]) is None
    assert asked == preferred[:2], "an answer holds for good"
    assert preferred[1] not in candidates.draw([preferred[0]], rng())


def test_nothing_feasible_is_none() -> None:
    candidates = Candidates(SPACE, lambda _: False)
    assert candidates.choose(candidates.draw([], rng())) is None
