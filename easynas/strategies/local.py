"""Local search (White, Nolen & Savani 2021, "Exploring the loss landscape in neural architecture search", algorithm 1).

Neighbours of a genotype differ from it in one choice. The best one known is the centre, its neighbours are tried in
random order, and a centre without a better neighbour is a local optimum, after which the search starts again elsewhere.
What differs from the paper: the search moves on at the first better neighbour, which the paper calls "query until
lower", because networks with tens of choices have more neighbours than a study has trials; nothing is evaluated twice,
so known neighbours are moved to without asking; a failed or dropped trial is no better neighbour; and several trials
may be out at once. While the last neighbours are evaluated, idle workers try random genotypes.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from easynas.search.incumbent import incumbent, rank_key
from easynas.search.trial import Done, Job, Trial
from easynas.space.space import SearchSpace, Values
from easynas.strategies.fresh import Feasible, Fresh


@dataclass(frozen=True)
class _Centre:
    trial: Done
    neighbours: dict[str, Values]


class LocalSearch:
    """Hill climbing over single choices, with random restarts.

    Args:
        space: where to search.
        seed: proposals depend on it, on the job's number and on what was told, on nothing else.
        feasible: genotypes for which it is False are never proposed.
    """

    def __init__(self, space: SearchSpace, *, seed: int, feasible: Feasible = lambda _: True) -> None:
        self.space = space
        self.seed = seed
        self._feasible = feasible
        self._possible: dict[str, bool] = {}
        self._fresh = Fresh(space, self._is_feasible)
        self._told: dict[str, Trial] = {}
        self._optima: set[str] = set()
        self._centre: _Centre | None = None
        self._ahead: Iterator[Values] = iter(())

    def ask(self, job_id: int) -> Job | None:
        """A new neighbour of the centre; a random genotype where there is none; None if nothing new is left."""
        if self._centre is not None:
            values = self._fresh.first(self._ahead)
            if values is not None:
                return Job(job_id, values, origin=f"neighbour of {self._centre.trial.job.id}")
        rng = np.random.default_rng((self.seed, job_id))
        values = self._fresh.draw(lambda: self.space.sample(rng))
        return None if values is None else Job(job_id, values, origin="random")

    def tell(self, trial: Trial) -> None:
        """Moves to a trial that is better than the centre; to any from elsewhere once the centre is an optimum."""
        values = dict(trial.job.values)
        key = self.space.key(values)
        self._fresh.add(values)
        self._told[key] = trial
        if not isinstance(trial, Done) or trial.dropped:
            return
        centre = self._centre
        if centre is None or _better(trial, centre.trial):
            self._settle(trial)
        elif key not in centre.neighbours and self._is_optimum(centre):
            self._optima.add(self.space.key(centre.trial.job.values))
            self._settle(trial)

    def skip(self, trial: Trial) -> None:
        """Only remembers the genotype, which was trained at another fidelity."""
        self._fresh.add(dict(trial.job.values))

    def _settle(self, trial: Done) -> None:
        """Climbs from a trial over what is known already; stays nowhere if that leads to an optimum found before."""
        centre = self._around(trial)
        while (better := self._best_known(centre)) is not None:
            centre = self._around(better)
        self._centre = None if self.space.key(centre.trial.job.values) in self._optima else centre
        self._ahead = iter(centre.neighbours.values())

    def _around(self, trial: Done) -> _Centre:
        rng = np.random.default_rng((self.seed, trial.job.id))
        near = self.space.neighbours(trial.job.values, rng)
        shuffled = [near[int(index)] for index in rng.permutation(len(near))]
        return _Centre(trial, {self.space.key(values): values for values in shuffled})

    def _best_known(self, centre: _Centre) -> Done | None:
        """The best neighbour that was evaluated, if it is better than the centre."""
        best = incumbent(self._told[key] for key in centre.neighbours if key in self._told)
        return best if best is not None and _better(best, centre.trial) else None

    def _is_optimum(self, centre: _Centre) -> bool:
        """Whether all neighbours that may be proposed were told."""
        return not any(key not in self._told and self._is_feasible(values) for key, values in centre.neighbours.items())

    def _is_feasible(self, values: Values) -> bool:
        key = self.space.key(values)
        if key not in self._possible:
            self._possible[key] = self._feasible(values)
        return self._possible[key]


def _better(trial: Done, than: Done) -> bool:
    return rank_key(trial) > rank_key(than)
