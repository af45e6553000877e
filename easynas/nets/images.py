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
_HARD, _LEAST_NEEDED = 0.1, 0.3
"""Errors of the baseline, of those that chance makes, from which on networks should be as large as the compute allows;
with fewer they have that share of the first number, at least the second. Nine digits of ten are easy: networks of
19,000 and 650,000 weights err as rarely (docs/findings.md)."""

_ALL, _LEAST_SHARE = 0.75, 0.5
"""A network that takes at least the first share of a trial's compute grows to all of the compute there is for the best;
no network grows to less than the second."""

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
        share: of the compute that networks should use, in (0, 1].
        whole: what networks cost in the design that this one is a smaller form of, see `tried`; None: it is no such.
    """

    network: ImageNetwork
    sizing: Sizing
    reasons: tuple[str, ...]
    once: bool = False
    share: float = 1.0
    whole: Sizing | None = None

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

    def tried(self, compute: Compute) -> "ImageDesign":
        """The design of trials: in a network too large for their time they would see how it begins, not what it learns.

        A network of the user's own, which nothing is known to scale, keeps its size.
        """
        budget = self.share * compute.effort
        if budget >= self.sizing.budget or not self._knobs():
            return self
        return replace(self, sizing=self.sizing.at(budget), whole=self.sizing)

    def grown(self, values: Values) -> Values:
        """The network of a trial with as large a share of the whole compute as it had of the compute of trials.

        About all of it is all: sizes go in steps. Other choices stay as they are.
        """
        knob = self._knobs().get(str(values.get("network", self.network.block.name)))
        if self.whole is None or knob is None:
            return values
        share = self.sizing.effort(values) / self.sizing.budget
        share = 1.0 if share > _ALL else max(share, _LEAST_SHARE)
        return self.whole.fit(values, knob=knob, share=share) or values

    def _knobs(self) -> dict[str, str]:
        """What scales each kind of network of this space."""
        names = set(self.space.names)
        return {str(choices["network"]): knob for knob, _, choices in known_designs() if knob in names}

    def informed(self, metrics: Mapping[str, float], *, chance: float) -> tuple["ImageDesign", str]:
        """The design after the baseline, which never saw a mirrored image, was measured.

        Training mirrors images at random if it recognised such, and networks are smaller where it hardly ever errs.

        Args:
            metrics: of the baseline: `usual_score` on held-out images, `mirrored_score` on the same mirrored.
            chance: `usual_score` of a model that learned nothing.
        """
        mirroring, mirrored = self._mirroring(metrics["usual_score"], metrics["mirrored_score"], chance)
        eased, easy = mirroring._eased(metrics["usual_score"], chance)
        return eased, f"{mirrored} {easy}".strip()

    def _mirroring(self, score: float, mirrored: float, chance: float) -> tuple["ImageDesign", str]:
        """The design with mirrored training images, if these are alike, and why."""
        alike = is_mirrored_alike(score, mirrored, chance)
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

    def _eased(self, score: float, chance: float) -> tuple["ImageDesign", str]:
        """The design with smaller networks, if the baseline leaves few errors to mend, and why."""
        errors = (1.0 - score) / max(1.0 - chance, 1e-9)
        needed = min(max(errors / _HARD, _LEAST_NEEDED), 1.0)
        if needed == 1.0:
            return self, ""
        eased = replace(self, sizing=self.sizing.at(needed * self.sizing.budget), share=needed * self.share)
        return eased, f"It errs so rarely that networks of {needed:.0%} of that size will do."


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


def is_mirrored_alike(score: float, mirrored: float, chance: float) -> bool:
    """Whether mirrored images are still what they were, judged by a network that never saw one.

    Args:
        score: of the baseline on held-out images: accuracy for classes, at most 1 for anything.
        mirrored: its score on the same images with left and right swapped.
        chance: score of a model that learned nothing.
    """
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
    return ImageDesign(network, sizing, reasons, once, share)
