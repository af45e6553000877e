"""NSGA-II (Deb et al. 2002, "A fast and elitist multiobjective genetic algorithm: NSGA-II"), one trial at a time.

The population holds the best trials of the whole study in the order of the crowded comparison: feasible ones first
(section VI), by front (III-A), within a front those in its emptier parts (III-B). Parents win a tournament of two, and
their child joins the population, whose worst member leaves.

What differs from the paper: generations have one child, so that trials may end in any order (the steady state of
Durillo et al. 2009, "On the effect of the steady-state selection scheme in multi-objective genetic algorithms"); there
are choices in place of real numbers, so crossover is uniform and a mutation changes one choice; a genotype is never
proposed twice, and told again it takes its own place; a failed trial is behind all others; and the population is
smaller, because a study has tens of trials, not thousands (the paper: 100).
"""

import numpy as np

from easynas.search.objective import SCORE_ALONE, Goal, Judged, places
from easynas.search.trial import Job, Trial
from easynas.space.space import SearchSpace, Values
from easynas.strategies.fresh import Feasible, Fresh


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
        self._members: dict[str, Judged] = {}
        self._fresh = Fresh(space, feasible)

    def ask(self, job_id: int) -> Job | None:
        """A child of the population; a random genotype while it is young or has no new child; else None."""
        rng = np.random.default_rng((self.seed, job_id))
        if len(self._members) == self.population:
            values, origin = self._child(rng)
            if values is not None:
                return Job(job_id, values, origin=origin)
        values = self._fresh.draw(lambda: self.space.sample(rng))
        return None if values is None else Job(job_id, values, origin="random")

    def tell(self, trial: Trial) -> None:
        """The trial joins the population; when that is too large, its worst member leaves."""
        self._fresh.add(dict(trial.job.values))
        self._members[self.space.key(trial.job.values)] = self.goal.judge(trial)
        if len(self._members) > self.population:
            place = places(list(self._members.values()))
            del self._members[list(self._members)[int(place.argmax())]]

    def _child(self, rng: np.random.Generator) -> tuple[Values | None, str]:
        members = list(self._members.values())
        place = places(members)
        parent, other = (members[_winner(place, rng)].trial.job for _ in range(2))
        if other is not parent and rng.random() < self.crossover:
            values = self._fresh.draw(
                lambda: self.space.mutate(self.space.crossover(parent.values, other.values, rng), rng)
            )
            return values, f"child of {parent.id} and {other.id}"
        return self._fresh.draw(lambda: self.space.mutate(parent.values, rng)), f"mutation of {parent.id}"


def _winner(place: np.ndarray, rng: np.random.Generator) -> int:
    """The better of two members drawn at random."""
    drawn = rng.choice(len(place), size=min(2, len(place)), replace=False)
    return int(drawn[place[drawn].argmin()])
