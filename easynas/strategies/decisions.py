"""`Decisions`: a space as a sequence of choices among a few options each."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from easynas.space.dimension import Dimension, Value
from easynas.space.space import SearchSpace, Values

BINS = 8
"""Options of a long or continuous range; within one of its equal parts every value is drawn alike."""


class Choose(Protocol):
    """Decides a step after the other."""

    def __call__(self, step: int, *, active: bool) -> int:
        """The option to take; for an inactive step the answer is ignored."""


@dataclass(frozen=True)
class Decisions:
    """The choices of a space that leave something to decide, in declared order.

    Attributes:
        space: where they come from.
        steps: the choices with more than one value, `(steps,)`.
    """

    space: SearchSpace
    steps: tuple[Dimension, ...]

    @classmethod
    def of(cls, space: SearchSpace) -> "Decisions":
        return cls(space, tuple(dimension for dimension in space.dimensions if dimension.count > 1))

    @property
    def options(self) -> tuple[int, ...]:
        """Options of every step, `(steps,)`; at least 2."""
        return tuple(_options(dimension) for dimension in self.steps)

    def write(self, choose: Choose, rng: np.random.Generator) -> Values:
        """The genotype that results from asking `choose` for every step in order; within a bin, `rng` decides."""
        values: Values = {}
        step = 0
        for dimension in self.space.dimensions:
            active = dimension.name not in values and dimension.active(values)
            option = 0
            if dimension.count > 1:
                option = choose(step, active=active)
                step += 1
            if active:
                values[dimension.name] = _value(dimension, option, rng)
        return values

    def read(self, values: Mapping[str, Value]) -> tuple[np.ndarray, np.ndarray]:
        """The options `(steps,)` that lead to a genotype, and which of the steps are active `(steps,)`."""
        options = np.zeros(len(self.steps), dtype=int)
        active = np.zeros(len(self.steps), dtype=bool)
        known: set[str] = set()
        for step, dimension in enumerate(self.steps):
            value = values.get(dimension.name)
            if dimension.name not in known and dimension.active(values) and value is not None:
                options[step], active[step] = _option(dimension, value), True
                known.add(dimension.name)
        return options, active


def _options(dimension: Dimension) -> int:
    return int(dimension.count if dimension.categorical else min(dimension.count, BINS))


def _value(dimension: Dimension, option: int, rng: np.random.Generator) -> Value:
    if dimension.categorical or dimension.count <= BINS:
        return dimension.values()[option]
    return dimension.at((option + rng.random()) / _options(dimension))


def _option(dimension: Dimension, value: Value) -> int:
    if dimension.categorical or dimension.count <= BINS:
        return dimension.values().index(dimension.nearest(value))
    return min(int(dimension.position(value) * _options(dimension)), _options(dimension) - 1)
