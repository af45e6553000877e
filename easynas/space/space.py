"""`SearchSpace`: a declared `keras_tuner.HyperParameters` as a set of genotypes.

A genotype is a plain dict `{name: value}` that holds the active choices only (its canonical form), so two dicts that
describe the same network are equal. Everything random takes a numpy generator; nothing here builds a layer.
"""

import json
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from easynas.errors import InputError
from easynas.space.dimension import Dimension, Value

Values = dict[str, Value]


class SearchSpace:
    """The choices declared on a `keras_tuner.HyperParameters`, conditional scopes respected.

    Args:
        hp: hyperparameters with everything declared, for instance by `Block.declare`. Later changes of it are not seen.

    Raises:
        InputError: nothing is declared.
    """

    def __init__(self, hp: Any) -> None:
        self.dimensions: tuple[Dimension, ...] = tuple(Dimension.of(parameter) for parameter in hp.space)
        if not self.dimensions:
            raise InputError(
                "A search space needs at least one declared choice. Received: empty hyperparameters. "
                'Declare one, for instance `hp.Int("width", 8, 64)`.'
            )

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all choices, each once, parents before children."""
        return tuple(dict.fromkeys(dimension.name for dimension in self.dimensions))

    @property
    def width(self) -> int:
        """Length of the vectors of `encode`."""
        return sum(dimension.width for dimension in self.dimensions)

    def size(self) -> float:
        """How many different genotypes there are; `math.inf` with a continuous choice."""
        return math.prod(self._below(root) for root in self.dimensions if not root.parameter.conditions)

    def default(self) -> Values:
        """The genotype in which every active choice has its declared default."""
        return self.canonical({})

    def sample(self, rng: np.random.Generator) -> Values:
        """A genotype with every active choice drawn independently."""
        return self._walk(lambda dimension, _: dimension.sample(rng))

    def mutate(self, values: Mapping[str, Value], rng: np.random.Generator) -> Values:
        """A genotype that differs from `values` in one active choice; choices that this activates are sampled."""
        free = [d for d in self._active(values) if d.count > 1]
        if not free:
            return self.canonical(values)
        chosen = free[int(rng.integers(len(free)))]

        return self._with(values, chosen, chosen.neighbour(values[chosen.name], rng), rng)

    def neighbours(self, values: Mapping[str, Value], rng: np.random.Generator) -> list[Values]:
        """The genotypes that differ from `values` in one active choice, each once, in declared order.

        Of few or unordered values a choice takes every other one. Of a range it takes those a step away and two drawn
        near ones, where a continuous range has a step of a tenth. Choices that this activates are sampled.
        """
        return [
            self._with(values, chosen, value, rng)
            for chosen in self._active(values)
            for value in chosen.neighbours(values[chosen.name], rng)
        ]

    def crossover(self, a: Mapping[str, Value], b: Mapping[str, Value], rng: np.random.Generator) -> Values:
        """Uniform crossover: every active choice comes from one of the parents, or is sampled if neither has it."""

        def pick(dimension: Dimension, _: Values) -> Value:
            first, second = (a, b) if rng.random() < 0.5 else (b, a)
            donor = first if dimension.contains(first.get(dimension.name)) else second
            return self._inherited(dimension, donor, rng)

        return self._walk(pick)

    def canonical(self, values: Mapping[str, Value]) -> Values:
        """The active choices alone, in declared order; those that `values` lacks take their default.

        Raises:
            InputError: a name that the space does not know, or a value that the choice does not have.
        """
        unknown = sorted(set(values) - set(self.names))
        if unknown:
            raise InputError(f"Values must name choices of the space, {list(self.names)}. Received also: {unknown}.")

        def pick(dimension: Dimension, _: Values) -> Value:
            value = values.get(dimension.name, dimension.default)
            if not dimension.contains(value):
                raise InputError(f"{dimension.name!r} must be a value of {dimension.parameter}. Received: {value!r}.")
            return dimension.nearest(value)

        return self._walk(pick)

    def key(self, values: Mapping[str, Value]) -> str:
        """The same text for the same network, to find duplicates."""
        return json.dumps(self.canonical(values), sort_keys=True)

    def encode(self, values: Mapping[str, Value]) -> np.ndarray:
        """A vector `(width,)` in [0, 1]: a position for an ordered choice, one-hot for an unordered one.

        An inactive choice is 0.5 where ordered and all zeros where not, so that it adds no distance between two
        networks that both lack it.
        """
        numbers: list[float] = []
        for dimension in self.dimensions:
            if dimension.active(values) and dimension.contains(values.get(dimension.name)):
                numbers += dimension.encode(values[dimension.name])
            else:
                numbers += [0.0] * dimension.width if dimension.categorical else [0.5]
        return np.array(numbers)

    def decode(self, vector: np.ndarray) -> Values:
        """The genotype nearest to a vector `(width,)`; `decode(encode(values))` is `values` in canonical form."""
        if vector.shape != (self.width,):
            raise InputError(f"A vector of this space must have shape ({self.width},). Received: {vector.shape}.")
        offsets = np.cumsum([0, *(dimension.width for dimension in self.dimensions)])
        slices = {id(d): vector[start : start + d.width] for d, start in zip(self.dimensions, offsets, strict=False)}
        return self._walk(lambda dimension, _: dimension.decode(slices[id(dimension)]))

    def _walk(self, pick: Callable[[Dimension, Values], Value]) -> Values:
        """Fills a genotype in declared order, so that every condition sees its parents."""
        values: Values = {}
        for dimension in self.dimensions:
            if dimension.name not in values and dimension.active(values):
                values[dimension.name] = pick(dimension, values)
        return values

    def _with(self, values: Mapping[str, Value], chosen: Dimension, value: Value, rng: np.random.Generator) -> Values:
        """`values` with another value of one choice; choices that this activates are sampled."""

        def pick(dimension: Dimension, _: Values) -> Value:
            return value if dimension is chosen else self._inherited(dimension, values, rng)

        return self._walk(pick)

    def _active(self, values: Mapping[str, Value]) -> list[Dimension]:
        return [d for d in self.dimensions if d.active(values) and d.contains(values.get(d.name))]

    @staticmethod
    def _inherited(dimension: Dimension, values: Mapping[str, Value], rng: np.random.Generator) -> Value:
        value = values.get(dimension.name)
        if value is None or not dimension.contains(value):
            return dimension.sample(rng)
        return dimension.nearest(value)

    def _below(self, dimension: Dimension) -> float:
        """Genotypes of a choice together with all choices that hang from it."""
        children = [child for child in self.dimensions if child.hangs_from(dimension)]
        if not children or math.isinf(dimension.count):
            return dimension.count
        return float(
            sum(
                math.prod(self._below(child) for child in children if value in child.parameter.conditions[-1].values)
                for value in dimension.values()
            )
        )
