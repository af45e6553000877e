"""Networks cut to a budget of training, counted on networks that are built but never run, and to limits."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Protocol

import keras_tuner

from easynas.nets.block import Block
from easynas.nets.cost import effort
from easynas.nets.network import model_of
from easynas.nets.quantization import choices_in
from easynas.space.space import SearchSpace, Values

_LEAST, _MOST = 0.12, 2.0
"""Multiples of the budget between which a network is worth a trial: smaller ones leave time unused, larger ones see too
few samples."""

_FRACTIONS = (0.75, 0.5, 0.25)
"""Of its choices, of which a network that is too large keeps the largest that is allowed."""

Count = Callable[[Block, Values, tuple[int, ...]], float]


class Restriction(Protocol):
    """Which networks may be trained, because of what they would cost where they are used."""

    def allows(self, values: Values) -> bool:
        """Whether the network of `values` may be trained; asked before any time is spent on it."""


def choices_of(network: Block) -> set[str]:
    """Names of the choices that a network itself declares."""
    hp = keras_tuner.HyperParameters()
    network.declare(hp)
    return {parameter.name for parameter in hp.space}


def scaled(space: SearchSpace, values: Values, fraction: float, *, free: Collection[str]) -> Values:
    """`values` with every ordered choice of a network at a fraction of its place, 0 for the smallest.

    Args:
        space: of the values.
        values: a genotype.
        fraction: in [0, 1].
        free: names of the choices that may change.
    """
    smaller = dict(values)
    for dimension in space.dimensions:
        name = dimension.name
        if name in free and name in values and dimension.contains(values[name]) and not dimension.categorical:
            smaller[name] = dimension.at(fraction * dimension.position(values[name]))
    return space.canonical(smaller)


def shrunk(space: SearchSpace, values: Values, restriction: Restriction, *, free: Collection[str]) -> Values | None:
    """`values`, or the largest of its smaller relatives that is allowed; None if not even the smallest is.

    Args:
        space: of the values.
        values: a genotype.
        restriction: says which networks are allowed.
        free: names of the choices that may change.
    """
    if restriction.allows(values):
        return values
    least = scaled(space, values, 0.0, free=free)
    if not restriction.allows(least):
        return None
    relatives = (scaled(space, values, fraction, free=free) for fraction in _FRACTIONS)
    return next((each for each in relatives if restriction.allows(each)), least)


def smallest(space: SearchSpace, restriction: Restriction, *, free: Collection[str]) -> Iterator[Values]:
    """The first of the smallest networks of every kind that is allowed; none if none is."""
    yield from islice((values for values in leanest(space, free=free) if restriction.allows(values)), 1)


def leanest(space: SearchSpace, *, free: Collection[str]) -> Iterator[Values]:
    """The smallest network of every kind, where the first choice of a space is one of kinds; else the smallest.

    Where the numbers of the file are a choice, in each of them.
    """
    first = space.dimensions[0]
    kinds: Sequence[Values] = [{first.name: kind} for kind in first.values()] if first.categorical else [{}]
    for kind in kinds:
        for numbers in choices_in(space):
            yield scaled(space, space.canonical({**kind, **numbers}), 0.0, free=free)


def count_effort(network: Block, values: Values, shape: tuple[int, ...]) -> float:
    """The effort of training the network that `values` describe on one sample `shape`, see `easynas.nets.cost`."""
    return effort(model_of(network, values, shape))


@dataclass
class Sizing:
    """Counts and cuts the networks of one space; every genotype is built once.

    Attributes:
        network: what the values describe.
        space: their space.
        shape: of an image, `(height, width, channels)`.
        budget: effort of training on one sample.
        count: counts it; by default in this process, which grows a little by it.
        restriction: what networks must keep beside the budget; None: nothing.
    """

    network: Block
    space: SearchSpace
    shape: tuple[int, ...]
    budget: float
    count: Count = count_effort
    restriction: Restriction | None = None
    _counted: dict[str, float] = field(default_factory=dict)
    _fits: list[float] = field(default_factory=list)

    def effort(self, values: Values) -> float:
        """Of training on one sample."""
        canonical = self.space.canonical(values)
        key = self.space.key(canonical)
        if key not in self._counted:
            self._counted[key] = self.count(self.network, canonical, self.shape)
        return self._counted[key]

    def affordable(self, values: Values) -> bool:
        """Whether the budget is neither exceeded nor wasted by much, and the restriction kept.

        Under a restriction the budget is no more than what the largest network took that was fitted so far.
        """
        useful = min(self.budget, max(self._fits, default=self.budget))
        return _LEAST * useful <= self.effort(values) <= _MOST * useful and self._allows(values)

    def at(self, budget: float) -> "Sizing":
        """The same with another budget; what was counted is known to both."""
        return replace(self, budget=budget, _fits=[])

    def within(self, restriction: Restriction) -> "Sizing":
        """The same under a restriction."""
        return replace(self, restriction=restriction, _fits=[])

    def fit(self, values: Values, *, knob: str, share: float = 1.0) -> Values | None:
        """`values` with the `knob` whose network comes nearest to `share` of the budget, by the ratio of both.

        Bisection over the values of `knob`, which must make the network larger the larger it is. Under a restriction
        other choices become smaller too if they must; None if not even that is allowed.
        """
        if self.restriction is None:
            return self._afforded(values, knob, share)[-1]
        found = self._allowed(self._afforded(values, knob, share))
        free, known = choices_of(self.network), self.space.canonical(values)
        least = scaled(self.space, known, 0.0, free=free)
        if found is None and self._allows(least):
            others = (scaled(self.space, known, each, free=free - {knob}) for each in (*_FRACTIONS, 0.0))
            fits = (self._allowed(self._afforded(each, knob, share)) for each in others)
            found = next((each for each in fits if each is not None), least)
        if found is not None:
            self._fits.append(self.effort(found) / share)
        return found

    def _afforded(self, values: Values, knob: str, share: float) -> list[Values]:
        """`values` with each `knob` up to the nearest to the budget, from the smallest on; at least that."""
        dimension = next(d for d in self.space.dimensions if d.name == knob)
        choices = [self.space.canonical({**values, knob: choice}) for choice in dimension.values()]
        budget = share * self.budget
        last = _last(choices, lambda each: self.effort(each) <= budget)
        larger = choices[last + 1 :]
        # What exceeds the budget by a smaller factor than this one falls short of it is nearer.
        nearer = self.effort(larger[0]) <= budget**2 / self.effort(choices[last]) if larger else False
        return choices[: last + 2] if nearer else choices[: last + 1]

    def _allowed(self, choices: Sequence[Values]) -> Values | None:
        """The largest of them that the restriction allows; the largest of all is asked about first."""
        if self._allows(choices[-1]):
            return choices[-1]
        found = choices[_last(choices, self._allows)]
        return found if self._allows(found) else None

    def smaller(self, values: Values) -> Values | None:
        """`values`, or what becomes of it under the restriction, see `shrunk`."""
        if self.restriction is None:
            return values
        return shrunk(self.space, values, self.restriction, free=choices_of(self.network))

    def _allows(self, values: Values) -> bool:
        return self.restriction is None or self.restriction.allows(self.space.canonical(values))


def _last(choices: Sequence[Values], fits: Callable[[Values], bool]) -> int:
    """The place of the last of them that fits, if those before it do too; 0 if none does."""
    low, high = 0, len(choices) - 1
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(choices[middle]) else (low, middle - 1)
    return low
