"""ASHA: whatever can be promoted is, and nobody waits."""

from collections import Counter

import numpy as np
import pytest

from easynas.search.trial import Done, Failed, Job
from easynas.strategies.asha import ASHA
from easynas.strategies.random import Random
from tests.strategies import landscape

SPACE = landscape.space()


def asha(*, least: float = 1 / 9) -> ASHA:
    return ASHA(SPACE, seed=0, around=lambda: Random(SPACE, seed=0), least=least)


def asked(strategy: ASHA, job_id: int) -> Job:
    job = strategy.ask(job_id)
    assert job is not None
    return job


def done(job: Job, score: float) -> Done:
    return Done(job, score, 1.0, fidelity=job.fidelity)


def test_one_of_three_is_promoted_as_soon_as_three_have_ended() -> None:
    strategy = asha()
    jobs = [asked(strategy, job_id) for job_id in range(5)]
    strategy.tell(done(jobs[3], 1.0))
    strategy.tell(done(jobs[0], 3.0))
    assert asked(strategy, 5).continues is None
    strategy.tell(done(jobs[2], 2.0))
    promoted = asked(strategy, 6)
    assert (promoted.continues, promoted.fidelity, promoted.trained) == (
        0,
        pytest.approx(1 / 3),
        pytest.approx(1 / 9),
    )
    assert asked(strategy, 7).continues is None  # it is out already


def test_the_highest_rung_comes_first() -> None:
    strategy, jobs = asha(), []
    for job_id in range(40):
        jobs.append(asked(strategy, job_id))
        strategy.tell(done(jobs[-1], -float(job_id)))  # earlier is better
    # Three starts for each promotion to a third, three of these for each to a full training.
    first_full = next(index for index, job in enumerate(jobs) if job.fidelity == 1.0)
    before = Counter(round(9 * job.fidelity) for job in jobs[:first_full])
    assert before == {1: 9, 3: 3}
    assert (jobs[first_full].values, jobs[first_full].continues) == (jobs[0].values, 3)


def test_failed_and_dropped_trials_fill_a_rung_and_stay_there() -> None:
    strategy = asha()
    for job_id in range(8):
        job = asked(strategy, job_id)
        if job_id % 2:
            strategy.tell(Failed(job, "out of memory", 1.0))
        else:
            strategy.tell(Done(job, 9.0, 1.0, fidelity=job.fidelity / 2))
    job = asked(strategy, 8)
    strategy.tell(done(job, -5.0))
    assert asked(strategy, 9).continues == 8


def test_a_late_result_may_still_be_promoted() -> None:
    strategy = asha()
    late = asked(strategy, 0)
    for job_id in range(1, 30):
        job = asked(strategy, job_id)
        strategy.tell(done(job, float(job_id)))
    strategy.tell(done(late, 1000.0))
    assert 0 in [asked(strategy, job_id).continues for job_id in (30, 31, 32)]  # after higher rungs


def test_workers_that_end_in_any_order_always_get_a_job() -> None:
    strategy, rng = asha(), np.random.default_rng(0)
    running, number = [], 0
    for _ in range(100):
        while len(running) < 7:
            running.append(asked(strategy, number))
            number += 1
        job = running.pop(int(rng.integers(7)))
        strategy.tell(done(job, landscape.score(dict(job.values))))
    assert number == 106
