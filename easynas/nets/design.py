"""Where to search for which data: the space, designs known to be good, and what the time can buy.

The constants are rules of thumb for trainings of minutes on a few cores: a network should see its data often enough to
converge, and then be as large as the time allows.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import keras_tuner

from easynas.nets.block import Block
from easynas.nets.network import OneOf
from easynas.nets.quantization import in_turn
from easynas.nets.sizing import Restriction, choices_of, shrunk, smallest
from easynas.space.space import SearchSpace, Values

PASSES = 3.0
"""Of a usual convolution, that a training step on it takes as long as: the forward pass, and twice as much backward."""

_TYPICAL_WORK, _TYPICAL_SAMPLES, _TYPICAL_EPOCHS = 160e6, 55_000, 4.8
"""An effort that was measured to be well spent, see `Compute.epochs`: 33 million at a time."""

_FEWEST_EPOCHS, _MOST_EPOCHS = 1.0, 60.0


@dataclass(frozen=True)
class Compute:
    """What the time can buy.

    Attributes:
        seconds: of the longest training.
        macs_per_second: multiply-accumulates of a usual convolution that training reaches, see `easynas.train.machine`.
        samples: in the training set.
    """

    seconds: float
    macs_per_second: float
    samples: int

    @property
    def work(self) -> float:
        """Effort that can be spent on one sample over all epochs, see `easynas.nets.cost.effort`."""
        return self.seconds * self.macs_per_second / (PASSES * self.samples)

    @property
    def epochs(self) -> float:
        """Times that the data should be seen.

        More compute goes into size and epochs alike, as in Hoffmann et al. (2022) for language models; smaller sets are
        seen more often. Measured with Muon: 40, 60 and 145 s on CIFAR-10 and Fashion-MNIST were best at 2 to 6 epochs
        (docs/findings.md), 60 s on 800 images at 40 to 140.
        """
        rarity = float(_TYPICAL_SAMPLES / self.samples)
        epochs = _TYPICAL_EPOCHS * math.sqrt(self.work / _TYPICAL_WORK) * math.sqrt(math.sqrt(rarity))
        return min(max(epochs, _FEWEST_EPOCHS), _MOST_EPOCHS)

    @property
    def effort(self) -> float:
        """Of training a network on one sample that can be afforded."""
        return self.work / self.epochs

    @property
    def sample_seconds(self) -> float:
        """Seconds of training such a network on one sample, on all cores."""
        return self.epoch_seconds / self.samples

    @property
    def epoch_seconds(self) -> float:
        """Time to see all samples once with such a network, on all cores."""
        return self.seconds / self.epochs


class Design(Protocol):
    """Where to search for some data."""

    @property
    def network(self) -> Block:
        """What values of the space describe, as it is trained."""

    @property
    def shipped(self) -> Block:
        """The same without what is only for training; it has the same weights in the same order."""

    @property
    def both_ways(self) -> bool:
        """Whether what is shipped answers for an image and its mirror image together."""

    @property
    def space(self) -> SearchSpace:
        """The space."""

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why, as sentences."""

    def portfolio(self) -> Iterator[Values]:
        """Genotypes known to be good, best guess first."""

    def feasible(self, values: Values) -> bool:
        """Whether a network is worth a trial; asked before any time is spent on it."""

    def informed(self, metrics: Mapping[str, float], *, chance: float) -> tuple["Design", str]:
        """The design after the baseline was measured, and what was learned as sentences; empty for nothing.

        `chance` is what the usual metric of the same samples is without learning anything.
        """

    def within(self, restriction: Restriction) -> "Design":
        """The design whose networks keep a restriction: those of the portfolio are made smaller until they do."""

    def tried(self, compute: Compute) -> "Design":
        """The design of trials that have less compute than the training of the best: their networks are smaller."""

    def grown(self, values: Values) -> Values:
        """The network of a trial, as large as the design has it that `tried` made this one of."""


EPOCHS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 70, 100, 150, 200)
"""Numbers of epochs to choose from, where a network is trained before it fits noise."""


@dataclass(frozen=True)
class ListedDesign:
    """A design whose networks are all small enough, see `Design`.

    Attributes:
        network: what values of the space describe.
        space: its space.
        reasons: why, as sentences.
        designs: genotypes known to be good, best guess first.
        restriction: what networks must keep; None: nothing.
    """

    network: Block
    space: SearchSpace
    reasons: tuple[str, ...]
    designs: tuple[Values, ...]
    restriction: Restriction | None = None

    @property
    def shipped(self) -> Block:
        return self.network

    @property
    def both_ways(self) -> bool:
        return False

    def portfolio(self) -> Iterator[Values]:
        """Genotypes known to be good, best guess first; of each what this space has, as large as it may be.

        Where some are made smaller, the smallest network of all that is allowed comes last.
        """
        names, free = set(self.space.names), choices_of(self.network)
        for values, numbers in zip(self.designs, in_turn(self.space), strict=False):
            known = {name: value for name, value in values.items() if name in names}
            known = self.space.canonical({**known, **numbers})
            kept = known if self.restriction is None else shrunk(self.space, known, self.restriction, free=free)
            if kept is not None:
                yield kept
        if self.restriction is not None:
            yield from smallest(self.space, self.restriction, free=free)

    def feasible(self, values: Values) -> bool:
        """All are that keep the restriction."""
        return self.restriction is None or self.restriction.allows(values)

    def within(self, restriction: Restriction) -> "ListedDesign":
        return replace(self, restriction=restriction)

    def tried(self, compute: Compute) -> "ListedDesign":
        """The same: its networks are as large as they are listed."""
        return self

    def grown(self, values: Values) -> Values:
        return values

    def informed(self, metrics: Mapping[str, float], *, chance: float) -> tuple["ListedDesign", str]:
        """A baseline decides nothing here."""
        return self, ""


def list_designs(
    networks: OneOf,
    space: str | Block,
    designs: Iterable[Values],
    declare_training: Callable[[keras_tuner.HyperParameters], None],
    *,
    grown: Sequence[str] = (),
) -> ListedDesign:
    """The design for a space that the user named.

    Args:
        networks: all that there are.
        space: name of one of them, "auto" for all, or a block of the user's own.
        designs: genotypes known to be good, with their `"network"` and numbers of epochs, which are rounded to the
            nearest of `EPOCHS`.
        declare_training: declares the choices that are not the network's.
        grown: names of networks that no training has choices for.
    """
    by_name = {block.name: block for block in networks.blocks}
    network = space if isinstance(space, Block) else networks if space == "auto" else by_name[space]
    hp = keras_tuner.HyperParameters()
    network.declare(hp)
    if space == "auto" and grown:
        with hp.conditional_scope(networks.choice, [name for name in by_name if name not in grown]):
            declare_training(hp)
    elif space not in grown:
        declare_training(hp)
    searched = SearchSpace(hp)
    known = tuple(_nearest(values) for values in designs if space in ("auto", values["network"]))
    named = space if isinstance(space, str) else network.name
    reason = f"The space {named!r} has {searched.size():.3g} designs."
    return ListedDesign(network, searched, (reason,), known or (searched.default(),))


def _nearest(values: Values) -> Values:
    """The values with a number of epochs that there is, if they have one."""
    if "train/epochs" not in values:
        return values
    wanted = float(values["train/epochs"])
    return {**values, "train/epochs": min(EPOCHS, key=lambda epochs: abs(epochs - wanted))}
