"""Which space, resolution and augmentation for which data, and why.

Every choice comes with a sentence for the report. The constants are rules of thumb for trainings of minutes on a few
cores: a network should see its data often enough to converge, and then be as large as the time allows.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import keras_tuner

from easynas.nets.block import Block
from easynas.nets.head import ImageHead
from easynas.nets.network import Augment, ImageNetwork
from easynas.nets.sizing import Count, Sizing, count_macs
from easynas.schema import Answer, ImageSchema
from easynas.space.space import SearchSpace, Values

_PASSES_TO_MACS = 3.0  # a training step computes the forward pass, and twice as much backward
_TYPICAL_WORK, _TYPICAL_SAMPLES, _TYPICAL_EPOCHS = 160e6, 55_000, 8.0
"""A compute that was measured to be well spent: 160 million multiply-accumulates for every sample of 55,000,
8 epochs of a network of 20 million (0.93 on Fashion-MNIST). See `Compute.epochs` for how other budgets follow."""

_FEWEST_EPOCHS, _MOST_EPOCHS = 1.0, 60.0
_PIXEL_MACS = 10_000.0  # of a network that uses its pixels well
_SMALLEST_SIDE, _LARGEST_SIDE = 32, 128
_ALMOST = 1.1  # a reduction by less than a tenth is not worth its blur
_MIRRORED = 0.6
"""Share of the accuracy above chance that must survive mirroring. Digits keep less than half, clothes and animals more
than two thirds."""

_PORTFOLIO: tuple[tuple[str, float, Values], ...] = (
    ("vgg/width", 1.0, {"network": "vgg", "train/optimizer": "adamw"}),
    ("resnet/width", 1.0, {"network": "resnet", "train/optimizer": "adamw"}),
    ("vgg/width", 0.5, {"network": "vgg", "train/smoothing": 0.2}),
    ("resnet/width", 0.6, {"network": "resnet", "resnet/halve_first": True, "augment/cutout": True}),
    ("vgg/width", 1.0, {"network": "vgg", "vgg/depth": 3, "augment/shift": 0.12, "train/optimizer": "adamw"}),
    ("mbconv/width", 0.6, {"network": "mbconv", "train/optimizer": "adamw"}),
    ("sepconv/width", 0.6, {"network": "sepconv", "train/optimizer": "adamw"}),
    ("regnet/w0", 0.8, {"network": "regnet", "train/optimizer": "adamw"}),
    ("nb201/width", 1.0, {"network": "nb201", "train/optimizer": "adamw"}),
    ("darts/width", 0.6, {"network": "darts", "train/optimizer": "adamw"}),
    ("hierarchical/width", 0.6, {"network": "hierarchical", "train/optimizer": "adamw"}),
)
"""Designs known to be good, best guess first: what scales them, their share of the compute, and their choices."""


@dataclass(frozen=True)
class Compute:
    """What the time can buy.

    Attributes:
        seconds: of the longest training.
        macs_per_second: that training reaches.
        samples: in the training set.
    """

    seconds: float
    macs_per_second: float
    samples: int

    @property
    def work(self) -> float:
        """Multiply-accumulates of forward passes that can be spent on one sample over all epochs."""
        return self.seconds * self.macs_per_second / (_PASSES_TO_MACS * self.samples)

    @property
    def epochs(self) -> float:
        """Times that the data should be seen.

        More compute goes into size and epochs alike, as in Hoffmann et al. (2022) for language models; smaller sets are
        seen more often. Trainings of 20 seconds on 50,000 images were best near the 1 epoch that this gives.
        """
        rarity = float(_TYPICAL_SAMPLES / self.samples)
        epochs = _TYPICAL_EPOCHS * math.sqrt(self.work / _TYPICAL_WORK) * math.sqrt(math.sqrt(rarity))
        return min(max(epochs, _FEWEST_EPOCHS), _MOST_EPOCHS)

    @property
    def macs(self) -> float:
        """Multiply-accumulates of a network's forward pass for one sample that can be afforded."""
        return self.work / self.epochs

    @property
    def epoch_seconds(self) -> float:
        """Time to see all samples once with such a network, on all cores."""
        return self.seconds / self.epochs


@dataclass(frozen=True)
class Design:
    """Where to search for these data.

    Attributes:
        network: what values of the space describe; it does not mirror images until `mirroring` says so.
        sizing: the space, and what its networks cost.
        reasons: why, as sentences.
    """

    network: ImageNetwork
    sizing: Sizing
    reasons: tuple[str, ...]

    @property
    def space(self) -> SearchSpace:
        return self.sizing.space

    def mirroring(self) -> "Design":
        """The same design with training images mirrored at random, if they are changed at all."""
        augment = self.network.augment
        if augment is None:
            return self
        return replace(self, network=replace(self.network, augment=replace(augment, mirror=True)))

    def portfolio(self) -> Iterator[Values]:
        """Genotypes known to be good, best guess first, cut to the compute; each is sized when it is asked for."""
        names = set(self.space.names)
        chosen = self.network.block.name
        for knob, share, choices in _PORTFOLIO:
            values = {name: value for name, value in choices.items() if name in names}
            if knob in names and choices["network"] in (chosen, values.get("network")):
                yield self.sizing.fit(values, knob=knob, share=share)
        yield self.space.default()


def choose_resolution(schema: ImageSchema, compute: Compute) -> tuple[tuple[int, int], str]:
    """The `(height, width)` to train at, and why: as large as the compute allows, and never larger than the images."""
    side = 1.5 * math.sqrt(compute.macs / _PIXEL_MACS)
    side = 8 * round(min(max(side, _SMALLEST_SIDE), _LARGEST_SIDE) / 8)
    native = math.sqrt(schema.height * schema.width)
    if native <= _ALMOST * side:
        return (schema.height, schema.width), f"Images keep their {schema.height} x {schema.width} pixels."
    height, width = (max(1, round(length * side / native)) for length in (schema.height, schema.width))
    return (height, width), (
        f"Images are reduced from {schema.height} x {schema.width} to {height} x {width} pixels: {compute.samples:,} "
        f"images in {compute.seconds:.0f} s leave {compute.macs / 1e6:.1f} million multiply-accumulates for one."
    )


def is_mirrored_alike(accuracy: float, mirrored: float, classes: int) -> bool:
    """Whether mirrored images are still what they were, judged by a network that never saw one.

    Args:
        accuracy: of the baseline on held-out images, in [0, 1].
        mirrored: its accuracy on the same images with left and right swapped.
        classes: how many there are.
    """
    chance = 1.0 / classes
    return mirrored - chance >= _MIRRORED * max(accuracy - chance, 0.0)


def design_images(
    schema: ImageSchema,
    classes: int,
    *,
    resolution: tuple[int, int],
    compute: Compute,
    block: Block,
    declare_training: Callable[[keras_tuner.HyperParameters], None],
    seed: int,
    count: Count = count_macs,
) -> Design:
    """The space and the portfolio for these images.

    Args:
        schema: what an image is.
        classes: how many there are.
        resolution: `(height, width)` that networks see.
        compute: what the time can buy.
        block: the space.
        declare_training: declares the choices that are not the network's.
        seed: of the augmentation.
        count: counts the multiply-accumulates of a network.
    """
    augment = Augment(mirror=False, seed=seed)
    network = ImageNetwork(
        block, ImageHead(Answer("classes", classes)), mean=schema.mean, variance=schema.variance, augment=augment
    )
    hp = keras_tuner.HyperParameters()
    network.declare(hp)
    declare_training(hp)
    searched = SearchSpace(hp)
    sizing = Sizing(network, searched, (*resolution, schema.channels), compute.macs, count)
    reasons = (
        f"A network may cost about {compute.macs / 1e6:.1f} million multiply-accumulates an image, so that training "
        f"sees the {compute.samples:,} images about {compute.epochs:.0f} times.",
        f"The space {block.name or 'auto'!r} has {searched.size():.3g} designs.",
    )
    return Design(network, sizing, reasons)
