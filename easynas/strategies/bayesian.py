"""Bayesian optimization with Gaussian processes over mixed, conditional spaces.

A proposal is the best of many candidates for functions drawn from the posterior (Thompson sampling: Thompson 1933;
Kandasamy et al. 2018, "Parallelised Bayesian optimisation via Thompson sampling", algorithm 2, whose draws are
independent, so that several jobs may be out at once). With several objectives the best candidate is the one that would
add most hypervolume (Bradford et al. 2018, "Efficient multiobjective optimization employing Gaussian processes,
spectral sampling and a genetic algorithm"; here the draw is exact, on the candidates), and a constraint is drawn like
an objective (Eriksson & Poloczek 2021, "Scalable constrained Bayesian optimization", §3). What can be computed is not
drawn.

With one objective the alternative is the expected improvement (Jones et al. 1998, eq. 15; its logarithm as in Ament et
al. 2023), with jobs that are out believed to turn out as expected (Ginsbourger et al. 2010, "Kriging is well-suited to
parallelize optimization", the kriging believer).
"""

import math
from typing import Literal, get_args

import numpy as np
from scipy.special import erfcx

from easynas.errors import InputError
from easynas.search.front import improvement
from easynas.search.objective import SCORE_ALONE, Goal
from easynas.search.trial import Job, Trial
from easynas.space.space import SearchSpace, Values
from easynas.strategies.candidates import Candidates
from easynas.strategies.fresh import Feasible
from easynas.strategies.observations import Observations, cut
from easynas.strategies.prospects import Prospects
from easynas.strategies.surrogate import Points, Surrogate, one_thread

Acquisition = Literal["thompson", "logei"]

_FIRST = 10  # random trials before the model is asked; Optuna's samplers use the same
_NONE = 1e-300  # an improvement too small to be one
_CERTAIN = 20.0  # deviations; beyond, the density overflows, and nothing is less certain


class Bayesian:
    """Proposes what Gaussian processes of the told trials find promising.

    Args:
        space: where to search.
        seed: proposals depend on it, on the job's number and on what was told; the expected improvement also on what is
            out.
        feasible: genotypes for which it is False are never proposed.
        goal: objectives and constraints.
        prospects: an opinion about untrained networks, the prior mean of their score; None for none.
        acquisition: "thompson", or "logei" for the expected improvement, of one objective alone.
        per_second: whether a promising genotype is worth more if its training is expected to be shorter (Snoek et al.
            2012, §3.2); of one objective alone.
        first: trials before the models are asked.

    Raises:
        InputError: an unknown acquisition, or one that several objectives do not have.
    """

    def __init__(
        self,
        space: SearchSpace,
        *,
        seed: int,
        feasible: Feasible = lambda _: True,
        goal: Goal = SCORE_ALONE,
        prospects: Prospects | None = None,
        acquisition: Acquisition = "thompson",
        per_second: bool = False,
        first: int = _FIRST,
    ) -> None:
        if acquisition not in get_args(Acquisition):
            raise InputError(f"`acquisition` must be one of {get_args(Acquisition)}. Received: {acquisition!r}.")
        if not goal.single and (acquisition != "thompson" or per_second):
            raise InputError(
                "With several objectives the acquisition must be 'thompson', and not per second. "
                f"Received: {acquisition!r}, per_second={per_second}."
            )
        self.space = space
        self.seed = seed
        self.goal = goal
        self.acquisition = acquisition
        self.per_second = per_second
        self.first = first
        self._candidates = Candidates(space, feasible)
        self._told = Observations(space, goal)
        self._surrogate = Surrogate(space, self._told, prospects=prospects)
        self._out: dict[int, Values] = {}

    def ask(self, job_id: int) -> Job | None:
        """The preferred candidate; a random genotype before `first` trials; None if no new one was found."""
        rng = np.random.default_rng((self.seed, job_id))
        ready = len(self._told) >= self.first and bool(np.isfinite(self._told.measures[:, 0]).any())
        parents = [self._told.values[index] for index in self._told.best_first()] if ready else []
        candidates = self._candidates.draw(parents, rng)
        if not candidates:
            return None
        with one_thread():
            index = self._preferred(candidates, rng) if ready else len(candidates) - 1
        self._candidates.add(candidates[index])
        self._out[job_id] = candidates[index]
        return Job(job_id, candidates[index], origin="model" if ready else "random")

    def tell(self, trial: Trial) -> None:
        """A failed trial counts as the worst of the finished ones."""
        self._out.pop(trial.job.id, None)
        self._candidates.add(self._told.add(trial))

    def _preferred(self, candidates: list[Values], rng: np.random.Generator) -> int:
        points = self._surrogate.points(candidates)
        if not self.goal.single:
            return self._most_hypervolume(candidates, points, rng)
        if self.acquisition == "logei":
            pending = self._surrogate.points(list(self._out.values()))
            gain = _log_improvement(*self._surrogate.expect(0, points, pending))
        else:
            gain = cut(self._told.measures[:, 0]).min() - self._surrogate.draw(0, points, rng)
            if not self.per_second or gain.max() <= 0.0:
                return int(np.argmax(gain))
            gain = np.log(np.maximum(gain, _NONE))
        if self.per_second:
            gain = gain - self._surrogate.log_seconds(points)
        return int(np.argmax(gain))

    def _most_hypervolume(self, candidates: list[Values], points: Points, rng: np.random.Generator) -> int:
        told, width = self._told.measures, len(self.goal.objectives)
        losses = np.empty((len(candidates), width))
        for column, objective in enumerate(self.goal.objectives):
            if objective.cheap is None:
                losses[:, column] = self._surrogate.draw(column, points, rng)
            else:
                losses[:, column] = [objective.known(values) for values in candidates]
        excess = np.zeros(len(candidates))
        for column, constraint in enumerate(self.goal.constraints, start=width):
            if constraint.cheap is None:
                excess += np.maximum(self._surrogate.draw(column, points, rng), 0.0)
        feasible = told[(told[:, width:] <= 0.0).all(axis=1), :width]
        reference = np.array([cut(column).max() for column in told[:, :width].T])
        return int(np.lexsort((-improvement(losses, feasible, reference), excess))[0])


def _log_improvement(mean: np.ndarray, deviation: np.ndarray, best: float) -> np.ndarray:
    """The logarithm of the expected improvement over `best`, exact far below it too (Ament et al. 2023, eq. 9)."""
    u = np.minimum((mean - best) / deviation, _CERTAIN)
    # With Mills' ratio m, the improvement is the density times 1 + u m; far below, 1 + u m tends to 1 / u².
    ratio = math.sqrt(math.pi / 2.0) * erfcx(-u / math.sqrt(2.0))
    factor = np.where(u < -1e3, 1.0 / np.maximum(u**2, 1.0), np.maximum(1.0 + u * ratio, _NONE))
    return np.asarray(np.log(deviation) - 0.5 * u**2 - 0.5 * math.log(2.0 * math.pi) + np.log(factor))
