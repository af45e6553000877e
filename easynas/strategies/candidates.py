"""What a model-based strategy chooses from: neighbours of the best trials and random genotypes, none seen before."""

from collections.abc import Iterable

import numpy as np

from easynas.space.space import SearchSpace, Values
from easynas.strategies.fresh import Feasible

PARENTS = 10
"""Best trials whose neighbours are candidates."""
MUTATIONS = 20
"""Neighbours drawn of each."""
RANDOM = 100
"""Random genotypes among the candidates, for what lies elsewhere."""


class Candidates:
    """Remembers what was asked and told, and offers what was not.

    Args:
        space: what genotypes belong to.
        feasible: genotypes for which it is False are never chosen. It may build a network to count its operations, so
            it is asked about those alone that would be chosen, and once.
    """

    def __init__(self, space: SearchSpace, feasible: Feasible = lambda _: True) -> None:
        self.space = space
        self._feasible = feasible
        self._seen: set[tuple[object, ...]] = set()
        self._answers: dict[tuple[object, ...], bool] = {}

    def add(self, values: Values) -> None:
        """A genotype in canonical form was proposed or told."""
        self._seen.add(_identity(values))

    def draw(self, parents: Iterable[Values], rng: np.random.Generator) -> list[Values]:
        """Different genotypes that were not seen, feasible or not; empty if none was found.

        Args:
            parents: genotypes in canonical form, best first; those beyond `PARENTS` are ignored.
            rng: decides.
        """
        drawn: dict[tuple[object, ...], Values] = {}
        for parent, _ in zip(parents, range(PARENTS), strict=False):
            for _ in range(MUTATIONS):
                self._offer(self.space.mutate(parent, rng), drawn)
        for _ in range(RANDOM):
            self._offer(self.space.sample(rng), drawn)
        return list(drawn.values())

    def choose(self, preferred: Iterable[Values]) -> Values | None:
        """The first feasible one of what was drawn, which counts as proposed from now on; None if none is."""
        for values in preferred:
            identity = _identity(values)
            if identity not in self._answers:
                self._answers[identity] = self._feasible(values)
            if self._answers[identity]:
                self._seen.add(identity)
                return values
        return None

    def _offer(self, values: Values, drawn: dict[tuple[object, ...], Values]) -> None:
        identity = _identity(values)
        if identity not in self._seen:
            drawn.setdefault(identity, values)


def _identity(values: Values) -> tuple[object, ...]:
    """Equal for equal genotypes in canonical form; `SearchSpace.key` says the same, and slower."""
    return tuple(values.items())
