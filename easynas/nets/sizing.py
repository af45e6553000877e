"""Networks cut to a budget of multiply-accumulates, counted on networks that are built but never run."""

from collections.abc import Callable
from dataclasses import dataclass, field

from easynas.nets.block import Block
from easynas.nets.cost import macs
from easynas.nets.network import model_of
from easynas.space.space import SearchSpace, Values

_LEAST, _MOST = 0.12, 2.0
"""Multiples of the budget between which a network is worth a trial: smaller ones leave time unused, larger ones see too
few samples."""

Count = Callable[[Block, Values, tuple[int, ...]], int]


def count_macs(network: Block, values: Values, shape: tuple[int, ...]) -> int:
    """Multiply-accumulates of one sample `shape` in the network that `values` describe."""
    return macs(model_of(network, values, shape))


@dataclass
class Sizing:
    """Counts and cuts the networks of one space; every genotype is built once.

    Attributes:
        network: what the values describe.
        space: their space.
        shape: of an image, `(height, width, channels)`.
        budget: multiply-accumulates of one sample.
        count: counts the multiply-accumulates of one sample; by default in this process, which grows a little by it.
    """

    network: Block
    space: SearchSpace
    shape: tuple[int, ...]
    budget: float
    count: Count = count_macs
    _counted: dict[str, int] = field(default_factory=dict)

    def macs(self, values: Values) -> int:
        """Multiply-accumulates of one sample."""
        canonical = self.space.canonical(values)
        key = self.space.key(canonical)
        if key not in self._counted:
            self._counted[key] = self.count(self.network, canonical, self.shape)
        return self._counted[key]

    def affordable(self, values: Values) -> bool:
        """Whether the budget is neither exceeded nor wasted by much."""
        return _LEAST * self.budget <= self.macs(values) <= _MOST * self.budget

    def fit(self, values: Values, *, knob: str, share: float = 1.0) -> Values:
        """`values` with the largest `knob` whose network stays within `share` of the budget, or with its smallest.

        Bisection over the values of `knob`, which must make the network larger the larger it is.
        """
        dimension = next(d for d in self.space.dimensions if d.name == knob)
        choices = dimension.values()
        low, high = 0, len(choices) - 1
        while low < high:
            middle = (low + high + 1) // 2
            if self.macs({**values, knob: choices[middle]}) <= share * self.budget:
                low = middle
            else:
                high = middle - 1
        return self.space.canonical({**values, knob: choices[low]})
