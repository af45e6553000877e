"""The contract of a strategy catches strategies that break it."""

from dataclasses import replace

import numpy as np
import pytest

from easynas.search.trial import Failed, Job, Trial
from easynas.space.space import SearchSpace
from easynas.strategies.random import Random
from easynas.testing import check_strategy


class Broken:
    """Random search, for strategies that break one promise."""

    def __init__(self, space: SearchSpace, seed: int) -> None:
        self.space = space
        self.seed = seed
        self.inner = Random(space, seed=seed)

    def ask(self, job_id: int) -> Job | None:
        return self.inner.ask(job_id)

    def tell(self, trial: Trial) -> None:
        self.inner.tell(trial)


class Repeating(Broken):
    def ask(self, job_id: int) -> Job | None:
        job = Random(self.space, seed=self.seed).ask(job_id % 5)
        return None if job is None else replace(job, id=job_id)


class Unseeded(Broken):
    def __init__(self, space: SearchSpace, seed: int) -> None:
        super().__init__(space, int(np.random.default_rng().integers(2**31)))


class Counting(Broken):
    """Its proposals depend on how often this object was asked, which a continued study cannot know."""

    asked = 0

    def ask(self, job_id: int) -> Job | None:
        self.asked += 1
        job = self.inner.ask(self.asked)
        return None if job is None else replace(job, id=job_id)


class Misnumbering(Broken):
    def ask(self, job_id: int) -> Job | None:
        job = self.inner.ask(job_id)
        return None if job is None else replace(job, id=job_id + 1)


class Inactive(Broken):
    """Proposes choices that do not exist under their conditions."""

    def ask(self, job_id: int) -> Job | None:
        job = self.inner.ask(job_id)
        return None if job is None else replace(job, values={**self.space.default(), **job.values})


class Discouraged(Broken):
    failures = 0

    def ask(self, job_id: int) -> Job | None:
        return None if self.failures > 10 else self.inner.ask(job_id)

    def tell(self, trial: Trial) -> None:
        self.failures += isinstance(trial, Failed)
        self.inner.tell(trial)


class Forgetful(Broken):
    """Forgets what is out: two workers get the same job."""

    told: tuple[Trial, ...] = ()

    def ask(self, job_id: int) -> Job | None:
        fresh = Random(self.space, seed=self.seed)
        for trial in self.told:
            fresh.tell(trial)
        job = fresh.ask(len(self.told))
        return None if job is None else replace(job, id=job_id)

    def tell(self, trial: Trial) -> None:
        self.told = (*self.told, trial)


class Endless(Broken):
    """When nothing is left, it pretends that a longer training is something else."""

    def ask(self, job_id: int) -> Job | None:
        job = self.inner.ask(job_id)
        return job or Job(job_id, self.space.default(), fidelity=1.0 / (2.0 + job_id))


@pytest.mark.parametrize(
    ("broken", "complaint"),
    [
        (Repeating, "proposed twice"),
        (Unseeded, "depend on the seed"),
        (Counting, "continued after"),
        (Misnumbering, "number it was asked for"),
        (Inactive, "active choices alone"),
        (Discouraged, "go on when trials fail"),
        (Forgetful, "proposed twice"),
        (Endless, "end in None"),
    ],
)
def test_a_broken_promise_is_named(broken: type[Broken], complaint: str) -> None:
    with pytest.raises(AssertionError, match=complaint):
        check_strategy(broken, trials=20)


def test_a_strategy_without_a_fault_passes() -> None:
    check_strategy(Broken, trials=20)
