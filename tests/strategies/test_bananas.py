"""BANANAS: better than chance in few trials, and from what it was told alone."""

import itertools
import math
from collections.abc import Mapping

import numpy as np
import pytest

from easynas.search.trial import Done, Failed, Job
from easynas.space.dimension import Value
from easynas.space.space import Values
from easynas.strategies.bananas import Bananas, _following
from easynas.strategies.evolution import Evolution
from easynas.strategies.observations import LARGEST, scheduled
from easynas.strategies.random import Random
from tests.strategies import landscape

SPACE = landscape.space()


def widths(values: Values) -> np.ndarray:
    return np.array([float(values[f"width{stage}"]) for stage in range(landscape.STAGES)]) / 5.0


@pytest.mark.slow
def test_it_finds_better_genotypes_than_chance_in_few_trials() -> None:
    found = [landscape.best_found(Bananas(SPACE, seed=seed), trials=50) for seed in range(2)]
    drawn = [landscape.best_found(Random(SPACE, seed=seed), trials=50) for seed in range(20)]
    assert np.mean(found) > np.mean(drawn) + 1.5


@pytest.mark.slow
def test_it_beats_evolution_of_as_few_trials() -> None:
    found = [landscape.best_found(Bananas(SPACE, seed=seed), trials=70) for seed in range(15)]
    bred = [landscape.best_found(Evolution(SPACE, seed=seed, population=8, sample=3), trials=70) for seed in range(40)]
    assert np.mean(found) > np.mean(bred) + 0.5


def test_an_encoding_is_what_the_ensemble_sees() -> None:
    """What the encoding leaves out cannot be learned, however much it counts."""

    def with_attention(strategy: Bananas) -> float:
        chosen = []
        for number in range(30):
            job = strategy.ask(number)
            assert job is not None
            chosen.append(job.values["kind"] == "attention")
            strategy.tell(Done(job, float(job.values["width0"]) + 9.0 * chosen[-1], 1.0))
        return float(np.mean(chosen[12:]))

    # Neighbours of the best are mostly of its kind, so that chance alone comes to three quarters or so.
    assert with_attention(Bananas(SPACE, seed=0)) > with_attention(Bananas(SPACE, seed=0, encode=widths)) + 0.1


def test_jobs_are_random_until_ten_trials_have_scores() -> None:
    strategy = Bananas(SPACE, seed=0)
    origins = []
    for number in range(22):
        job = strategy.ask(number)
        assert job is not None
        origins.append(job.origin)
        strategy.tell(Failed(job, "cannot build", 1.0) if number < 10 else Done(job, float(number), 1.0))
    assert origins == ["random"] * 15 + ["model"] * 7


def test_of_many_trials_it_learns_a_part_and_rarely() -> None:
    sizes: list[int] = []
    steps = {size for told in range(5000) if (size := scheduled(told, first=10, then=_following))}
    assert {10, 15, 20, 245, 250} <= steps
    assert 5 <= max(b - a for a, b in itertools.pairwise(sorted(steps))) <= 100

    def encode(values: Mapping[str, Value]) -> np.ndarray:
        sizes[-1] += 1
        return SPACE.encode(values)

    strategy, rng = Bananas(SPACE, seed=0, encode=encode), np.random.default_rng(0)
    for number in range(1000):
        strategy.tell(Done(Job(number, SPACE.sample(rng)), float(rng.random()), 1.0))
    for number in range(1000, 1002):
        sizes.append(0)
        strategy.ask(number)
    assert sizes[0] - sizes[1] == pytest.approx(LARGEST, abs=100)


@pytest.mark.parametrize("score", [1.0, 1e300, -1e300, math.nan, math.inf])
def test_any_score_is_endured(score: float) -> None:
    strategy = Bananas(SPACE, seed=0)
    for number in range(16):
        job = strategy.ask(number)
        assert job is not None
        strategy.tell(Done(job, score, 1.0))


def test_feasibility_is_asked_of_few() -> None:
    asked: list[Values] = []

    def feasible(values: Values) -> bool:
        asked.append(values)
        return len(asked) % 3 == 0

    landscape.best_found(Bananas(SPACE, seed=0, feasible=feasible), trials=15)
    assert len(asked) <= 3 * 15
