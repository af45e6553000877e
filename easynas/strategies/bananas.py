"""BANANAS (White, Neiswanger & Savani 2021, "Bayesian optimization with neural architectures for NAS", algorithm 1).

An ensemble of networks predicts scores from genotypes; every candidate gets a value drawn from the normal distribution
of the ensemble's mean and deviation (independent Thompson sampling), and the largest is proposed. Candidates are
neighbours of the best trials and random genotypes. What differs from the paper: the ensemble is small (see `ensemble`);
it is trained again after every five trials, later after every fiftieth part of them, where the paper proposes ten at a
time; of very many trials it learns the best and the latest; and it learns normal scores of ranks.
"""

import numpy as np

from easynas.search.objective import SCORE_ALONE
from easynas.search.trial import Job, Trial
from easynas.space.space import SearchSpace, Values
from easynas.strategies.candidates import Candidates
from easynas.strategies.embedding import Embedding, Encode
from easynas.strategies.ensemble import Ensemble
from easynas.strategies.fresh import Feasible
from easynas.strategies.observations import Observations, Scale, kept, scheduled

_FIRST = 10  # random trials before the model is asked (the paper's t0)
_EVERY, _GROWTH = 5, 0.02  # it is trained again after so many trials, or after that share of them


class Bananas:
    """Proposes what an ensemble of networks predicts to be good, or is unsure about.

    Args:
        space: where to search.
        seed: proposals depend on it, on the job's number and on what was told, on nothing else.
        feasible: genotypes for which it is False are never proposed.
        encode: what the ensemble sees of a genotype, `(columns,)`; None: all choices.
    """

    def __init__(
        self,
        space: SearchSpace,
        *,
        seed: int,
        feasible: Feasible = lambda _: True,
        encode: Encode | None = None,
    ) -> None:
        self.space = space
        self.seed = seed
        self._encode = encode
        self._embedding = Embedding(space)
        self._candidates = Candidates(space, feasible)
        self._told = Observations(space, SCORE_ALONE)
        self._trained: tuple[int, Ensemble | None] = (0, None)

    def ask(self, job_id: int) -> Job | None:
        """The candidate with the largest drawn value; a random genotype while little is known; else None."""
        rng = np.random.default_rng((self.seed, job_id))
        ensemble = self._ensemble()
        parents = [] if ensemble is None else [self._told.values[index] for index in self._told.best_first()]
        candidates = self._candidates.draw(parents, rng)
        order = np.arange(len(candidates))[::-1]
        if ensemble is not None and candidates:
            predicted = ensemble.predict(self._points(candidates))
            order = np.argsort(-rng.normal(predicted.mean(axis=0), predicted.std(axis=0)), kind="stable")
        chosen = self._candidates.choose(candidates[index] for index in order)
        return None if chosen is None else Job(job_id, chosen, origin="random" if ensemble is None else "model")

    def tell(self, trial: Trial) -> None:
        """A failed trial counts as the worst of the finished ones."""
        self._candidates.add(self._told.add(trial))

    def skip(self, trial: Trial) -> None:
        """Only remembers the genotype, which was trained at another fidelity."""
        self._candidates.add(self.space.canonical(trial.job.values))

    def _ensemble(self) -> Ensemble | None:
        """Trained on the first told trials, as many as the schedule says: a continued search must find the same."""
        size = scheduled(len(self._told), first=_FIRST, then=_following)
        losses = self._told.measures[:size, 0]
        if size == 0 or not np.isfinite(losses).any():
            return None
        at, ensemble = self._trained
        if ensemble is None or at != size:
            rng = np.random.default_rng((self.seed, size, 1))
            held = kept(losses)
            points = self._points([self._told.values[index] for index in held])
            ensemble = Ensemble(points, Scale(losses[held]).scores, rng)
            self._trained = size, ensemble
        return ensemble

    def _points(self, genotypes: list[Values]) -> np.ndarray:
        if self._encode is None:
            return self._embedding(genotypes)
        return np.array([self._encode(values) for values in genotypes], dtype=float)


def _following(trials: int) -> int:
    return trials + max(_EVERY, int(_GROWTH * trials))
