"""NSGA-II (Deb et al. 2002, "A fast and elitist multiobjective genetic algorithm: NSGA-II"), one trial at a time.

The population holds the best trials of the whole study in the order of the crowded comparison: feasible ones first
(section VI), by front (III-A), within a front those in its emptier parts (III-B). Parents win a tournament of two, and
their child joins the population, whose worst member leaves.

What differs from the paper: generations have one child, so that trials may end in any order (the steady state of
Durillo et al. 2009, "On the effect of the steady-state selection scheme in multi-objective genetic algorithms"); there
are choices in place of real numbers, so crossover is uniform and a mutation changes one choice; a genotype is never
proposed twice, and told again it takes its own place; a failed trial is behind all others; and the population is
smaller, because a study has tens of trials, not thousands (the paper: 100). Where objectives are known before training,
a few children are drawn and the one farthest from the members in them is proposed (after Elsken et al. 2019,
"Efficient multi-objective neural architecture search via Lamarckian evolution", who draw by the inverse of a density).
"""

import math
from collections.abc import Mapping

import numpy as np

from easynas.search.objective import SCORE_ALONE, Goal, Judged, places
from easynas.search.trial import Job, Trial
from easynas.space.dimension import Value
from easynas.space.space import SearchSpace
from easynas.strategies.fresh import TRIES, Feasible, Fresh

_LITTER = 4  # more did not help, and each child is a few tenths of a millisecond


class Pareto:
    """Elitist evolution towards the whole front of several objectives.

    Args:
        space: where to search.
        seed: proposals depend on it, on the job's number and on what was told, on nothing else.
        feasible: genotypes for which it is False are never proposed, those against cheap constraints among them.
        goal: objectives and constraints; one objective is a front of one point.
        population: members; proposals are random until so many genotypes were told.
        crossover: share of children with two parents (the paper: 0.9).
    """

    def __init__(
        self,
        space: SearchSpace,
        *,
        seed: int,
        feasible: Feasible = lambda _: True,
        goal: Goal = SCORE_ALONE,
        population: int = 20,
        crossover: float = 0.9,
    ) -> None:
        self.space = space
        self.seed = seed
        self.goal = goal
        self.population = population
        self.crossover = crossover
        self._cheap = [column for column, each in enumerate(goal.objectives) if each.cheap is not None]
        self._members: dict[str, Judged] = {}
        self._fresh = Fresh(space, feasible)

    def ask(self, job_id: int) -> Job | None:
        """A child of the population; a random genotype while it is young or has no new child; else None."""
        rng = np.random.default_rng((self.seed, job_id))
        if len(self._members) == self.population:
            child = self._child(job_id, rng)
            if child is not None:
                return child
        values = self._fresh.draw(lambda: self.space.sample(rng))
        return None if values is None else Job(job_id, values, origin="random")

    def tell(self, trial: Trial) -> None:
        """The trial joins the population; when that is too large, its worst member leaves."""
        self._fresh.add(dict(trial.job.values))
        self._members[self.space.key(trial.job.values)] = self.goal.judge(trial)
        if len(self._members) > self.population:
            place = places(list(self._members.values()))
            del self._members[list(self._members)[int(place.argmax())]]

    def skip(self, trial: Trial) -> None:
        """Only remembers the genotype, which was trained at another fidelity."""
        self._fresh.add(dict(trial.job.values))

    def _child(self, job_id: int, rng: np.random.Generator) -> Job | None:
        members = list(self._members.values())
        place = places(members)
        size = _LITTER if self._cheap else 1
        for _ in range(TRIES // size):
            litter = [self._born(job_id, members, place, rng) for _ in range(size)]
            new = [child for child in litter if self._fresh.fits(dict(child.values))]
            if new:
                chosen = max(new, key=lambda child: self._distance(child.values, members))
                self._fresh.add(dict(chosen.values))
                return chosen
        return None

    def _born(self, job_id: int, members: list[Judged], place: np.ndarray, rng: np.random.Generator) -> Job:
        parent, other = (members[_winner(place, rng)].trial.job for _ in range(2))
        if other is not parent and rng.random() < self.crossover:
            crossed = self.space.crossover(parent.values, other.values, rng)
            return Job(job_id, self.space.mutate(crossed, rng), origin=f"child of {parent.id} and {other.id}")
        return Job(job_id, self.space.mutate(parent.values, rng), origin=f"mutation of {parent.id}")

    def _distance(self, values: Mapping[str, Value], members: list[Judged]) -> float:
        """From a genotype to the nearest member in the objectives that are known before training, by their extent."""
        known = np.stack([member.losses[self._cheap] for member in members])
        known = known[np.isfinite(known).all(axis=1)]
        own = np.array([self.goal.objectives[column].known(values) for column in self._cheap])
        if not len(known) or not np.isfinite(own).all():
            return -math.inf
        extent = np.ptp(known, axis=0)
        return float(np.linalg.norm((known - own) / np.where(extent > 0.0, extent, 1.0), axis=1).min())


def _winner(place: np.ndarray, rng: np.random.Generator) -> int:
    """The better of two members drawn at random."""
    drawn = rng.choice(len(place), size=min(2, len(place)), replace=False)
    return int(drawn[place[drawn].argmin()])
