"""BOHB (Falkner, Klein & Hutter 2018, "BOHB: robust and efficient hyperparameter optimization at scale").

Hyperband whose new genotypes come from a Parzen estimator over all choices together, learned at the highest fidelity
that has enough trials. Settings are the paper's: a third of the proposals at random, the best 15 % are good, at least a
trial more than there are choices in both densities, 64 candidates, kernels three times as wide to draw them. What
differs from the paper: a trial says nothing about choices that are not active in it (there they are imputed from other
trials); a failed trial is a bad one; unordered choices have Optuna's kernels; genotypes are never repeated.
"""

import math

from easynas.search.trial import Job, Trial
from easynas.space.space import SearchSpace
from easynas.strategies.axes import Axes
from easynas.strategies.fresh import Feasible
from easynas.strategies.hyperband import Hyperband
from easynas.strategies.rungs import LEAST, REDUCTION
from easynas.strategies.source import MORE
from easynas.strategies.tpe import TPE, TPESettings


class BOHB:
    """Hyperband around a Parzen estimator.

    Args:
        space: where to search.
        seed: proposals depend on it, on the job's number and on what was told, on nothing else.
        feasible: genotypes for which it is False are never proposed.
        reduction: one of so many goes on, to so many times the training; a whole number of at least 2.
        least: smallest fidelity, in (0, 1].

    Raises:
        InputError: a reduction or a smallest fidelity that cannot be used.
    """

    def __init__(
        self,
        space: SearchSpace,
        *,
        seed: int,
        feasible: Feasible = lambda _: True,
        reduction: int = REDUCTION,
        least: float = LEAST,
    ) -> None:
        choices = len(space.names)
        settings = TPESettings(
            startup=choices + MORE,
            good=0.15,
            most=math.inf,
            least=choices + 1,
            candidates=64,
            joint=True,
            stretch=3.0,
            random=1 / 3,
        )

        axes = Axes(space)

        def estimator() -> TPE:
            return TPE(space, seed=seed, feasible=feasible, settings=settings, axes=axes)

        self._hyperband = Hyperband(space, seed=seed, around=estimator, reduction=reduction, least=least)

    def ask(self, job_id: int) -> Job | None:
        """A promotion, or a genotype that is likely among the good ones."""
        return self._hyperband.ask(job_id)

    def tell(self, trial: Trial) -> None:
        self._hyperband.tell(trial)
