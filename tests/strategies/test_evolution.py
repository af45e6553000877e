"""Ageing evolution: better than chance, and the oldest dies."""

import numpy as np
import pytest

from easynas.search.objective import SCORE, Constraint, Goal, Objective
from easynas.search.trial import Done, Failed, Job
from easynas.space.space import SearchSpace, Values
from easynas.strategies.evolution import Evolution
from easynas.strategies.random import Random
from tests.strategies import landscape

SPACE = landscape.space()


def genotypes(count: int, seed: int = 0) -> list[Values]:
    rng = np.random.default_rng(seed)
    return [SPACE.sample(rng) for _ in range(count)]


def differences(a: Values, b: Values, space: SearchSpace = SPACE) -> int:
    """How many choices that both have differ."""
    return sum(a[name] != b[name] for name in space.names if name in a and name in b)


@pytest.mark.slow
def test_it_finds_much_better_genotypes_than_chance() -> None:
    evolved = [landscape.best_found(Evolution(SPACE, seed=seed), trials=100) for seed in range(20)]
    drawn = [landscape.best_found(Random(SPACE, seed=seed), trials=100) for seed in range(20)]
    assert np.mean(evolved) > np.mean(drawn) + 2.5
    assert max(evolved) == landscape.OPTIMUM


def test_a_child_is_a_mutation_of_the_best_member() -> None:
    evolution = Evolution(SPACE, seed=0, population=5, sample=5, crossover=0.0)
    members = genotypes(5)
    for job_id, values in enumerate(members):
        evolution.tell(Done(Job(job_id, values), score=float(job_id == 3), seconds=1.0))
    for job_id in range(5, 25):
        job = evolution.ask(job_id)
        assert job is not None
        assert job.origin == "mutation of 3"
        assert differences(dict(job.values), members[3]) == 1


def test_the_oldest_member_dies_even_if_it_is_the_best() -> None:
    evolution = Evolution(SPACE, seed=0, population=5, sample=5, crossover=0.0)
    for job_id, values in enumerate(genotypes(6)):
        evolution.tell(Done(Job(job_id, values), score=100.0 if job_id == 0 else float(job_id == 2), seconds=1.0))
    job = evolution.ask(6)
    assert job is not None
    assert job.origin == "mutation of 2"


def test_failed_trials_are_the_worst_members() -> None:
    evolution = Evolution(SPACE, seed=0, population=5, sample=5, crossover=0.0)
    for job_id, values in enumerate(genotypes(5)):
        job = Job(job_id, values)
        evolution.tell(Done(job, -1e9, 1.0) if job_id == 4 else Failed(job, "out of memory", 1.0))
    child = evolution.ask(5)
    assert child is not None
    assert child.origin == "mutation of 4"


def test_equal_scores_are_decided_by_the_loss() -> None:
    evolution = Evolution(SPACE, seed=0, population=3, sample=3, crossover=0.0)
    for job_id, values in enumerate(genotypes(3)):
        evolution.tell(Done(Job(job_id, values), 0.9, 1.0, {"loss": 0.1 if job_id == 1 else 0.5}))
    child = evolution.ask(3)
    assert child is not None
    assert child.origin == "mutation of 1"


def test_crossover_takes_from_two_parents() -> None:
    evolution = Evolution(SPACE, seed=0, population=8, sample=1, crossover=1.0)
    members = genotypes(8)
    for job_id, values in enumerate(members):
        evolution.tell(Done(Job(job_id, values), 0.5, 1.0))
    children = [job for job_id in range(8, 40) if (job := evolution.ask(job_id)) is not None]
    crossed = [job for job in children if job.origin.startswith("child of")]
    assert len(crossed) > 20
    for job in crossed:
        a, b = (members[int(word)] for word in job.origin.split() if word.isdigit())
        assert a is not b
        strange = [n for n in job.values if job.values[n] not in (a.get(n), b.get(n))]
        assert len(strange) <= 2  # what was mutated, and the heads that this may have brought


def test_proposals_are_random_while_the_population_is_young() -> None:
    evolution = Evolution(SPACE, seed=0, population=5)
    origins = []
    for job_id in range(8):
        job = evolution.ask(job_id)
        assert job is not None
        origins.append(job.origin == "random")
        evolution.tell(Done(job, landscape.score(dict(job.values)), 1.0))
    assert origins == [True] * 5 + [False] * 3


def test_it_looks_elsewhere_when_all_children_are_known() -> None:
    evolution = Evolution(SPACE, seed=0, population=1, sample=1, crossover=0.0)
    # A parent with all its 30 + 1 neighbours known; the attention neighbour comes with each number of heads.
    parent: Values = {**{f"width{stage}": 0 for stage in range(landscape.STAGES)}, "kind": "conv"}
    near = [{**parent, f"width{s}": w} for s in range(landscape.STAGES) for w in range(1, 6)]
    near += [{**parent, "kind": "attention", "heads": heads} for heads in range(1, 5)]
    for job_id, values in enumerate([*near, parent]):
        evolution.tell(Done(Job(job_id, values), 0.5, 1.0))
    job = evolution.ask(99)
    assert job is not None
    assert job.values not in [*near, parent]


def test_with_several_objectives_the_parent_wins_by_front_and_then_by_crowding() -> None:
    goal = Goal((SCORE, Objective("latency_ms")))
    evolution = Evolution(SPACE, seed=0, goal=goal, population=5, sample=5, crossover=0.0)
    losses = [(0.9, 9.0), (0.8, 9.0), (0.6, 2.0), (0.5, 1.0), (0.4, 0.5)]
    for job_id, (values, (score, latency)) in enumerate(zip(genotypes(5), losses, strict=True)):
        evolution.tell(Done(Job(job_id, values), score, 1.0, {"latency_ms": latency}))
    assert {job.origin for n in range(5, 9) if (job := evolution.ask(n)) is not None} == {"mutation of 0"}
    # The most accurate one dies, and what it had beaten is an end of the front now.
    evolution.tell(Done(Job(9, genotypes(6)[5]), 0.1, 1.0, {"latency_ms": 9.0}))
    assert {job.origin for n in range(10, 14) if (job := evolution.ask(n)) is not None} == {"mutation of 1"}


def test_a_feasible_parent_wins_whatever_its_score() -> None:
    goal = Goal(constraints=(Constraint("size_kb", 10.0),))
    evolution = Evolution(SPACE, seed=0, goal=goal, population=4, sample=4, crossover=0.0)
    for job_id, (values, size) in enumerate(zip(genotypes(4), (99.0, 10.0, 11.0, 98.0), strict=True)):
        evolution.tell(
            Done(Job(job_id, values), score=0.5 if job_id == 1 else 0.9, seconds=1.0, metrics={"size_kb": size})
        )
    job = evolution.ask(4)
    assert job is not None
    assert job.origin == "mutation of 1"


def test_cheap_constraints_alone_leave_the_score_to_decide() -> None:
    # Members were judged before: computing the size again for each would cost, and change nothing.
    goal = Goal(constraints=(Constraint("size_kb", 10.0, cheap=lambda _: 1 / 0),))
    evolution = Evolution(SPACE, seed=0, goal=goal, population=5, sample=5)
    alone = Evolution(SPACE, seed=0, population=5, sample=5)
    for job_id, values in enumerate(genotypes(8)):
        trial = Done(Job(job_id, values), landscape.score(values), 1.0)
        evolution.tell(trial)
        alone.tell(trial)
    assert [evolution.ask(n) for n in range(8, 20)] == [alone.ask(n) for n in range(8, 20)]
