"""The landscape at several fidelities: a short training ranks genotypes with an error that is their own."""

import zlib
from dataclasses import dataclass, field

import numpy as np

from easynas.search.loop import Strategy
from easynas.search.trial import Done, Job
from easynas.space.space import Values
from tests.strategies import landscape

ERROR = 3.0
"""Deviation of a score at fidelity 0 from the one of a full training; genotypes differ by 2.9."""


def score(values: Values, fidelity: float) -> float:
    """The same for the same genotype and fidelity, whoever asks."""
    rng = np.random.default_rng(zlib.crc32(repr(sorted(values.items())).encode()))
    return landscape.score(values) - 10.0 * (1.0 - fidelity) + ERROR * (1.0 - fidelity) * float(rng.normal())


@dataclass
class Search:
    """What a strategy did.

    Attributes:
        jobs: in their order.
        cost: full trainings, what was continued counted once.
        best: the score of the best full training.
    """

    jobs: list[Job] = field(default_factory=list)
    cost: float = 0.0
    best: float = -np.inf


def search(strategy: Strategy, *, cost: float) -> Search:
    """One job after the other, until `cost` is spent."""
    done = Search()
    while done.cost < cost - 1e-9:
        job = strategy.ask(len(done.jobs))
        assert job is not None
        found = score(dict(job.values), job.fidelity)
        strategy.tell(Done(job, found, seconds=1.0, fidelity=job.fidelity))
        done.jobs.append(job)
        done.cost += job.fidelity - job.trained
        if job.fidelity == 1.0:
            done.best = max(done.best, found)
    return done
