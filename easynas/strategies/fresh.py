"""Proposals worth paying for: not made before, and feasible."""

from collections.abc import Callable, Iterable

from easynas.space.space import SearchSpace, Values

Feasible = Callable[[Values], bool]

TRIES = 100
"""Draws before a space counts as exhausted around here."""


class Fresh:
    """Remembers genotypes by their canonical form.

    Args:
        space: what they belong to.
        feasible: whether a genotype may be proposed at all, by whatever can be known without training it.
    """

    def __init__(self, space: SearchSpace, feasible: Feasible = lambda _: True) -> None:
        self.space = space
        self._feasible = feasible
        self._seen: set[str] = set()
        self._answers: dict[str, bool] = {}

    def add(self, values: Values) -> None:
        self._seen.add(self.space.key(values))

    def draw(self, propose: Callable[[], Values]) -> Values | None:
        """The first of up to `TRIES` proposals that is new and feasible; None if none is."""
        return self.first(propose() for _ in range(TRIES))

    def first(self, candidates: Iterable[Values]) -> Values | None:
        """The first candidate that is new and feasible, drawing no more of them; None if none is."""
        for values in candidates:
            if self.fits(values):
                self.add(values)
                return values
        return None

    def fits(self, values: Values) -> bool:
        """Whether a genotype is new and feasible; feasibility is asked once."""
        key = self.space.key(values)
        if key in self._seen:
            return False
        if key not in self._answers:
            self._answers[key] = self._feasible(values)
        return self._answers[key]
