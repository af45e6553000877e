"""Local search: uphill by single choices, and elsewhere from a local optimum."""

import time

import keras_tuner
import numpy as np
import pytest

from easynas.search.trial import Done, Failed, Job, Trial
from easynas.space.space import SearchSpace, Values
from easynas.strategies.local import LocalSearch
from easynas.strategies.random import Random
from tests.strategies import landscape

SPACE = landscape.space()


def peaks() -> SearchSpace:
    """Two choices of three values: each genotype has four neighbours."""
    hp = keras_tuner.HyperParameters()
    hp.Choice("a", [0, 1, 2])
    hp.Choice("b", [0, 1, 2])
    return SearchSpace(hp)


def asked(strategy: LocalSearch, job_id: int) -> Job:
    job = strategy.ask(job_id)
    assert job is not None
    return job


def differences(a: Values, b: Values) -> int:
    return sum(a[name] != b[name] for name in a if name in b)


@pytest.mark.slow
def test_it_finds_much_better_genotypes_than_chance() -> None:
    climbed = [landscape.best_found(LocalSearch(SPACE, seed=seed), trials=100) for seed in range(10)]
    drawn = [landscape.best_found(Random(SPACE, seed=seed), trials=100) for seed in range(10)]
    assert np.mean(climbed) > np.mean(drawn) + 2.0


def test_a_proposal_is_a_neighbour_of_the_best_trial() -> None:
    strategy = LocalSearch(SPACE, seed=0)
    first, second = asked(strategy, 0), asked(strategy, 1)
    strategy.tell(Done(first, 0.5, 1.0))
    strategy.tell(Done(second, 0.9, 1.0))
    for job_id in range(2, 12):
        job = asked(strategy, job_id)
        assert job.origin == "neighbour of 1"
        assert differences(dict(job.values), dict(second.values)) == 1
        strategy.tell(Done(job, 0.1, 1.0))


def test_it_moves_on_at_the_first_better_neighbour() -> None:
    strategy = LocalSearch(SPACE, seed=0)
    strategy.tell(Done(asked(strategy, 0), 0.5, 1.0))
    better = asked(strategy, 1)
    strategy.tell(Done(better, 0.6, 1.0))
    assert asked(strategy, 2).origin == "neighbour of 1"


def test_equal_scores_are_decided_by_the_loss() -> None:
    strategy = LocalSearch(SPACE, seed=0)
    strategy.tell(Done(asked(strategy, 0), 0.5, 1.0, {"loss": 0.3}))
    strategy.tell(Done(asked(strategy, 1), 0.5, 1.0, {"loss": 0.4}))
    strategy.tell(Done(asked(strategy, 2), 0.5, 1.0, {"loss": 0.2}))
    assert asked(strategy, 3).origin == "neighbour of 2"


@pytest.mark.parametrize("worse", ["done", "failed", "dropped"])
def test_at_a_local_optimum_it_starts_again_elsewhere(worse: str) -> None:
    strategy = LocalSearch(peaks(), seed=0)
    strategy.tell(Done(asked(strategy, 0), 0.9, 1.0))
    for job_id in range(1, 5):
        job = asked(strategy, job_id)
        assert job.origin == "neighbour of 0"
        ends: dict[str, Trial] = {
            "done": Done(job, 0.1, 1.0),
            "failed": Failed(job, "out of memory", 1.0),
            "dropped": Done(job, 0.99, 1.0, fidelity=0.3),
        }
        strategy.tell(ends[worse])
    elsewhere = asked(strategy, 5)
    assert elsewhere.origin == "random"
    strategy.tell(Done(elsewhere, 0.3, 1.0))
    assert asked(strategy, 6).origin in ("neighbour of 5", "random")


def test_the_worse_start_after_an_optimum_is_climbed_from() -> None:
    strategy = LocalSearch(SPACE, seed=1)
    strategy.tell(Done(asked(strategy, 0), 0.9, 1.0))
    job_id = 1
    while (job := asked(strategy, job_id)).origin == "neighbour of 0":
        strategy.tell(Done(job, 0.1, 1.0))
        job_id += 1
    strategy.tell(Done(job, 0.5, 1.0))
    assert asked(strategy, job_id + 1).origin == f"neighbour of {job_id}"


def test_idle_workers_try_random_genotypes_while_the_last_neighbours_are_out() -> None:
    strategy = LocalSearch(peaks(), seed=0)
    strategy.tell(Done(asked(strategy, 0), 0.9, 1.0))
    jobs = [asked(strategy, job_id) for job_id in range(1, 7)]
    assert [job.origin for job in jobs] == ["neighbour of 0"] * 4 + ["random"] * 2
    strategy.tell(Done(jobs[4], 0.2, 1.0))
    strategy.tell(Done(jobs[0], 0.95, 1.0))
    following = strategy.ask(7)
    assert following is None or following.origin != "neighbour of 5"  # the worse one did not become the centre


def test_a_known_better_neighbour_is_moved_to_without_asking() -> None:
    # The chain 0 < 1 < 2 is known from elsewhere, out of order.
    strategy = LocalSearch(peaks(), seed=0)
    strategy.tell(Failed(Job(0, {"a": 2, "b": 2}), "killed", 1.0))
    strategy.tell(Done(Job(1, {"a": 0, "b": 0}), 0.5, 1.0))
    strategy.tell(Done(Job(2, {"a": 1, "b": 1}), 0.4, 1.0))
    strategy.tell(Done(Job(3, {"a": 0, "b": 1}), 0.6, 1.0))
    assert asked(strategy, 4).origin == "neighbour of 3"


def test_infeasible_neighbours_do_not_keep_it_at_an_optimum() -> None:
    strategy = LocalSearch(peaks(), seed=0, feasible=lambda values: values["a"] != 1)
    origins = []
    for job_id in range(6):
        job = asked(strategy, job_id)
        origins.append(job.origin)
        strategy.tell(Done(job, -float(job_id), 1.0))
    assert origins[:4] == ["random"] + ["neighbour of 0"] * 3
    assert origins[4] == "random"
    assert strategy.ask(9) is None


def test_a_study_continued_at_an_optimum_equals_an_uninterrupted_one() -> None:
    def feasible(values: Values) -> bool:
        return values["a"] != 1

    whole = LocalSearch(peaks(), seed=0, feasible=feasible)
    told: list[Trial] = []
    for job_id in range(6):
        continued = LocalSearch(peaks(), seed=0, feasible=feasible)
        for trial in told:
            continued.tell(trial)
        job = asked(whole, job_id)
        assert continued.ask(job_id) == job
        told.append(Done(job, -float(job_id), 1.0))
        whole.tell(told[-1])


@pytest.mark.slow
def test_a_step_takes_milliseconds_in_a_large_space() -> None:
    hp = keras_tuner.HyperParameters()
    for index in range(30):
        hp.Float(f"rate{index}", 0.0, 1.0)
    strategy = LocalSearch(SearchSpace(hp), seed=0)
    seconds = []
    for job_id in range(60):
        start = time.perf_counter()
        job = asked(strategy, job_id)
        strategy.tell(Done(job, sum(float(value) for value in job.values.values()), 1.0))
        seconds.append(time.perf_counter() - start)
    assert np.median(seconds) < 0.1
