"""Asynchronous successive halving (Li et al. 2020, "A system for massively parallel hyperparameter tuning", alg. 2).

No rung waits to be complete: whenever a job is asked for, the highest rung with a trial among the best third of what
has ended there gives one to the next; if there is none, a new genotype starts at the lowest. So no worker ever waits.
What differs from the paper: a promoted network goes on from its weights, and new genotypes come from any strategy.
"""

from collections.abc import Callable
from dataclasses import replace

from easynas.search.trial import Job, Trial
from easynas.space.space import SearchSpace
from easynas.strategies.rungs import LEAST, REDUCTION, Rung, fidelities, level_of, promotion
from easynas.strategies.source import Learner, Source


class ASHA:
    """Successive halving for workers that end at any time.

    Args:
        space: where to search.
        seed: not used: all chance is the strategy's.
        around: makes the strategy that new genotypes come from; made anew when another fidelity counts.
        reduction: one of so many goes on, to so many times the training; a whole number of at least 2.
        least: smallest fidelity, in (0, 1]; the fidelities are powers of `reduction` below 1, and none is smaller.

    Raises:
        InputError: a reduction or a smallest fidelity that cannot be used.
    """

    def __init__(
        self,
        space: SearchSpace,
        *,
        seed: int,
        around: Callable[[], Learner],
        reduction: int = REDUCTION,
        least: float = LEAST,
    ) -> None:
        self._space = space
        self._reduction = reduction
        self._levels = fidelities(reduction=reduction, least=least)
        self._source = Source(space, around, levels=len(self._levels))
        self._rungs = [Rung() for _ in self._levels]
        self._out: set[tuple[str, int]] = set()

    def ask(self, job_id: int) -> Job | None:
        """A promotion from the highest rung that has one, or a start at the lowest."""
        for level in range(len(self._levels) - 1, 0, -1):
            below = self._rungs[level - 1]
            for key, trial in below.best(len(below) // self._reduction):
                if key not in self._rungs[level] and (key, level) not in self._out:
                    self._out.add((key, level))
                    return promotion(job_id, trial, self._levels[level])
        job = self._source.draw(job_id)
        return None if job is None else replace(job, fidelity=self._levels[0])

    def tell(self, trial: Trial) -> None:
        """The trial takes its place on its rung."""
        key, level = self._space.key(trial.job.values), level_of(trial.job.fidelity, self._levels)
        self._source.tell(trial, level)
        if level is not None:
            self._out.discard((key, level))
            self._rungs[level].add(key, trial)
