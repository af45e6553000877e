"""Genotypes as points, so that networks that are alike are near: what the Gaussian process measures distances by.

An unordered choice is a corner of a simplex, an ordered one a position on a line. A choice that may be inactive lies on
an arc around the point that stands for its absence (Swersky et al. 2014, "Raiders of the lost architecture: kernels for
Bayesian optimization in conditional parameter spaces", eq. 2-3): two networks that lack it are equal in it, and one
that lacks it is as far from every network that has it.
"""

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from easynas.space.dimension import Dimension, Value
from easynas.space.space import SearchSpace

_ARC = math.pi / 2  # the two ends of a conditional choice are as far apart as two unordered values


Encode = Callable[[Mapping[str, Value]], np.ndarray]
"""A genotype as a vector of what its choices amount to, such as the paths of a cell, `easynas.nets.nb201.paths`."""

_SAMPLES = 64  # random genotypes that show how far apart vectors are


class Embedding:
    """Points of a space's genotypes.

    Args:
        space: what they belong to.
        encode: what is known of them besides their choices, `(columns,)`; it counts as one more choice.

    Attributes:
        groups: `(columns,)`, the number of the choice that a column belongs to.
        choices: how many choices there are.
    """

    def __init__(self, space: SearchSpace, encode: Encode | None = None) -> None:
        self._dimensions = [dimension for dimension in space.dimensions if dimension.count > 1]
        widths = [_columns(dimension) for dimension in self._dimensions]
        self.choices = len(widths)
        self.groups = np.repeat(np.arange(self.choices), np.array(widths, int))
        self._known: list[dict[Value, list[float]]] = [{} for _ in self._dimensions]
        self._encode = encode
        if encode is not None:
            rng = np.random.default_rng(0)
            vectors = np.array([encode(space.sample(rng)) for _ in range(_SAMPLES)], dtype=float)
            # The mean squared distance of two is twice the variance; it becomes 1.
            self._unit = 1.0 / math.sqrt(max(2.0 * float(vectors.var(axis=0).sum()), 1e-12))
            self.groups = np.concatenate([self.groups, np.full(vectors.shape[1], self.choices)])
            self.choices += 1

    def __call__(self, genotypes: Sequence[Mapping[str, Value]]) -> np.ndarray:
        """Points `(genotypes, columns)` of genotypes in canonical form; a choice adds a distance of 1 at most."""
        if not len(genotypes):
            return np.empty((0, len(self.groups)))
        points = np.array([self._point(values) for values in genotypes], dtype=float)
        if self._encode is None:
            return points
        vectors = np.array([self._encode(values) for values in genotypes], dtype=float)
        return np.concatenate([points, vectors * self._unit], axis=1)

    def _point(self, values: Mapping[str, Value]) -> list[float]:
        point: list[float] = []
        for dimension, known in zip(self._dimensions, self._known, strict=True):
            value = values.get(dimension.name)
            if value is None or not dimension.active(values):
                point += [0.0] * _columns(dimension)
                continue
            numbers = known.get(value)
            if numbers is None:
                numbers = _place(dimension, value)
                if math.isfinite(dimension.count):
                    known[value] = numbers
            point += numbers
        return point


def _columns(dimension: Dimension) -> int:
    if dimension.categorical:
        return dimension.width
    return 2 if dimension.parameter.conditions else 1


def _place(dimension: Dimension, value: Value) -> list[float]:
    if dimension.categorical:
        return [number * math.sqrt(0.5) for number in dimension.encode(value)]
    position = dimension.position(value)
    if dimension.parameter.conditions:
        return [math.sqrt(0.5) * math.cos(_ARC * position), math.sqrt(0.5) * math.sin(_ARC * position)]
    return [position]
