"""Whole image networks: `ImageNetwork` joins a block and a head, `OneOf` lets the search choose the block."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import KW_ONLY, dataclass
from typing import Any

import keras
import keras_tuner
from keras import ops

from easynas.data.dataset import Shapes
from easynas.nets.augment import Cutout, RandomMirror, RandomShift
from easynas.nets.block import Block
from easynas.nets.head import ImageHead
from easynas.nets.layers import normalize
from easynas.nets.whitening import Whitening
from easynas.schema import Answer
from easynas.space.dimension import Value

# Choices of augmentation, as fractions of the smaller side: 0.06 and 0.12 are the 2 and 4 pixels customary at 32.
SHIFTS = (0.0, 0.06, 0.12)
CUTOUT_SIDE = 0.25

WHITEN = "whiten"
"""Name of the choice whether the first layer is a whitening."""


@dataclass(frozen=True)
class Augment:
    """How training images may be changed.

    Attributes:
        mirror: whether left and right may be swapped; a property of the data (never for text or digits), not searched.
        seed: start of all draws.
    """

    mirror: bool
    seed: int


@dataclass(frozen=True)
class ImageNetwork(Block):
    """Normalization, augmentation, perhaps whitening, a block and a head: raw pixels in, the head's output out.

    Attributes:
        block: turns `(batch, height, width, channels)` into a feature map.
        head: turns the feature map into the output.
        mean: mean of every channel in raw units.
        variance: variance of every channel in raw units squared; zero is allowed.
        augment: None builds the network without augmentation, which has the same weights in the same order, so it
            takes those of a network trained with it.
        whitening: what the first layer may be; None where images are too large for it, or have too many channels.
        both_ways: whether the answer is the mean of those for an image and for its mirror image, by the same weights.
    """

    block: Block
    head: ImageHead
    _: KW_ONLY
    mean: tuple[float, ...]
    variance: tuple[float, ...]
    augment: Augment | None = None
    whitening: Whitening | None = None
    both_ways: bool = False

    @property
    def answer(self) -> Answer:
        return self.head.answer

    def declare(self, hp: keras_tuner.HyperParameters) -> None:
        self.block.declare(hp)
        self.head.declare(hp)
        if self.whitening is not None:
            hp.Boolean(WHITEN, default=False)
        if self.augment is not None:
            declare_augmentation(hp)

    def build(self, hp: keras_tuner.HyperParameters, x: Any) -> Any:
        x = normalize(x, self.mean, self.variance)
        if self.augment is not None:
            x = augmented(hp, x, self.augment)
        if not self.both_ways:
            return self._answers(hp, x)
        # Both in one batch, so that every layer is there once: what removes channels would not look into networks.
        both = self._answers(hp, ops.concatenate([x, ops.flip(x, axis=2)], axis=0))
        return ops.mean(ops.reshape(both, (2, -1, both.shape[-1])), axis=0)

    def _answers(self, hp: keras_tuner.HyperParameters, x: Any) -> Any:
        """From normalized images."""
        if self.whitening is not None and hp.get(WHITEN):
            x = self.whitening.build(x)
        return self.head.build(hp, self.block.build(hp, x))


@dataclass(frozen=True)
class OneOf(Block):
    """One of several blocks, chosen by the search; the choices of a block are active only while it is chosen.

    Attributes:
        blocks: candidates with different names; the first is the default.
        choice: name of the choice among their names.
    """

    blocks: tuple[Block, ...]
    choice: str = "network"

    def declare(self, hp: keras_tuner.HyperParameters) -> None:
        hp.Choice(self.choice, [block.name for block in self.blocks])
        for block in self.blocks:
            with hp.conditional_scope(self.choice, [block.name]):
                block.declare(hp)

    def build(self, hp: keras_tuner.HyperParameters, x: Any) -> Any:
        chosen = {block.name: block for block in self.blocks}[hp.get(self.choice)]
        return chosen.build(hp, x)


@dataclass(frozen=True)
class Fixed(Block):
    """A block whose choices are made.

    Attributes:
        block: what is built.
        values: its choices; absent ones take their default.
    """

    block: Block
    values: Mapping[str, Value]

    def declare(self, hp: keras_tuner.HyperParameters) -> None:
        """Declares nothing."""

    def build(self, hp: keras_tuner.HyperParameters, x: Any) -> Any:
        return build(self.block, self.values, x)


def model_of(network: Block, values: Mapping[str, Value], inputs: Shapes) -> keras.Model:
    """The network that `values` describe; not compiled.

    Args:
        network: takes a tensor, or several by name.
        values: a genotype.
        inputs: shape of the one input, as `(height, width, channels)` of images; or shapes and types by name.
    """
    if isinstance(inputs, dict):
        x: Any = {name: keras.Input(shape, dtype=dtype, name=name) for name, (shape, dtype) in inputs.items()}
    else:
        x = keras.Input(inputs, dtype="float32", name="image")
    return keras.Model(x, build(network, values, x))


def build(network: Block, values: Mapping[str, Value], x: Any) -> Any:
    """Adds the layers of `network` that `values` describe to `x`; absent choices take their default."""
    hp = keras_tuner.HyperParameters()
    hp.values = dict(values)
    network.declare(hp)
    return network.build(hp, x)


@contextmanager
def precision(policy: str) -> Iterator[None]:
    """Networks built inside have the Keras dtype policy `policy`; the user's own policy is back afterwards."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def declare_augmentation(hp: keras_tuner.HyperParameters) -> None:
    """Registers the choices of `augmented`."""
    hp.Choice("augment/shift", list(SHIFTS), default=SHIFTS[1])
    hp.Boolean("augment/cutout", default=False)


def augmented(hp: keras_tuner.HyperParameters, x: Any, augment: Augment) -> Any:
    """Images `(batch, height, width, channels)`, changed at random while a network is trained."""
    side = min(x.shape[1:3])
    shift = hp.get("augment/shift")
    if augment.mirror:
        x = RandomMirror(augment.seed)(x)
    if shift > 0 and side > 1:
        x = RandomShift(max(1, round(shift * side)), augment.seed + 1)(x)
    if hp.get("augment/cutout"):
        x = Cutout(max(1, round(CUTOUT_SIDE * side)), augment.seed + 2)(x)
    return x
