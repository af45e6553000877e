"""Bayesian optimization with Gaussian processes over mixed, conditional spaces.

With one objective a proposal is the best of many candidates for a function drawn from the posterior (Thompson sampling:
Thompson 1933; Kandasamy et al. 2018, "Parallelised Bayesian optimisation via Thompson sampling", algorithm 2, whose
draws are independent, so that several jobs may be out at once). The alternative is the expected improvement (Jones et
al. 1998, eq. 15; its logarithm as in Ament et al. 2023), with jobs that are out believed to turn out as expected
(Ginsbourger et al. 2010, "Kriging is well-suited to parallelize optimization", the kriging believer).

With several objectives it is the candidate that adds most hypervolume to the front on the average of some drawn
functions, which decide about what was told and what is out too, because losses are noisy (Daulton et al. 2021,
"Parallel Bayesian optimization of multiple noisy objectives with expected hypervolume improvement", eq. 4). A
constraint is drawn like an objective (Eriksson & Poloczek 2021, "Scalable constrained Bayesian optimization", §3). What
can be computed is not drawn.
"""

import math
from typing import Literal, get_args

import numpy as np
from scipy.special import erfcx

from easynas.errors import InputError
from easynas.search.front import improvement
from easynas.search.objective import SCORE, SCORE_ALONE, Constraint, Goal, Objective
from easynas.search.trial import Job, Trial
from easynas.space.space import SearchSpace, Values
from easynas.strategies.candidates import Candidates
from easynas.strategies.embedding import Encode
from easynas.strategies.fresh import Feasible
from easynas.strategies.observations import Observations
from easynas.strategies.prospects import Prospects
from easynas.strategies.surrogate import Surrogate, one_thread

Acquisition = Literal["thompson", "logei"]

_FIRST = 10  # random trials before the model is asked; Optuna's samplers use the same
_DRAWS = 16  # functions that the gain in hypervolume is averaged over
_SEEN = 400  # best trials whose front is to be improved; time grows with the cube
_ALONE = 0.25
"""Share of the proposals that are for the best score alone: that end of the front adds little volume, and people want
it most."""
_NONE = 1e-300  # an improvement too small to be one
_CERTAIN = 20.0  # deviations; beyond, the density overflows, and nothing is less certain


class Bayesian:
    """Proposes what Gaussian processes of the told trials find promising.

    Args:
        space: where to search.
        seed: proposals depend on it, on the job's number and on what was told; by expected
            improvement, and with several objectives, also on what is out.
        feasible: genotypes for which it is False are never proposed.
        goal: objectives and constraints.
        prospects: an opinion about untrained networks, the prior mean of their score; None for none.
        encode: what is known of genotypes besides their choices, such as the paths of a cell; None for nothing.
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
        encode: Encode | None = None,
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
        names = [objective.name for objective in goal.objectives]
        about = names.index(SCORE.name) if SCORE.name in names else None
        self._score = about or 0
        self._surrogate = Surrogate(space, self._told, prospects=prospects, about=about, encode=encode)
        self._out: dict[int, Values] = {}

    def ask(self, job_id: int) -> Job | None:
        """The preferred candidate; a random genotype while too little is known; None if no new one was found.

        That is before `first` trials, and until one of them has all measures.
        """
        rng = np.random.default_rng((self.seed, job_id))
        ready = len(self._told) >= self.first and bool(self._measured().any())
        parents = [self._told.values[index] for index in self._told.best_first()] if ready else []
        candidates = self._candidates.draw(parents, rng)
        with one_thread():
            order = self._preference(candidates, rng) if ready and candidates else np.arange(len(candidates))[::-1]
        chosen = self._candidates.choose(candidates[index] for index in order)
        if chosen is None:
            return None
        self._out[job_id] = chosen
        return Job(job_id, chosen, origin="model" if ready else "random")

    def tell(self, trial: Trial) -> None:
        """A failed trial counts as the worst of the finished ones."""
        self._out.pop(trial.job.id, None)
        self._candidates.add(self._told.add(trial))

    def skip(self, trial: Trial) -> None:
        """Only remembers the genotype, which was trained at another fidelity."""
        self._out.pop(trial.job.id, None)
        self._candidates.add(self.space.canonical(trial.job.values))

    def _measured(self) -> np.ndarray:
        """Which trials have everything that counts, `(trials,)`."""
        measures = self._told.measures
        return np.asarray(np.isfinite(measures[:, :1] if self.goal.single else measures).all(axis=1))

    def _preference(self, candidates: list[Values], rng: np.random.Generator) -> np.ndarray:
        """Indices of the candidates, best first."""
        if not self.goal.single:
            return self._of_several(candidates, rng)
        points = self._surrogate.points(candidates)
        if self.acquisition == "logei":
            pending = self._surrogate.points(list(self._out.values()))
            gain = _log_improvement(*self._surrogate.expect(0, points, pending))
        else:
            drawn, best = self._surrogate.draw(0, points, rng, draws=1)[0], self._told.measures[:, 0].min()
            if not self.per_second or drawn.min() >= best:
                return np.argsort(drawn, kind="stable")
            gain = np.log(np.maximum(best - drawn, _NONE))
        if self.per_second:
            gain = gain - self._surrogate.log_seconds(points)
        return np.argsort(-gain, kind="stable")

    def _of_several(self, candidates: list[Values], rng: np.random.Generator) -> np.ndarray:
        told, width = self._told.measures, len(self.goal.objectives)
        best = self._told.best_first()
        finished = np.sort(best[self._measured()[best]][:_SEEN])
        others = [*self._out.values(), *candidates]
        every = self._surrogate.points([*(self._told.values[index] for index in finished), *others])
        wanted: list[Objective | Constraint] = [*self.goal.objectives, *self.goal.constraints]
        measures = np.empty((_DRAWS, len(every.x), len(wanted)))
        for column, measure in enumerate(wanted):
            if measure.cheap is None:
                measures[:, :, column] = self._surrogate.draw(column, every, rng, draws=_DRAWS)
            else:
                measures[:, :, column] = [*told[finished, column], *map(measure.known, others)]
        if rng.random() < _ALONE:
            drawn = measures[0, -len(candidates) :]
            return np.lexsort((drawn[:, self._score], np.maximum(drawn[:, width:], 0.0).sum(axis=1)))
        return _adding_most(measures, _reference(told[finished, :width], by=self._score), len(candidates))


def _adding_most(measures: np.ndarray, reference: np.ndarray, candidates: int) -> np.ndarray:
    """The order of the last so many genotypes; `measures` is `(draws, genotypes, objectives + constraints)`."""
    width, first = len(reference), measures.shape[1] - candidates
    gains, excess = np.zeros(candidates), np.zeros(candidates)
    for drawn in measures:
        losses, over = drawn[:, :width], np.maximum(drawn[:, width:], 0.0).sum(axis=1)
        known = losses[:first][over[:first] == 0.0]
        gains += improvement(losses[first:], known, reference) * (over[first:] == 0.0)
        excess += over[first:]
    # Where none adds anything feasible, the one nearest to feasibility.
    return np.lexsort((excess, -gains))


def _reference(losses: np.ndarray, *, by: int) -> np.ndarray:
    """Losses that are just not worth having, `(objectives,)`: a tenth beyond the worst of what is of use.

    Not beyond the front's ends alone, as is usual (Ishibuchi et al. 2018): a slower network that is more accurate than
    all others would add nothing. The worst quarter by the objective `by` is of no use: a network that learned nothing
    is an end of the front if it is the fastest.
    """
    useful = losses[losses[:, by] <= np.quantile(losses[:, by], 0.75)]
    worst, best = useful.max(axis=0), useful.min(axis=0)
    return np.asarray(worst + 0.1 * (worst - best))


def _log_improvement(mean: np.ndarray, deviation: np.ndarray, best: float) -> np.ndarray:
    """The logarithm of the expected improvement over `best`, exact far below it too (Ament et al. 2023, eq. 9)."""
    u = np.minimum((mean - best) / deviation, _CERTAIN)
    # With Mills' ratio m, the improvement is the density times 1 + u m; far below, 1 + u m tends to 1 / u².
    ratio = math.sqrt(math.pi / 2.0) * erfcx(-u / math.sqrt(2.0))
    factor = np.where(u < -1e3, 1.0 / np.maximum(u**2, 1.0), np.maximum(1.0 + u * ratio, _NONE))
    return np.asarray(np.log(deviation) - 0.5 * u**2 - 0.5 * math.log(2.0 * math.pi) + np.log(factor))
