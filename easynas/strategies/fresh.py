"""Proposals worth paying for: not made before, and feasible."""

from collections.abc import Callable, Iterable
from itertools import islice

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

    def add(self, values: Values) -> None:
        self._seen.add(self.space.key(values))

    def draw(self, propose: Callable[[], Values]) -> Values | None:
        """The first of up to `TRIES` proposals that is new and feasible; None if none is."""
        return self.first(islice(iter(propose, None), TRIES))

    def first(self, candidates: Iterable[Values]) -> Values | None:
        """The first of the candidates that is new and feasible; None if none is."""
        for values in candidates:
            key = self.space.key(values)
            if key not in self._seen:
                self._seen.add(key)
                if self._feasible(values):
                    return values
        return None
