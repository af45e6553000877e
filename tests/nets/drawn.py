"""Networks and genotypes for the tests of blocks."""

from dataclasses import replace
from functools import cache

import keras
import keras_tuner
import numpy as np

from easynas import spaces
from easynas.nets.block import Block
from easynas.nets.head import ImageHead
from easynas.nets.network import Augment, ImageNetwork, model_of
from easynas.nets.whitening import Whitening
from easynas.schema import Answer
from easynas.space.space import SearchSpace, Values

SHAPES = ((8, 8, 1), (28, 28, 1), (32, 32, 3), (100, 60, 3))
CLASSES = 10


def image_network(name: str = "auto", *, channels: int = 3, mirror: bool = True) -> ImageNetwork:
    """A network for pixels between 0 and 255, augmented, with the whitening of noise."""
    augment = Augment(mirror=mirror, seed=0)
    mean, variance = (120.0,) * channels, (4000.0,) * channels
    return ImageNetwork(
        spaces.create(name),
        ImageHead(Answer("classes", CLASSES)),
        mean=mean,
        variance=variance,
        augment=augment,
        whitening=Whitening.of(pixels(8, (16, 16, channels)), mean=mean, variance=variance),
    )


def plain(network: ImageNetwork) -> ImageNetwork:
    return replace(network, augment=None)


@cache
def space_of(network: Block) -> SearchSpace:
    hp = keras_tuner.HyperParameters()
    network.declare(hp)
    return SearchSpace(hp)


def sampled(network: Block, seed: int) -> Values:
    return space_of(network).sample(np.random.default_rng(seed))


def built(block: Block, shape: tuple[int, ...], **choices: object) -> keras.Model:
    """The block's default with some choices changed, as `built(VGG(), (32, 32, 3), width=8)`."""
    values = {f"{block.name}/{choice}": value for choice, value in choices.items()}
    return model_of(block, space_of(block).canonical(values), shape)


def pixels(count: int, shape: tuple[int, ...]) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, *shape)).astype("float32")
