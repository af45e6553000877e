"""The Parzen estimator: better than chance, away from failures, and aware of what depends on what."""

import keras_tuner
import numpy as np

from easynas.search.trial import Done, Failed, Job
from easynas.space.space import SearchSpace
from easynas.strategies.random import Random
from easynas.strategies.tpe import TPE, TPESettings
from tests.strategies import landscape

SPACE = landscape.space()


def asked(strategy: TPE, job_id: int) -> Job:
    job = strategy.ask(job_id)
    assert job is not None
    return job


def test_it_finds_much_better_genotypes_than_chance() -> None:
    found = [landscape.best_found(TPE(SPACE, seed=seed), trials=60) for seed in range(5)]
    drawn = [landscape.best_found(Random(SPACE, seed=seed), trials=60) for seed in range(5)]
    assert np.mean(found) > np.mean(drawn) + 1.5


def test_a_joint_density_beats_chance_too() -> None:
    settings = TPESettings(joint=True)
    found = [landscape.best_found(TPE(SPACE, seed=seed, settings=settings), trials=60) for seed in range(5)]
    drawn = [landscape.best_found(Random(SPACE, seed=seed), trials=60) for seed in range(5)]
    assert np.mean(found) > np.mean(drawn) + 0.5


def test_proposals_are_random_until_enough_was_told() -> None:
    strategy = TPE(SPACE, seed=0, settings=TPESettings(startup=4))
    origins = []
    for job_id in range(7):
        job = asked(strategy, job_id)
        origins.append(job.origin)
        strategy.tell(Done(job, landscape.score(dict(job.values)), 1.0))
    assert origins == ["random"] * 4 + ["like the best"] * 3


def test_a_share_of_the_proposals_stays_random() -> None:
    strategy = TPE(SPACE, seed=0, settings=TPESettings(startup=1, random=1 / 3))
    origins = []
    for job_id in range(90):
        job = asked(strategy, job_id)
        origins.append(job.origin == "random")
        if job_id < 20:
            strategy.tell(Done(job, landscape.score(dict(job.values)), 1.0))
    assert 20 <= sum(origins) <= 40


def test_it_leaves_where_trials_fail() -> None:
    strategy, kinds = TPE(SPACE, seed=0), []
    for job_id in range(60):
        job = asked(strategy, job_id)
        kinds.append(job.values["kind"])
        attention = job.values["kind"] == "attention"
        strategy.tell(Failed(job, "out of memory", 1.0) if attention else Done(job, 0.5, 1.0))
    assert kinds[:10].count("attention") >= 3
    assert kinds[30:].count("attention") <= 6


def test_a_dropped_trial_is_never_a_good_one() -> None:
    hp = keras_tuner.HyperParameters()
    hp.Int("width", 1, 500)
    space = SearchSpace(hp)
    strategy = TPE(space, seed=0)
    for number in range(1, 40):
        low = Done(Job(number, {"width": number}), 0.9, 1.0, fidelity=0.3)
        strategy.tell(low)
        strategy.tell(Done(Job(number, {"width": 460 + number}), 0.5 + 0.001 * number, 1.0))
    proposed = [int(asked(strategy, job_id).values["width"]) for job_id in range(100, 110)]
    assert np.median(proposed) > 400


def test_after_failures_alone_it_still_proposes() -> None:
    strategy = TPE(SPACE, seed=0)
    for job_id in range(15):
        strategy.tell(Failed(asked(strategy, job_id), "killed", 1.0))
    assert asked(strategy, 15).origin == "random"


def test_of_many_trials_a_part_stands_for_all() -> None:
    strategy, rng = TPE(SPACE, seed=0), np.random.default_rng(0)
    for number in range(2000):
        values = SPACE.sample(rng)
        strategy.tell(Done(Job(number, values), landscape.score(values), 1.0))
    good, bad = strategy._densities()
    assert (len(good.rows), len(bad.rows)) == (25, 400)
    found = [landscape.score(asked(strategy, number).values) for number in range(2000, 2010)]
    assert np.mean(found) > np.quantile([landscape.score(trial.job.values) for trial, _ in strategy._told], 0.9)
