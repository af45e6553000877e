"""The controller: it learns from every trial, and from nothing else."""

import time
from typing import Literal

import keras_tuner
import numpy as np
import pytest

from easynas.errors import InputError
from easynas.search.trial import Done, Failed, Job
from easynas.space.space import SearchSpace
from easynas.strategies.controller import Controller
from easynas.strategies.random import Random
from easynas.testing import check_strategy
from tests.strategies import landscape

# Every policy is traced by Keras, which takes a second.
pytestmark = pytest.mark.slow

SPACE = landscape.space()


def asked(strategy: Controller, job_id: int) -> Job:
    job = strategy.ask(job_id)
    assert job is not None
    return job


def test_it_learns_what_pays() -> None:
    def last(strategy: Controller | Random) -> float:
        scores = []
        for job_id in range(80):
            job = strategy.ask(job_id)
            assert job is not None
            scores.append(landscape.score(dict(job.values)))
            strategy.tell(Done(job, scores[-1], 1.0))
        return float(np.mean(scores[-20:]))

    assert last(Controller(SPACE, seed=0)) > last(Random(SPACE, seed=0)) + 2.0


@pytest.mark.parametrize(("update", "seeds"), [("reinforce", 6), ("ppo", 3)])  # which takes four times as long
def test_it_finds_much_better_genotypes_than_chance(update: Literal["reinforce", "ppo"], seeds: int) -> None:
    learned = [landscape.best_found(Controller(SPACE, seed=seed, update=update), trials=150) for seed in range(seeds)]
    drawn = [landscape.best_found(Random(SPACE, seed=seed), trials=150) for seed in range(seeds)]
    assert np.mean(learned) > np.mean(drawn) + 1.0


@pytest.mark.parametrize("update", [pytest.param("reinforce"), pytest.param("ppo")])
def test_a_continued_study_equals_an_uninterrupted_one(update: Literal["reinforce", "ppo"]) -> None:
    whole, continued = (Controller(SPACE, seed=0, update=update) for _ in range(2))
    for job_id in range(20):
        trial = Done(asked(whole, job_id), float(job_id % 3), 1.0)
        whole.tell(trial)
        continued.tell(trial)
    for job_id in range(20, 30):
        job = asked(continued, job_id)
        assert asked(whole, job_id) == job
        whole.tell(Done(job, float(job_id % 3), 1.0))
        continued.tell(Done(job, float(job_id % 3), 1.0))


def test_ppo_keeps_the_contract_of_a_strategy() -> None:
    check_strategy(lambda space, seed: Controller(space, seed=seed, update="ppo"), trials=24)


def test_failed_trials_are_avoided() -> None:
    strategy = Controller(SPACE, seed=0)
    kinds = []
    for job_id in range(60):
        job = asked(strategy, job_id)
        kinds.append(job.values["kind"])
        failed = job.values["kind"] == "attention"
        strategy.tell(Failed(job, "out of memory", 1.0) if failed else Done(job, 0.5, 1.0))
    assert kinds[:20].count("attention") >= 5
    assert kinds[-20:].count("attention") <= 4


def test_the_scale_of_scores_does_not_matter() -> None:
    small, large = Controller(SPACE, seed=0), Controller(SPACE, seed=0)
    for job_id in range(8):
        jobs = asked(small, job_id), asked(large, job_id)
        assert jobs[0] == jobs[1]
        score = landscape.score(dict(jobs[0].values))
        small.tell(Done(jobs[0], 1e-6 * score, 1.0))
        large.tell(Done(jobs[1], 100.0 + 1e3 * score, 1.0))


def test_it_learns_from_trials_of_others() -> None:
    strategy, rng = Controller(SPACE, seed=0), np.random.default_rng(0)
    for job_id in range(60):
        values = SPACE.sample(rng)
        strategy.tell(Done(Job(job_id, values), float(values["kind"] == "attention"), 1.0))
    kinds = [asked(strategy, job_id).values["kind"] for job_id in range(60, 80)]
    assert kinds.count("attention") >= 15


def test_a_policy_that_has_settled_still_proposes_something_new() -> None:
    hp = keras_tuner.HyperParameters()
    hp.Choice("a", [0, 1, 2])
    hp.Choice("b", [0, 1, 2])
    strategy = Controller(SearchSpace(hp), seed=0, learning_rate=0.1)
    seen = []
    for job_id in range(9):
        job = asked(strategy, job_id)
        seen.append(tuple(job.values.values()))
        strategy.tell(Done(job, float(job.values["a"] == 1), 1.0))
    assert len(set(seen)) == 9
    assert strategy.ask(9) is None


def test_a_space_with_nothing_to_decide_has_one_genotype() -> None:
    hp = keras_tuner.HyperParameters()
    hp.Fixed("version", 2)
    strategy = Controller(SearchSpace(hp), seed=0)
    job = asked(strategy, 0)
    strategy.tell(Done(job, 0.5, 1.0))
    assert job.values == {"version": 2}
    assert strategy.ask(1) is None


def test_a_step_in_thirty_dimensions_takes_less_than_50_ms() -> None:
    hp = keras_tuner.HyperParameters()
    for index in range(30):
        hp.Choice(f"choice{index}", ["a", "b", "c", "d", "e"])
    strategy = Controller(SearchSpace(hp), seed=0)
    seconds = []
    for job_id in range(12):
        start = time.perf_counter()
        strategy.tell(Done(asked(strategy, job_id), float(job_id % 3), 1.0))
        seconds.append(time.perf_counter() - start)
    assert min(seconds[2:]) < 0.05  # the fastest: the machine may be busy with something else


def test_an_unknown_update_is_refused() -> None:
    with pytest.raises(InputError, match=r"\['ppo', 'reinforce'\]"):
        Controller(SPACE, seed=0, update="a2c")  # type: ignore[arg-type]
