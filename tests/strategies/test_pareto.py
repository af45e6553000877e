"""NSGA-II, a trial at a time: towards the whole front, and within the constraints."""

from collections.abc import Mapping

import numpy as np
import pytest

from easynas.search.front import hypervolume
from easynas.search.loop import Strategy
from easynas.search.objective import SCORE, Constraint, Goal, Objective
from easynas.search.trial import Done, Failed, Job
from easynas.space.dimension import Value
from easynas.space.space import Values
from easynas.strategies.pareto import Pareto
from easynas.strategies.random import Random
from tests.strategies import landscape

SPACE = landscape.space()
GOAL = Goal((SCORE, Objective("width")))


def total_width(values: Mapping[str, Value]) -> float:
    return float(sum(values[f"width{stage}"] for stage in range(landscape.STAGES)))


def genotypes(count: int) -> list[Values]:
    rng = np.random.default_rng(0)
    return [SPACE.sample(rng) for _ in range(count)]


def volume(strategy: Strategy, *, trials: int) -> float:
    """What the front that `strategy` finds is worth."""
    losses = []
    for job_id in range(trials):
        job = strategy.ask(job_id)
        assert job is not None
        score, width = landscape.score(dict(job.values)), total_width(dict(job.values))
        strategy.tell(Done(job, score, 1.0, {"width": width}))
        losses.append([-score, width])
    return hypervolume(np.array(losses), np.array([12.0, 31.0]))


def told(pareto: Pareto, losses: list[tuple[float, float]], **metrics: float) -> list[Values]:
    """Tells a trial for each pair of losses; returns the genotypes."""
    members = genotypes(len(losses))
    for job_id, (values, (error, width)) in enumerate(zip(members, losses, strict=True)):
        pareto.tell(Done(Job(job_id, values), -error, 1.0, {"width": width, **metrics}))
    return members


def parents(pareto: Pareto, first: int, count: int = 60) -> set[int]:
    jobs = [job for job_id in range(first, first + count) if (job := pareto.ask(job_id)) is not None]
    return {int(word) for job in jobs for word in job.origin.split() if word.isdigit()}


def test_a_place_that_is_empty_in_what_is_known_before_training_is_tried_first() -> None:
    known = Goal((SCORE, Objective("width", cheap=total_width)))
    far: dict[Goal, list[float]] = {GOAL: [], known: []}
    for goal, distances in far.items():
        pareto = Pareto(SPACE, seed=0, goal=goal, population=10)
        members = genotypes(10)
        for job_id, values in enumerate(members):
            pareto.tell(Done(Job(job_id, values), landscape.score(values), 1.0, {"width": total_width(values)}))
        for job_id in range(10, 60):
            job = pareto.ask(job_id)
            assert job is not None
            distances.append(min(abs(total_width(dict(job.values)) - total_width(values)) for values in members))
    assert np.mean(far[known]) > 2.0 * np.mean(far[GOAL])


@pytest.mark.slow
def test_its_front_is_worth_much_more_than_that_of_chance() -> None:
    evolved = [volume(Pareto(SPACE, seed=seed, goal=GOAL), trials=100) for seed in range(5)]
    drawn = [volume(Random(SPACE, seed=seed), trials=100) for seed in range(5)]
    assert np.mean(evolved) > 1.2 * np.mean(drawn)


@pytest.mark.slow
def test_it_finds_better_scores_than_chance_when_the_score_is_all() -> None:
    evolved = [landscape.best_found(Pareto(SPACE, seed=seed), trials=100) for seed in range(10)]
    drawn = [landscape.best_found(Random(SPACE, seed=seed), trials=100) for seed in range(10)]
    assert np.mean(evolved) > np.mean(drawn) + 2.0


def test_proposals_are_random_while_the_population_is_young() -> None:
    pareto = Pareto(SPACE, seed=0, goal=GOAL, population=5)
    origins = []
    for job_id in range(8):
        job = pareto.ask(job_id)
        assert job is not None
        origins.append(job.origin == "random")
        pareto.tell(Done(job, landscape.score(dict(job.values)), 1.0, {"width": 1.0}))
    assert origins == [True] * 5 + [False] * 3


def test_the_front_survives_and_what_it_beats_leaves() -> None:
    pareto = Pareto(SPACE, seed=0, goal=GOAL, population=3)
    told(pareto, [(9.0, 9.0), (0.0, 4.0), (4.0, 0.0), (8.0, 9.0), (2.0, 2.0), (9.0, 8.0)])
    assert parents(pareto, 6) <= {1, 2, 4}


def test_of_a_front_that_is_too_large_the_most_crowded_member_leaves() -> None:
    pareto = Pareto(SPACE, seed=0, goal=GOAL, population=4)
    told(pareto, [(0.0, 10.0), (10.0, 0.0), (4.1, 5.9), (4.0, 6.0), (6.0, 4.0)])
    assert parents(pareto, 5) <= {0, 1, 3, 4}


def test_failed_and_unmeasured_trials_are_behind_all_others() -> None:
    # Of three members two become parents: the best and the second.
    pareto = Pareto(SPACE, seed=0, goal=GOAL, population=3)
    members = told(pareto, [(5.0, 5.0), (float("nan"), 0.0)])
    pareto.tell(Done(Job(50, {**members[0], "width0": 0, "width1": 5}), -99.0, 1.0, {"width": 99.0}))
    pareto.tell(Failed(Job(51, {**members[0], "width0": 5, "width1": 0}), "out of memory", 1.0))
    assert parents(pareto, 100) == {0, 50}


def test_feasible_members_come_before_better_ones_that_are_not() -> None:
    goal = Goal((SCORE, Objective("width")), (Constraint("size_kb", 10.0),))
    pareto = Pareto(SPACE, seed=0, goal=goal, population=3)
    for job_id, (values, size) in enumerate(zip(genotypes(4), (99.0, 12.0, 11.0, 9.0), strict=True)):
        pareto.tell(Done(Job(job_id, values), 1.0 - job_id, 1.0, {"width": 1.0 + job_id, "size_kb": size}))
    assert parents(pareto, 4) == {2, 3}


def test_a_genotype_that_is_told_again_takes_its_own_place() -> None:
    pareto = Pareto(SPACE, seed=0, goal=GOAL, population=3)
    members = told(pareto, [(5.0, 5.0), (4.0, 6.0)])
    pareto.tell(Done(Job(2, members[0]), 9.0, 1.0, {"width": 5.0}))
    job = pareto.ask(3)
    assert job is not None
    assert job.origin == "random"  # two genotypes are known, so the population is not full


def test_without_crossover_a_child_differs_from_its_parent_in_one_choice() -> None:
    pareto = Pareto(SPACE, seed=0, goal=GOAL, population=2, crossover=0.0)
    members = told(pareto, [(0.0, 4.0), (4.0, 0.0)])
    for job_id in range(2, 20):
        job = pareto.ask(job_id)
        assert job is not None
        parent = members[int(job.origin.removeprefix("mutation of "))]
        assert sum(job.values[name] != parent[name] for name in parent if name in job.values) == 1


def test_crossover_takes_from_two_parents() -> None:
    pareto = Pareto(SPACE, seed=0, goal=GOAL, population=3, crossover=1.0)
    members = told(pareto, [(0.0, 4.0), (4.0, 0.0), (9.0, 9.0)])
    crossed = [job for n in range(2, 40) if (job := pareto.ask(n)) is not None and job.origin.startswith("child")]
    assert len(crossed) > 10
    for job in crossed:
        strange = [name for name in job.values if job.values[name] not in [parent.get(name) for parent in members]]
        assert len(strange) <= 2  # what was mutated, and the heads that this may have brought


def test_it_looks_elsewhere_when_all_children_are_known() -> None:
    pareto = Pareto(SPACE, seed=0, population=1)
    parent: Values = {**{f"width{stage}": 0 for stage in range(landscape.STAGES)}, "kind": "conv"}
    near = [{**parent, f"width{s}": w} for s in range(landscape.STAGES) for w in range(1, 6)]
    near += [{**parent, "kind": "attention", "heads": heads} for heads in range(1, 5)]
    for job_id, values in enumerate([*near, parent]):
        pareto.tell(Done(Job(job_id, values), float(values == parent), 1.0))
    job = pareto.ask(99)
    assert job is not None
    assert job.origin == "random"
