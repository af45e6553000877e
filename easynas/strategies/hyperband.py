"""Successive halving (Jamieson & Talwalkar 2016) and Hyperband (Li et al. 2018, algorithm 1) around any strategy.

Halving repeats the bracket that starts at the smallest fidelity. Hyperband hedges: its brackets start ever fewer
genotypes at ever higher fidelities, for networks whose first epochs mislead, and then begins again. Both are told the
fidelity in shares of a full training, so the R of the paper is 1 and its r is `least`. See `brackets` for what differs.
"""

from collections.abc import Callable

from easynas.search.trial import Job, Trial
from easynas.space.space import SearchSpace
from easynas.strategies.brackets import Brackets, Shape
from easynas.strategies.rungs import LEAST, REDUCTION, fidelities
from easynas.strategies.source import Learner


class Halving:
    """Many short trainings, and longer ones for the best.

    Args:
        space: where to search.
        seed: not used: all chance is the strategy's.
        around: makes the strategy that new genotypes come from; made anew when another fidelity counts.
        reduction: one of so many goes on, to so many times the training; a whole number of at least 2.
        least: smallest fidelity, in (0, 1]; the fidelities are powers of `reduction` below 1, and none is smaller.

    Raises:
        InputError: a reduction or a smallest fidelity that cannot be used.
    """

    def __init__(
        self,
        space: SearchSpace,
        *,
        seed: int,
        around: Callable[[], Learner],
        reduction: int = REDUCTION,
        least: float = LEAST,
    ) -> None:
        levels = fidelities(reduction=reduction, least=least)
        sizes = rung_sizes(reduction ** (len(levels) - 1), rungs=len(levels), reduction=reduction)
        self._brackets = Brackets(space, around=around, levels=levels, cycle=((0, sizes),))

    def ask(self, job_id: int) -> Job | None:
        """A promotion or a start in the earliest bracket that has one."""
        return self._brackets.ask(job_id)

    def tell(self, trial: Trial) -> None:
        self._brackets.tell(trial)


class Hyperband:
    """Successive halving that starts at several fidelities in turn.

    Args:
        space: where to search.
        seed: not used: all chance is the strategy's.
        around: makes the strategy that new genotypes come from; made anew when another fidelity counts.
        reduction: one of so many goes on, to so many times the training; a whole number of at least 2.
        least: smallest fidelity, in (0, 1]; the fidelities are powers of `reduction` below 1, and none is smaller.

    Raises:
        InputError: a reduction or a smallest fidelity that cannot be used.
    """

    def __init__(
        self,
        space: SearchSpace,
        *,
        seed: int,
        around: Callable[[], Learner],
        reduction: int = REDUCTION,
        least: float = LEAST,
    ) -> None:
        levels = fidelities(reduction=reduction, least=least)
        cycle = hyperband_cycle(len(levels), reduction=reduction)
        self._brackets = Brackets(space, around=around, levels=levels, cycle=cycle)

    def ask(self, job_id: int) -> Job | None:
        """A promotion or a start in the earliest bracket that has one."""
        return self._brackets.ask(job_id)

    def tell(self, trial: Trial) -> None:
        self._brackets.tell(trial)


def rung_sizes(start: int, *, rungs: int, reduction: int) -> tuple[int, ...]:
    """How many genotypes a bracket has on each rung, of `start` on the first one."""
    return tuple(start // reduction**rung for rung in range(rungs))


def hyperband_cycle(levels: int, *, reduction: int) -> tuple[Shape, ...]:
    """The brackets of Hyperband over so many fidelities, the one with the smallest first."""
    shapes = []
    for first in range(levels):
        promotions = levels - 1 - first  # the paper's s
        start = -(-levels * reduction**promotions // (promotions + 1))  # rounded up
        shapes.append((first, rung_sizes(start, rungs=promotions + 1, reduction=reduction)))
    return tuple(shapes)
