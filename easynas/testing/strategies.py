"""`check_strategy`: the contract of a strategy, for everybody who writes one."""

import itertools
from collections.abc import Callable, Iterable

import keras_tuner
import numpy as np

from easynas.search.loop import Strategy
from easynas.search.trial import Done, Failed, Job, Trial
from easynas.space.space import SearchSpace

Create = Callable[[SearchSpace, int], Strategy]

_FIRST_ID = 3  # a study begins with trials that are no strategy's, such as the baseline
_PAUSES = (0, 1, 5, 17, 37)  # trials after which a study is interrupted and continued
_ASKS = 8  # times the size of a space: enough for every genotype at several fidelities


def check_strategy(create: Create, *, trials: int = 40, seed: int = 0) -> None:
    """Checks that the strategies of `create(space, seed)` keep their promises.

    Every proposal is a canonical member of the space, and none is made twice; proposals depend on the seed, the job's
    number and the trials that were told, so that a continued study equals an uninterrupted one; several jobs may be out
    at once and end in any order; failed and dropped trials are endured; and a space without anything left ends in None.

    Args:
        create: makes a new strategy for a space and a seed; it is called often.
        trials: length of a study; more than the strategy's random start, or what follows is not checked.
        seed: of the strategies.

    Raises:
        AssertionError: what the strategy does wrong.
    """
    space = _large_space()
    told = _search(create(space, seed), space, trials=trials)
    _check_proposals([trial.job for trial in told], space)
    again = _search(create(space, seed), space, trials=trials)
    _check_equal(again, told, "Proposals must depend on the seed, the job's number and the told trials alone.")
    for pause in (pause for pause in _PAUSES if pause < trials):
        continued = create(space, seed)
        _tell(continued, told[:pause])
        rest = _search(continued, space, trials=trials - pause, first_id=_FIRST_ID + pause)
        _check_equal(rest, told[pause:], f"A study continued after {pause} trials must equal an uninterrupted one.")
    _check_parallel(create(space, seed), space, rounds=trials // 4)
    _check_failures(create(space, seed), space, trials=trials)
    _check_exhaustion(create, seed)


def _check_proposals(jobs: list[Job], space: SearchSpace) -> None:
    for job in jobs:
        values = dict(job.values)
        assert values == space.canonical(values), f"A proposal must hold the active choices alone. Received: {values}."
        assert 0.0 < job.fidelity <= 1.0, f"A fidelity must be in (0, 1]. Received: {job.fidelity}."
    # A promising genotype may come back, if it is trained longer.
    proposals = [(space.key(job.values), job.fidelity) for job in jobs]
    twice = next((each for each in proposals if proposals.count(each) > 1), None)
    assert twice is None, f"No genotype may be proposed twice at the same fidelity. Received: {twice}."


def _check_equal(found: list[Trial], expected: list[Trial], message: str) -> None:
    for one, other in itertools.zip_longest(found, expected):
        assert one == other, f"{message} Received: {one} and {other}."


def _check_parallel(strategy: Strategy, space: SearchSpace, *, rounds: int) -> None:
    jobs: list[Job] = []
    for _ in range(rounds):
        together = [_ask(strategy, _FIRST_ID + len(jobs) + i) for i in range(4)]
        jobs += [job for job in together if job is not None]
        _tell(strategy, [_evaluate(job, space) for job in reversed(together) if job is not None])
    assert jobs, "A strategy must propose something when several jobs are out."
    _check_proposals(jobs, space)


def _check_failures(strategy: Strategy, space: SearchSpace, *, trials: int) -> None:
    jobs: list[Job] = []
    for job_id in range(trials):
        job = _ask(strategy, job_id)
        assert job is not None, f"A strategy must go on when trials fail. Received None after {job_id} of them."
        strategy.tell(Failed(job, "out of memory", 1.0))
        jobs.append(job)
    _check_proposals(jobs, space)


def _check_exhaustion(create: Create, seed: int) -> None:
    space = _small_space()
    most = _ASKS * int(space.size())
    silent, strategy = create(space, seed), create(space, seed)
    numbers = itertools.count()
    _check_proposals(list(itertools.islice(iter(lambda: _ask(silent, next(numbers)), None), most)), space)
    told = _search(strategy, space, trials=most)
    _check_proposals([trial.job for trial in told], space)
    for exhausted in (silent, strategy):
        assert _ask(exhausted, most) is None, f"A strategy must end in None in a space of {space.size():g} genotypes."


def _search(strategy: Strategy, space: SearchSpace, *, trials: int, first_id: int = _FIRST_ID) -> list[Trial]:
    """A study without a study; it ends early when there is nothing left to try."""
    told: list[Trial] = []
    while len(told) < trials and (job := _ask(strategy, first_id + len(told))) is not None:
        told.append(_evaluate(job, space))
        strategy.tell(told[-1])
    return told


def _ask(strategy: Strategy, job_id: int) -> Job | None:
    job = strategy.ask(job_id)
    assert job is None or job.id == job_id, f"A job must have the number it was asked for, {job_id}. Received: {job}."
    return job


def _tell(strategy: Strategy, trials: Iterable[Trial]) -> None:
    for trial in trials:
        strategy.tell(trial)


def _evaluate(job: Job, space: SearchSpace) -> Trial:
    """Every seventh job fails, every fifth is dropped, some are not measured; equal whenever it is computed."""
    if job.id % 7 == 6:
        return Failed(job, "cannot build", 0.5)
    code = space.encode(job.values)
    score = 1.0 - float(np.mean((code - 0.3) ** 2))
    fidelity = job.fidelity * (0.3 if job.id % 5 == 4 else 1.0)
    metrics = {"loss": 1.0 - score, "parameters": 1e3}
    if job.id % 11 != 8:
        metrics["latency_ms"] = 1.0 + 9.0 * float(np.mean(code))
    return Done(job, score, 2.0, metrics, fidelity=fidelity)


def _large_space() -> SearchSpace:
    """Every kind of choice, and conditions of two levels."""
    hp = keras_tuner.HyperParameters()
    hp.Float("rate", 1e-4, 1e-1, sampling="log")
    hp.Float("dropout", 0.0, 0.6, step=0.1)
    hp.Fixed("version", 2)
    hp.Choice("block", ["conv", "dense"])
    with hp.conditional_scope("block", ["conv"]):
        hp.Int("filters", 8, 256, sampling="log")
        hp.Boolean("residual")
        with hp.conditional_scope("residual", [True]):
            hp.Choice("kernel", [3, 5, 7])
    with hp.conditional_scope("block", ["dense"]):
        hp.Int("units", 16, 128, step=16)
    return SearchSpace(hp)


def _small_space() -> SearchSpace:
    """Ten genotypes."""
    hp = keras_tuner.HyperParameters()
    hp.Choice("block", ["conv", "dense"])
    hp.Boolean("normalize")
    with hp.conditional_scope("block", ["conv"]):
        hp.Int("filters", 1, 4)
    return SearchSpace(hp)
