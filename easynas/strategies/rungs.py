"""Rungs: the fidelities at which trials are compared, and who goes on from one to the next.

Fidelities are powers of the reduction below 1, as in all papers on successive halving. A promotion is the same genotype
at the next fidelity, and goes on from the weights that are there. A failed or dropped trial stays where it is.
"""

import math
from bisect import insort

from easynas.errors import InputError
from easynas.search.incumbent import rank_key
from easynas.search.trial import Done, Job, Trial

REDUCTION = 3
"""One of three goes on to three times the training: what Li et al. (2018, section 2.3) recommend, or four."""

LEAST = 1 / 9
"""Smallest fidelity: two promotions make a full training. The papers have thousands of trials and go down to 1 / 81 and
less; a study here has tens, and a network must be built before it is trained."""


def fidelities(*, reduction: int, least: float) -> tuple[float, ...]:
    """All fidelities from the smallest on that is at least `least`; the last one is 1.

    Raises:
        InputError: a reduction below 2, or a smallest fidelity outside (0, 1].
    """
    if isinstance(reduction, bool) or not isinstance(reduction, int) or reduction < 2:
        raise InputError(f"`reduction` must be a whole number of at least 2. Received: {reduction!r}. Try {REDUCTION}.")
    if not 0.0 < least <= 1.0:
        raise InputError(f"`least` must be a share of a full training in (0, 1]. Received: {least!r}. Try 1 / 9.")
    steps = math.floor(math.log(1.0 / least) / math.log(reduction) + 1e-9)
    return tuple(float(reduction) ** -step for step in range(steps, -1, -1))


def level_of(fidelity: float, levels: tuple[float, ...]) -> int | None:
    """Which of the fidelities it is; None for another one, of a trial that is not from here."""
    return next((level for level, each in enumerate(levels) if math.isclose(each, fidelity)), None)


class Rung:
    """The trials that ended at one fidelity, a genotype once."""

    def __init__(self) -> None:
        self._keys: set[str] = set()
        self._ranked: list[tuple[str, Done]] = []

    def __len__(self) -> int:
        return len(self._keys)

    def __contains__(self, key: str) -> bool:
        return key in self._keys

    def add(self, key: str, trial: Trial) -> None:
        """A trial ended; of a genotype that did before, the first one counts."""
        if key in self._keys:
            return
        self._keys.add(key)
        if isinstance(trial, Done) and not trial.dropped:
            insort(self._ranked, (key, trial), key=_loss)

    def best(self, count: int) -> list[tuple[str, Done]]:
        """The best `count` of those that may go on, with their keys; the earlier one first where they are equal."""
        return self._ranked[:count]


def _loss(ranked: tuple[str, Done]) -> tuple[float, float]:
    score, loss = rank_key(ranked[1])
    return -score, -loss


def promotion(job_id: int, trial: Done, fidelity: float) -> Job:
    """The job that trains the network of a trial on."""
    return Job(
        job_id,
        trial.job.values,
        fidelity=fidelity,
        origin=f"promotion of {trial.job.id}",
        continues=trial.job.id,
        trained=trial.fidelity,
    )
