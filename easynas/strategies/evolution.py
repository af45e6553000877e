"""Regularized evolution (Real et al. 2019, "Regularized evolution for image classifier architecture search", alg. 1).

A population is a queue: the oldest dies, whatever its score. A parent is the best of a few members drawn at random, its
child differs in one choice. What differs from the paper: a child may also be a crossover of two such parents (one in
four); a genotype is never proposed twice; a failed trial enters the population as its worst member, so that its region
is left; and the population is smaller, because a study here has tens of trials, not thousands (the paper: 100 and 25).
With several objectives, or constraints that only a trial tells, the best of a few members is the winner of the crowded
comparison of Deb et al. 2002 (NSGA-II): feasible, on an early front of the living, and in an empty part of it.
"""

import math
from collections import deque

import numpy as np

from easynas.search.incumbent import rank_key
from easynas.search.objective import SCORE_ALONE, Goal, Judged, places
from easynas.search.trial import Done, Job, Trial
from easynas.space.space import SearchSpace, Values
from easynas.strategies.fresh import Feasible, Fresh


class Evolution:
    """Ageing evolution by mutation and crossover.

    Args:
        space: where to search.
        seed: proposals depend on it, on the job's number and on what was told, on nothing else.
        feasible: genotypes for which it is False are never proposed, those against cheap constraints among them.
        goal: what makes a member better than another.
        population: members alive; proposals are random until so many trials were told.
        sample: members that compete to be a parent.
        crossover: share of children with two parents.
    """

    def __init__(
        self,
        space: SearchSpace,
        *,
        seed: int,
        feasible: Feasible = lambda _: True,
        goal: Goal = SCORE_ALONE,
        population: int = 30,
        sample: int = 10,
        crossover: float = 0.25,
    ) -> None:
        self.space = space
        self.seed = seed
        self.population = population
        self.sample = sample
        self.crossover = crossover
        self._goal = SCORE_ALONE if goal.single else goal  # `feasible` keeps the cheap constraints
        self._alive: deque[Judged] = deque(maxlen=population)
        self._fresh = Fresh(space, feasible)

    def ask(self, job_id: int) -> Job | None:
        """A child of the living; a random genotype while the population is young or has no new child; else None."""
        rng = np.random.default_rng((self.seed, job_id))
        if len(self._alive) == self.population:
            values, origin = self._child(rng)
            if values is not None:
                return Job(job_id, values, origin=origin)
        values = self._fresh.draw(lambda: self.space.sample(rng))
        return None if values is None else Job(job_id, values, origin="random")

    def tell(self, trial: Trial) -> None:
        """The trial is born; when the population is full, its oldest member dies."""
        self._alive.append(self._goal.judge(trial))
        self._fresh.add(dict(trial.job.values))

    def skip(self, trial: Trial) -> None:
        """Only remembers the genotype, which was trained at another fidelity."""
        self._fresh.add(dict(trial.job.values))

    def _child(self, rng: np.random.Generator) -> tuple[Values | None, str]:
        parent = self._parent(rng)
        other = self._parent(rng) if rng.random() < self.crossover else parent
        if other is not parent:
            values = self._fresh.draw(
                lambda: self.space.mutate(self.space.crossover(parent.job.values, other.job.values, rng), rng)
            )
            return values, f"child of {parent.job.id} and {other.job.id}"
        return self._fresh.draw(lambda: self.space.mutate(parent.job.values, rng)), f"mutation of {parent.job.id}"

    def _parent(self, rng: np.random.Generator) -> Trial:
        drawn = rng.choice(len(self._alive), size=min(self.sample, len(self._alive)), replace=False)
        if self._goal is SCORE_ALONE:
            return max((self._alive[int(i)].trial for i in drawn), key=_fitness)
        place = places(self._alive)
        return self._alive[min(drawn, key=lambda i: int(place[i]))].trial


def _fitness(trial: Trial) -> tuple[float, float]:
    return rank_key(trial) if isinstance(trial, Done) else (-math.inf, -math.inf)
