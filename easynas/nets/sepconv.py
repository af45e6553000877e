"""`SepConv`: residual separable convolutions, after Chollet, "Xception" (2017).

There: 71 layers for images of 299 pixels. Here: its unit (relu, separable convolution and norm, twice or more, then
pooling, beside a strided projection) with searched width, depth and kernel.
"""

from dataclasses import dataclass
from typing import Any

import keras_tuner
from keras import layers

from easynas.nets.block import Block
from easynas.nets.layers import can_halve, conv_norm_act, norm_act, stem


@dataclass(frozen=True)
class SepConv(Block):
    """Stages of residual separable convolutions; the width doubles with every stage."""

    name: str = "sepconv"

    def declare(self, hp: keras_tuner.HyperParameters) -> None:
        hp.Int(f"{self.name}/width", 8, 128, step=8, default=32)
        hp.Int(f"{self.name}/stages", 2, 4, default=3)
        hp.Int(f"{self.name}/units", 1, 3, default=1)
        hp.Int(f"{self.name}/depth", 1, 3, default=2)
        hp.Choice(f"{self.name}/kernel", [3, 5], default=3)

    def build(self, hp: keras_tuner.HyperParameters, x: Any) -> Any:
        width, depth, kernel = (hp.get(f"{self.name}/{choice}") for choice in ("width", "depth", "kernel"))
        x = stem(x, width)
        for stage in range(hp.get(f"{self.name}/stages")):
            for index in range(hp.get(f"{self.name}/units")):
                x = _unit(x, width * 2**stage, depth=depth, kernel=kernel, halves=index == 0 and can_halve(x))
        return layers.Activation("relu")(x)


def _unit(x: Any, filters: int, *, depth: int, kernel: int, halves: bool) -> Any:
    """`depth` separable convolutions beside a shortcut; `halves` both sides."""
    inner = x
    for _ in range(depth):
        inner = layers.Activation("relu")(inner)
        inner = layers.SeparableConv2D(filters, kernel, padding="same", use_bias=False)(inner)
        inner = norm_act(inner, activation=None)
    if halves:
        inner = layers.MaxPooling2D(3, strides=2, padding="same")(inner)
    if halves or x.shape[-1] != filters:
        x = conv_norm_act(x, filters, kernel=1, strides=2 if halves else 1, activation=None)
    return layers.Add()([x, inner])
