"""Random search without repetition (Bergstra & Bengio 2012, "Random search for hyper-parameter optimization")."""

import numpy as np

from easynas.search.trial import Job, Trial
from easynas.space.space import SearchSpace
from easynas.strategies.fresh import Feasible, Fresh


class Random:
    """Independent samples of the space.

    What differs from the paper: a genotype that was asked or told before is drawn again.
    """

    def __init__(self, space: SearchSpace, *, seed: int, feasible: Feasible = lambda _: True) -> None:
        self.space = space
        self.seed = seed
        self._fresh = Fresh(space, feasible)

    def ask(self, job_id: int) -> Job | None:
        """A new genotype, or None when the space has none left to draw."""
        rng = np.random.default_rng((self.seed, job_id))
        values = self._fresh.draw(lambda: self.space.sample(rng))
        return None if values is None else Job(job_id, values, origin="random")

    def tell(self, trial: Trial) -> None:
        self._fresh.add(dict(trial.job.values))

    def skip(self, trial: Trial) -> None:
        """Only remembers the genotype, which was trained at another fidelity."""
        self._fresh.add(dict(trial.job.values))
