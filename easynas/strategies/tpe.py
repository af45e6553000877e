"""Tree-structured Parzen estimator (Bergstra et al. 2011, "Algorithms for hyper-parameter optimization", section 4).

The trials are split into the good and the bad, each a density over the space, l(x) and g(x). Candidates are drawn from
l, and the one with the greatest l(x) / g(x) is proposed: the greatest expected improvement. Settings are Optuna's: ten
random trials first, the best tenth (at most 25) is good, 24 candidates. What differs from the paper: what was proposed
before is passed over, since a search over discrete choices stalls otherwise; a failed or dropped trial is a bad one;
all trials weigh the same, however old (Optuna and Hyperopt let them fade after 25); and of very many, a part stands for
all.
"""

import math
from bisect import insort
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from easynas.search.incumbent import rank_key
from easynas.search.trial import Done, Job, Trial
from easynas.space.space import SearchSpace, Values
from easynas.strategies.axes import Axes
from easynas.strategies.fresh import Feasible, Fresh
from easynas.strategies.parzen import Parzen

_LARGEST = 400
"""Trials in a density; of more, those at equal distances in rank. The time of a proposal grows with their number."""
_ROUNDS = 3  # of candidates, before a genotype is drawn at random: nearly all likely ones are known then


@dataclass(frozen=True)
class TPESettings:
    """How the densities are made.

    Attributes:
        startup: trials before the first estimate; proposals are random until then.
        good: share of the trials that are good.
        most: good trials at most.
        least: good trials, and bad ones, at least; with few trials some are then both.
        candidates: genotypes drawn from the density of the good.
        joint: whether one density spans all choices, so that they may depend on each other.
        stretch: how many times as wide the kernels are from which candidates are drawn.
        random: share of proposals that stay random.
    """

    startup: int = 10
    good: float = 0.1
    most: float = 25
    least: int = 1
    candidates: int = 24
    joint: bool = False
    stretch: float = 1.0
    random: float = 0.0


_OPTUNA = TPESettings()


class TPE:
    """Proposes what is likely among good trials and unlikely among bad ones.

    Args:
        space: where to search.
        seed: proposals depend on it, on the job's number and on what was told, on nothing else.
        feasible: genotypes for which it is False are never proposed.
        settings: of the densities.
        axes: those of `space`, where they are there already: a large space takes a while.
    """

    def __init__(
        self,
        space: SearchSpace,
        *,
        seed: int,
        feasible: Feasible = lambda _: True,
        settings: TPESettings = _OPTUNA,
        axes: Axes | None = None,
    ) -> None:
        self.space = space
        self.seed = seed
        self.settings = settings
        self._axes = Axes(space) if axes is None else axes
        self._fresh = Fresh(space, feasible)
        self._told: list[tuple[Trial, np.ndarray]] = []  # best first
        self._ranked = 0

    def ask(self, job_id: int) -> Job | None:
        """The best new candidate; a random genotype at first, now and then, and when no candidate is new; else None."""
        rng = np.random.default_rng((self.seed, job_id))
        values = None if self._is_random(rng) else self._fresh.first(self._candidates(rng))
        if values is not None:
            return Job(job_id, values, origin="like the best")
        values = self._fresh.draw(lambda: self.space.sample(rng))
        return None if values is None else Job(job_id, values, origin="random")

    def tell(self, trial: Trial) -> None:
        values = self.space.canonical(trial.job.values)
        insort(self._told, (trial, self._axes.encode(values)), key=_loss)
        self._ranked += _is_ranked(trial)
        self._fresh.add(values)

    def skip(self, trial: Trial) -> None:
        """Only remembers the genotype, which was trained at another fidelity."""
        self._fresh.add(dict(trial.job.values))

    def _is_random(self, rng: np.random.Generator) -> bool:
        few = len(self._told) < self.settings.startup
        return few or rng.random() < self.settings.random or not self._ranked

    def _candidates(self, rng: np.random.Generator) -> Iterator[Values]:
        """Genotypes in rounds, from the best of each on."""
        good, bad = self._densities()
        for _ in range(_ROUNDS):
            drawn = good.sample(self.settings.candidates, rng, stretch=self.settings.stretch)
            genotypes, rows = zip(*(self._axes.decode(row) for row in drawn), strict=True)
            gain = good.log_density(np.array(rows)) - bad.log_density(np.array(rows))
            for index in np.argsort(-gain, kind="stable"):
                yield genotypes[index]

    def _densities(self) -> tuple[Parzen, Parzen]:
        """What good trials look like, and what bad ones do."""
        settings, estimate = self.settings, Parzen.jointly if self.settings.joint else Parzen.independent
        told = len(self._told)
        count = min(math.ceil(settings.good * told), settings.most)
        good = min(max(int(count), settings.least), self._ranked)
        bad = max(told - good, settings.least)
        return estimate(self._axes, self._rows(0, good)), estimate(self._axes, self._rows(max(told - bad, 0), told))

    def _rows(self, start: int, end: int) -> np.ndarray:
        """Of the trials from one rank to another; of many, some at equal distances."""
        ranks = np.linspace(start, end - 1, min(end - start, _LARGEST)).round().astype(int)
        return np.array([self._told[rank][1] for rank in ranks])


def _is_ranked(trial: Trial) -> bool:
    """Whether a trial may be a good one."""
    return isinstance(trial, Done) and not trial.dropped


def _loss(told: tuple[Trial, np.ndarray]) -> tuple[bool, float, float]:
    trial = told[0]
    score, loss = rank_key(trial) if isinstance(trial, Done) else (-math.inf, -math.inf)
    return not _is_ranked(trial), -score, -loss
