"""BOHB: Hyperband's rungs, and genotypes like the best of the highest fidelity with enough trials."""

import numpy as np
import pytest

from easynas.search.trial import Done, Job
from easynas.strategies.bohb import BOHB
from easynas.strategies.hyperband import Hyperband
from easynas.strategies.random import Random
from tests.strategies import fidelities, landscape

SPACE = landscape.space()
ENOUGH = len(SPACE.names) + 3


def played(strategy: BOHB, count: int) -> list[Job]:
    jobs = []
    for job_id in range(count):
        job = strategy.ask(job_id)
        assert job is not None
        jobs.append(job)
        found = fidelities.score(dict(job.values), job.fidelity)
        strategy.tell(Done(job, found, 1.0, fidelity=job.fidelity))
    return jobs


def test_its_rungs_are_hyperbands() -> None:
    expected = [1 / 9] * 9 + [1 / 3] * 3 + [1.0] + [1 / 3] * 5 + [1.0] + [1.0] * 3
    assert [job.fidelity for job in played(BOHB(SPACE, seed=0), 22)] == pytest.approx(expected)


def test_starts_are_random_until_a_fidelity_has_enough_trials_and_a_third_after() -> None:
    starts = [job for job in played(BOHB(SPACE, seed=0), 150) if job.continues is None]
    modelled = [job.origin == "like the best" for job in starts]
    # A ninth has 9 trials after the first bracket; a third has 3 + 5 and the third of them another 3.
    assert not any(modelled[:ENOUGH])
    later = modelled[30:]
    assert 0.5 < np.mean(later) < 0.85


@pytest.mark.slow
def test_it_finds_better_than_hyperband_at_equal_cost() -> None:
    def random(seed: int) -> Hyperband:
        return Hyperband(SPACE, seed=seed, around=lambda: Random(SPACE, seed=seed))

    found = [fidelities.search(BOHB(SPACE, seed=seed), cost=40.0).best for seed in range(24)]
    without = [fidelities.search(random(seed), cost=40.0).best for seed in range(24)]
    assert np.mean(found) > np.mean(without) + 0.5
