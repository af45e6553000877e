"""`MBConv`: inverted bottlenecks scaled as one.

Units of MobileNetV3 (Howard et al. 2019): expand, depthwise, squeeze-and-excite, project. Depth, width and resolution
multiply a fixed small network as in EfficientNet (Tan and Le 2019), section 3.3; there one coefficient sets all three,
here each is a choice, because which one pays depends on the data. Relu is the default: hard swish, which MobileNetV3
has in its deeper half, leaves TFLite's fast path in int8 (7 times the latency, 3 times the error) and trains a third
slower.
"""

import math
from dataclasses import dataclass
from typing import Any

import keras_tuner
from keras import layers

from easynas.nets.block import Block
from easynas.nets.layers import can_halve, conv_norm_act, depthwise_norm_act, make_divisible, squeeze_excite, stem

STEM_WIDTH = 16
# (width, units, halves) of every stage before scaling: the head of MobileNetV3, less deep, for images of 32 pixels.
STAGES = ((16, 1, False), (24, 2, True), (40, 2, True), (80, 2, True))
# Pixels below which a lower resolution is not worth its loss.
SMALLEST_RESOLUTION = 8


@dataclass(frozen=True)
class MBConv(Block):
    """A chain of inverted bottlenecks with compound scaling."""

    name: str = "mbconv"

    def declare(self, hp: keras_tuner.HyperParameters) -> None:
        hp.Float(f"{self.name}/width", 0.25, 3.0, step=0.25, default=1.0)
        hp.Float(f"{self.name}/depth", 0.5, 2.5, step=0.5, default=1.0)
        hp.Choice(f"{self.name}/resolution", [0.5, 0.75, 1.0], default=1.0)
        hp.Choice(f"{self.name}/expansion", [2, 3, 4, 6], default=4)
        hp.Choice(f"{self.name}/kernel", [3, 5], default=3)
        hp.Boolean(f"{self.name}/squeeze_excite", default=False)
        hp.Choice(f"{self.name}/activation", ["relu", "hard_swish"], default="relu")

    def build(self, hp: keras_tuner.HyperParameters, x: Any) -> Any:
        width, depth = hp.get(f"{self.name}/width"), hp.get(f"{self.name}/depth")
        x = stem(_at_resolution(x, hp.get(f"{self.name}/resolution")), make_divisible(STEM_WIDTH * width))
        for stage, (filters, units, strided) in enumerate(STAGES):
            halves = strided and can_halve(x)
            for index in range(math.ceil(units * depth)):
                x = inverted_bottleneck(
                    x,
                    make_divisible(filters * width),
                    strides=2 if halves and index == 0 else 1,
                    # The first stage runs at full resolution, where a wide depthwise convolution costs the most.
                    expansion=1 if stage == 0 else hp.get(f"{self.name}/expansion"),
                    kernel=hp.get(f"{self.name}/kernel"),
                    activation=hp.get(f"{self.name}/activation"),
                    attention=hp.get(f"{self.name}/squeeze_excite"),
                )
        return x


def inverted_bottleneck(
    x: Any, filters: int, *, strides: int, expansion: int, kernel: int, activation: str, attention: bool
) -> Any:
    """Expand, filter each channel, gate, project to `filters`; added to `x` where the shapes agree."""
    inner = x
    if expansion > 1:
        inner = conv_norm_act(inner, expansion * x.shape[-1], kernel=1, activation=activation)
    inner = depthwise_norm_act(inner, kernel=kernel, strides=strides, activation=activation)
    if attention:
        inner = squeeze_excite(inner)
    inner = conv_norm_act(inner, filters, kernel=1, activation=None)
    return layers.Add()([x, inner]) if strides == 1 and x.shape[-1] == filters else inner


def _at_resolution(x: Any, resolution: float) -> Any:
    height, width = (_scaled(side, resolution) for side in x.shape[1:3])
    if (height, width) == tuple(x.shape[1:3]):
        return x
    # Left to itself, Resizing declares that this is a training, and every layer after it believes so.
    return layers.Resizing(height, width, interpolation="bilinear")(x, training=False)


def _scaled(side: int, resolution: float) -> int:
    """`resolution` of `side` in whole pixels, not below `SMALLEST_RESOLUTION` and never above `side`."""
    return min(side, max(SMALLEST_RESOLUTION, round(side * resolution)))
