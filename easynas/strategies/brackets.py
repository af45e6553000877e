"""Brackets of successive halving, several at a time (Jamieson & Talwalkar 2016; Li et al. 2018, lines 4-9 of alg. 1).

A bracket starts some genotypes at one fidelity; when all of these trials have ended, the best go on to the next rung.
What differs from the papers: a worker that would have to wait for the end of a rung starts the next bracket; a promoted
network goes on from its weights; and where the space has nothing new, a bracket goes on with what it has.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from easynas.search.trial import Done, Job, Trial
from easynas.space.space import SearchSpace
from easynas.strategies.rungs import Rung, level_of, promotion
from easynas.strategies.source import Learner, Source

Shape = tuple[int, tuple[int, ...]]
"""Where a bracket starts, as an index of the fidelities, and how many genotypes its rungs have."""


class Brackets:
    """Successive halving without end; what the strategies of this family have in common.

    Args:
        space: where to search.
        around: makes the strategy that new genotypes come from.
        levels: fidelities in rising order, the last one 1.
        cycle: the brackets, one after the other and then from the first on again.
    """

    def __init__(
        self,
        space: SearchSpace,
        *,
        around: Callable[[], Learner],
        levels: tuple[float, ...],
        cycle: tuple[Shape, ...],
    ) -> None:
        self._space = space
        self._levels = levels
        self._cycle = cycle
        self._source = Source(space, around, levels=len(levels))
        self._opened = 0
        self._going: list[_Bracket] = []
        self._homes: dict[str, _Bracket] = {}

    def ask(self, job_id: int) -> Job | None:
        """A promotion or a start in the earliest bracket that has one."""
        exhausted = False
        for bracket in self._brackets():
            if bracket.has_room and not exhausted:
                job = self._source.draw(job_id)
                if job is not None:
                    key = self._space.key(job.values)
                    self._homes[key] = bracket
                    bracket.out.add((key, bracket.first))
                    return replace(job, fidelity=self._levels[bracket.first])
                exhausted = True
            found = bracket.promotion(as_it_is=exhausted)
            if found is not None:
                key, level, trial = found
                bracket.out.add((key, level))
                return promotion(job_id, trial, self._levels[level])
            if exhausted and bracket is self._going[-1]:
                return None
        return None

    def tell(self, trial: Trial) -> None:
        """The trial takes its place: where it was asked for, else in the first bracket that starts so and has room."""
        key, level = self._space.key(trial.job.values), level_of(trial.job.fidelity, self._levels)
        self._source.tell(trial, level)
        if level is None:
            return
        if key not in self._homes and level in {first for first, _ in self._cycle}:
            self._homes[key] = next(each for each in self._brackets() if each.first == level and each.has_room)
        if key in self._homes:
            self._homes[key].tell(key, level, trial)
            self._going = [bracket for bracket in self._going if not bracket.is_over]

    def _brackets(self) -> Iterator["_Bracket"]:
        """Those that are not over, in order, and then new ones without end."""
        yield from tuple(self._going)
        while True:
            first, sizes = self._cycle[self._opened % len(self._cycle)]
            self._opened += 1
            self._going.append(_Bracket(first, sizes))
            yield self._going[-1]


@dataclass(eq=False)
class _Bracket:
    """One run of successive halving.

    Attributes:
        first: level at which it starts.
        sizes: how many genotypes its rungs have.
        ended: trials that ended, by genotype, rung by rung.
        out: genotypes and levels of the jobs that are out.
    """

    first: int
    sizes: tuple[int, ...]
    ended: list[Rung] = field(default_factory=list)
    out: set[tuple[str, int]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.ended = [Rung() for _ in self.sizes]

    @property
    def has_room(self) -> bool:
        """Whether another genotype may start."""
        starting = sum(level == self.first for _, level in self.out)
        return len(self.ended[0]) + starting < self.sizes[0]

    @property
    def is_over(self) -> bool:
        return len(self.ended[0]) >= self.sizes[0] and not self.out and not self._missing()

    def tell(self, key: str, level: int, trial: Trial) -> None:
        self.out.discard((key, level))
        if self.first <= level:
            self.ended[level - self.first].add(key, trial)

    def promotion(self, *, as_it_is: bool) -> tuple[str, int, Done] | None:
        """Genotype, level and trial of the best that goes on now.

        Args:
            as_it_is: whether the first rung is complete although it has room; not while anything of it is out.
        """
        starting = any(level == self.first for _, level in self.out)
        if starting or (self.has_room and not as_it_is):
            return None
        return next((each for each in self._missing() if each[:2] not in self.out), None)

    def _missing(self) -> list[tuple[str, int, Done]]:
        """Those that go on from the first rung with any that did not end on the next one."""
        for rung, size in enumerate(self.sizes[1:]):
            chosen, level = self.ended[rung].best(size), self.first + rung + 1
            missing = [(key, level, trial) for key, trial in chosen if key not in self.ended[rung + 1]]
            if missing:
                return missing
        return []
