"""Networks on top of one that was trained before, on other images, by somebody else.

The backbone is looked through once for all samples; what is searched are small heads on what it sees (Donahue et al.
2014, "DeCAF"; Kornblith, Shlens & Le 2019, "Do better ImageNet models transfer better?"). Numbers are brought to mean 0
and variance 1 first, as channels differ by orders of magnitude. `FineTuned` is the backbone with a head that is trained
already, to be trained on as one network; a head with random weights would send noise through what the backbone knows
(Kumar et al. 2022, "Fine-tuning can distort pretrained features and underperform out-of-distribution").
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import keras
import keras_tuner
from keras import layers

from easynas.data.backbones import Architecture
from easynas.errors import InputError
from easynas.nets.block import Block
from easynas.nets.design import ListedDesign, list_designs
from easynas.nets.head import answers
from easynas.nets.layers import normalize
from easynas.nets.network import Augment, Fixed, OneOf, augmented, declare_augmentation
from easynas.schema import Answer, ImageSchema
from easynas.space.dimension import Value
from easynas.space.space import Values

FINE_TUNED = "finetuned"
"""What the choice of a network says of one whose backbone is trained, too; it is no choice of the search."""

SIDES = (160, 128, 96, 64, 32)
"""Sides in pixels that images are brought to for a backbone, largest first; 32 is the least that all take."""

_MEANS_BGR = (103.939, 116.779, 123.68)  # of ImageNet, as the weights of ResNet50 were trained
_WHITE = 255.0


@dataclass(frozen=True)
class Backbone(Block):
    """A network with weights from a file, from images as they are trained on to a vector of numbers.

    Attributes:
        architecture: which.
        path: of the file.
        size: `(height, width)` in pixels that images are brought to.
        scale: what pixels are multiplied with, so that they reach from 0 to 255.
        trainable: whether its weights may be trained, but for those of normalizations: statistics of small batches are
            worse.
    """

    architecture: Architecture
    path: str
    size: tuple[int, int]
    scale: float
    trainable: bool = False

    def declare(self, hp: keras_tuner.HyperParameters) -> None:
        """Declares nothing."""

    def build(self, hp: keras_tuner.HyperParameters, x: Any) -> Any:
        """Takes images `(batch, height, width, 1 or 3)`, returns `(batch, features)`."""
        if tuple(x.shape[1:3]) != self.size:
            x = layers.Resizing(*self.size, interpolation="bilinear")(x, training=False)
        if x.shape[-1] == 1:
            x = layers.Concatenate()([x, x, x])
        network = self.network((*self.size, 3))
        return layers.GlobalAveragePooling2D()(network(pixels(x, self), training=False))

    def network(self, shape: tuple[int | None, int | None, int]) -> keras.Model:
        """The network with its weights, for images of that shape.

        Raises:
            InputError: the file has as many parameters, but others.
        """
        make = getattr(keras.applications, self.architecture.function)
        made = make(input_shape=shape, include_top=False, weights=None, **self.architecture.options)
        try:
            made.load_weights(self.path)
        except (ValueError, KeyError) as error:
            raise InputError(
                f"`weights` must be those of {self.architecture.name} as Keras saves them. Received {self.path!r}: "
                f"{str(error).splitlines()[0]} Save them with `model.save_weights`."
            ) from error
        made.trainable = self.trainable
        for layer in made.layers:
            if isinstance(layer, layers.BatchNormalization):
                layer.trainable = False  # which is also what keeps its statistics: `training=False` does not
        return made


def pixels(x: Any, backbone: Backbone) -> Any:
    """Images in three colours `(batch, height, width, 3)` as the network of a backbone takes them."""
    match backbone.architecture.pixels:
        case "plain":
            return layers.Rescaling(backbone.scale)(x)
        case "signed":
            return layers.Rescaling(2.0 * backbone.scale / _WHITE, offset=-1.0)(x)
        case "centred":
            x = layers.Rescaling(backbone.scale)(keras.ops.flip(x, axis=-1))
            return layers.Normalization(mean=list(_MEANS_BGR), variance=[1.0] * 3)(x)


def scale_of(schema: ImageSchema) -> float:
    """What pixels must be multiplied with to reach from 0 to 255.

    Raises:
        InputError: they have no such range, or the images are neither grey nor in three colours.
    """
    if schema.channels not in (1, 3):
        raise InputError(
            f"Images must have 1 or 3 channels where `weights` are given. Received {schema.channels}; leave `weights` "
            "out to train from scratch."
        )
    if min(schema.mean) < 0 or max(schema.mean) > _WHITE:
        raise InputError(
            "Pixels must be between 0 and 255, or between 0 and 1, where `weights` are given. Received pixels with a "
            f"mean of {schema.mean[0]:.3g}; pass the images before they were standardised."
        )
    return _WHITE if max(schema.mean) <= 1 else 1.0


def size_of(height: int, width: int, side: int) -> tuple[int, int]:
    """Height and width of the same shape whose smaller side is about `side` pixels."""
    grown = side / min(height, width)
    return max(side, round(height * grown)), max(side, round(width * grown))


@dataclass(frozen=True)
class Head(Block):
    """A hidden layer or none, dropout and the answers, on what a backbone sees, `(batch, features)`.

    Attributes:
        answer: what to answer.
        mean: of every feature over the training samples.
        variance: of every feature.
    """

    answer: Answer
    mean: tuple[float, ...]
    variance: tuple[float, ...]
    name: str = "pretrained"

    def declare(self, hp: keras_tuner.HyperParameters) -> None:
        hp.Choice(f"{self.name}/units", [0, 64, 256], default=0)
        hp.Choice(f"{self.name}/dropout", [0.0, 0.2, 0.5], default=0.2)

    def build(self, hp: keras_tuner.HyperParameters, x: Any) -> Any:
        x = normalize(x, self.mean, self.variance)
        units = hp.get(f"{self.name}/units")
        x = layers.Dropout(hp.get(f"{self.name}/dropout"))(x)
        if units:
            x = layers.Dense(units, activation="relu")(x)
        return answers(x, self.answer)


@dataclass(frozen=True)
class FineTuned(Block):
    """A backbone and a head on it as one network, all of which is trained.

    Attributes:
        backbone: with trainable weights.
        head: on what it sees.
        augment: how training images are changed; None: not at all, as in what is shipped.
    """

    backbone: Backbone
    head: Head
    augment: Augment | None = None

    def declare(self, hp: keras_tuner.HyperParameters) -> None:
        self.head.declare(hp)
        if self.augment is not None:
            declare_augmentation(hp)

    def build(self, hp: keras_tuner.HyperParameters, x: Any) -> Any:
        """Takes images `(batch, height, width, 1 or 3)`, returns answers."""
        if self.augment is not None:
            x = augmented(hp, x, self.augment)
        return self.head.build(hp, self.backbone.build(hp, x))


def fine_tuned(backbone: Backbone, head: Head, *, augment: Augment | None = None) -> FineTuned:
    """The network that a backbone and a head are, to be trained; without `augment` the one to ship."""
    return FineTuned(replace(backbone, trainable=True), head, augment)


def is_fine_tuned(values: Mapping[str, Value]) -> bool:
    """Whether these are choices of a network whose backbone was trained, too."""
    return values.get("network") == FINE_TUNED


def head_of(network: Block) -> Head:
    """The head in the network of `design_heads`."""
    if isinstance(network, OneOf) and len(network.blocks) == 1 and isinstance(network.blocks[0], Head):
        return network.blocks[0]
    raise TypeError(f"The network must be that of a design of heads. Received: {type(network).__name__}.")


def fine_tuning(head: Mapping[str, Value], *, epochs: int) -> Values:
    """The choices of a network whose head has those of `head`, which was trained: a small learning rate, few epochs."""
    return {**head, "network": FINE_TUNED, **_GENTLE, "train/epochs": epochs}


_GENTLE: Values = {"train/optimizer": "adamw", "train/rate": 0.5, "train/decay": 1.0, "train/smoothing": 0.1}
_BASELINE: Values = {"train/optimizer": "adamw", "train/smoothing": 0.0, "train/epochs": 20}
_KNOWN: tuple[Values, ...] = (
    {"train/rate": 0.5, "train/decay": 1.0, "train/epochs": 20},
    {"train/rate": 0.25, "train/decay": 3.0, "train/epochs": 50, "pretrained/dropout": 0.5},
    {"train/rate": 0.25, "train/decay": 3.0, "train/epochs": 30, "pretrained/units": 256, "pretrained/dropout": 0.5},
    {"train/rate": 1.0, "train/decay": 1.0, "train/epochs": 8, "pretrained/dropout": 0.0},
    {"train/rate": 0.25, "train/decay": 1.0, "train/epochs": 12, "pretrained/units": 64},
)


def head_baseline(answer: Answer, statistics: tuple[tuple[float, ...], tuple[float, ...]]) -> tuple[Block, Values]:
    """A linear head without any choice, and how it is trained."""
    return Fixed(Head(answer, *statistics), {}), _BASELINE


def design_heads(
    answer: Answer,
    statistics: tuple[tuple[float, ...], tuple[float, ...]],
    *,
    declare_training: Callable[[keras_tuner.HyperParameters], None],
) -> ListedDesign:
    """The space of heads, and heads known to be good.

    Args:
        answer: what networks answer.
        statistics: mean and variance of every feature.
        declare_training: declares the choices that are not the network's.
    """
    known = [{"network": "pretrained", "train/optimizer": "adamw", **values} for values in _KNOWN]
    return list_designs(OneOf((Head(answer, *statistics),)), "auto", known, declare_training)
