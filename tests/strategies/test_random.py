"""Random search: all of the space, each genotype once."""

from collections import Counter

import keras_tuner

from easynas.search.trial import Done, Job
from easynas.space.space import SearchSpace
from easynas.strategies.random import Random
from tests.strategies import landscape


def test_every_value_is_proposed_about_equally_often() -> None:
    strategy = Random(landscape.space(), seed=0)
    jobs = [job for job_id in range(600) if (job := strategy.ask(job_id)) is not None]
    counts = Counter(job.values["width0"] for job in jobs)
    assert len(jobs) == 600
    assert len(counts) == 6
    assert min(counts.values()) > 60


def test_a_small_space_is_proposed_completely() -> None:
    hp = keras_tuner.HyperParameters()
    hp.Int("width", 0, 9)
    strategy = Random(SearchSpace(hp), seed=0)
    strategy.tell(Done(Job(0, {"width": 4}), 0.5, 1.0))
    proposed = [job.values["width"] for job_id in range(20) if (job := strategy.ask(job_id)) is not None]
    assert sorted(proposed) == [0, 1, 2, 3, 5, 6, 7, 8, 9]
