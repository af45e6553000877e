"""Which space, resolution and augmentation for which images, and why.

Every choice comes with a sentence for the report. The constants are rules of thumb for trainings of minutes on a few
cores.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain

import keras_tuner

from easynas.nets.block import Block
from easynas.nets.design import Compute
from easynas.nets.head import ImageHead
from easynas.nets.network import Augment, ImageNetwork
from easynas.nets.portfolio import known_designs
from easynas.nets.quantization import in_turn
from easynas.nets.sizing import Count, Restriction, Sizing, choices_of, count_effort, smallest
from easynas.nets.whitening import Whitening
from easynas.schema import LARGEST_SIDE, Answer, ImageSchema
from easynas.space.space import SearchSpace, Values

_PIXEL_EFFORT = 17_000.0  # of a network that uses its pixels well
_SMALLEST_SIDE = 32
_ALMOST = 1.1  # a reduction by less than a tenth is not worth its blur
_MIRRORED = 0.6
"""Share of the accuracy above chance that must survive mirroring. Digits keep less than half, clothes and animals more
than two thirds."""


@dataclass(frozen=True)
class ImageDesign:
    """Where to search for images, see `Design`; networks are as large as the compute allows.

    Attributes:
        network: what values of the space describe; it does not mirror images until the baseline says that it may.
        sizing: the space, and what its networks cost.
        reasons: why, as sentences.
        once: whether the model looks at an image once even if nothing limits the file.
    """

    network: ImageNetwork
    sizing: Sizing
    reasons: tuple[str, ...]
    once: bool = False

    @property
    def space(self) -> SearchSpace:
        return self.sizing.space

    @property
    def shipped(self) -> ImageNetwork:
        """The network without augmentation."""
        return replace(self.network, augment=None, both_ways=self.both_ways)

    @property
    def both_ways(self) -> bool:
        """Where mirror images are alike, and nothing limits the file: it answers twice, and is right more often."""
        augment = self.network.augment
        return augment is not None and augment.mirror and self.sizing.restriction is None and not self.once

    def portfolio(self) -> Iterator[Values]:
        """Genotypes known to be good, best guess first, cut to the compute; each is sized when it is asked for."""
        fits = (self.sizing.fit(values, knob=knob, share=share) for knob, share, values in self._known())
        for values in chain(fits, (self.sizing.smaller(each) for each in [self.space.default()])):
            if values is not None:
                yield values
        if self.sizing.restriction is not None:
            yield from smallest(self.space, self.sizing.restriction, free=choices_of(self.network))

    def _known(self) -> Iterator[tuple[str, float, Values]]:
        """What this space has of the designs known to be good: what scales each, its share of the compute, choices."""
        names = set(self.space.names)
        chosen = self.network.block.name
        numbers = in_turn(self.space)
        for knob, share, choices in known_designs():
            values = {name: value for name, value in choices.items() if name in names}
            if knob in names and choices["network"] in (chosen, values.get("network")):
                yield knob, share, {**values, **next(numbers)}

    def feasible(self, values: Values) -> bool:
        """Whether the compute is neither exceeded nor wasted by much."""
        return self.sizing.affordable(values)

    def within(self, restriction: Restriction) -> "ImageDesign":
        """The design under a restriction; networks use no more than what the best of those that keep it can use."""
        return replace(self, sizing=self.sizing.within(restriction))

    def informed(self, metrics: Mapping[str, float]) -> tuple["ImageDesign", str]:
        """The design with training images mirrored at random, if the baseline, which never saw one, recognised such.

        Args:
            metrics: of the baseline: `usual_score` on held-out images, `mirrored_score` on the same mirrored.
        """
        score, mirrored = metrics["usual_score"], metrics["mirrored_score"]
        alike = is_mirrored_alike(score, mirrored, self.network.answer)
        reason = (
            f"The baseline scored {mirrored:.2f} on mirrored images against {score:.2f} on the originals: training "
            f"{'mirrors images at random' if alike else 'never mirrors images'}."
        )
        augment = self.network.augment
        if not alike or augment is None:
            return self, reason
        informed = replace(self, network=replace(self.network, augment=replace(augment, mirror=True)))
        if informed.both_ways:
            reason += (
                " As there is no limit on the file, the model averages its answers for an image and its mirror image, "
                "which takes twice as long; with one, such as `max_latency_ms=`, or with `pruning=`, it looks once."
            )
        elif informed.once and informed.sizing.restriction is None:
            reason += " The model looks at an image once, as those of earlier fits in this study do."
        return informed, reason


def choose_resolution(schema: ImageSchema, compute: Compute) -> tuple[tuple[int, int], str]:
    """The `(height, width)` to train at, and why: as large as the compute allows, and never larger than the images."""
    side = 1.5 * math.sqrt(compute.effort / _PIXEL_EFFORT)
    side = 8 * round(min(max(side, _SMALLEST_SIDE), LARGEST_SIDE) / 8)
    native = math.sqrt(schema.height * schema.width)
    if native <= _ALMOST * side:
        return (schema.height, schema.width), f"Images keep their {schema.height} x {schema.width} pixels."
    height, width = (max(1, round(length * side / native)) for length in (schema.height, schema.width))
    return (height, width), (
        f"Images are reduced from {schema.height} x {schema.width} to {height} x {width} pixels: {compute.samples:,} "
        f"images in {compute.seconds:.0f} s leave {1e6 * compute.sample_seconds:.0f} µs for one, each time it is seen."
    )


def is_mirrored_alike(score: float, mirrored: float, answer: Answer) -> bool:
    """Whether mirrored images are still what they were, judged by a network that never saw one.

    Args:
        score: of the baseline on held-out images: accuracy for classes, at most 1 for anything.
        mirrored: its score on the same images with left and right swapped.
        answer: what it answers.
    """
    chance = 1.0 / answer.outputs if answer.kind == "classes" else 0.0
    return mirrored - chance >= _MIRRORED * max(score - chance, 0.0)


def design_images(
    schema: ImageSchema,
    answer: Answer,
    *,
    shape: tuple[int, ...],
    compute: Compute,
    block: Block,
    whitening: Whitening | None,
    declare_training: Callable[[keras_tuner.HyperParameters], None],
    seed: int,
    once: bool = False,
    share: float = 1.0,
    count: Count = count_effort,
) -> ImageDesign:
    """The space and the portfolio for these images.

    Args:
        schema: what an image is.
        answer: what networks answer.
        shape: of the images that networks see, `(height, width, channels)`.
        compute: what the time can buy.
        block: the space.
        whitening: what the first layer of a network may be; None for an ordinary one.
        declare_training: declares the choices that are not the network's.
        seed: of the augmentation.
        once: whether the model looks at an image once even if nothing limits the file.
        share: of the compute that networks should use, in (0, 1]; the less, the smaller they are.
        count: counts the effort of training a network.
    """
    augment = Augment(mirror=False, seed=seed)
    network = ImageNetwork(
        block,
        ImageHead(answer),
        mean=schema.mean,
        variance=schema.variance,
        augment=augment,
        whitening=whitening,
    )
    hp = keras_tuner.HyperParameters()
    network.declare(hp)
    declare_training(hp)
    searched = SearchSpace(hp)
    sizing = Sizing(network, searched, shape, share * compute.effort, count)
    reasons = (
        f"A network may train for about {1e6 * share * compute.sample_seconds:.0f} µs on an image, so that it "
        f"sees the {compute.samples:,} images about {compute.epochs / share:.0f} times.",
        f"The space {block.name or 'auto'!r} has {searched.size():.3g} designs.",
    )
    return ImageDesign(network, sizing, reasons, once)
