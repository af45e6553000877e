"""Ageing evolution: better than chance, and the oldest dies."""

import numpy as np

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
