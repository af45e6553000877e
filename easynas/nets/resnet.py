"""`ResNet` with pre-activation units: He et al., "Identity Mappings in Deep Residual Networks" (2016), figure 4e.

There: 16 filters in the first stage, three stages for small images. Here both are choices, and the first stage may
already run at half the resolution, which a CPU rewards with three quarters of that stage's time.
"""

from dataclasses import dataclass
from typing import Any

import keras_tuner
from keras import layers

from easynas.nets.block import Block
from easynas.nets.layers import can_halve, conv, conv_norm_act, norm_act, stem

# Output channels of a bottleneck unit in multiples of its inner width, as in the paper.
BOTTLENECK_EXPANSION = 4


@dataclass(frozen=True)
class ResNet(Block):
    """Stages of residual units; the width doubles with every stage."""

    name: str = "resnet"

    def declare(self, hp: keras_tuner.HyperParameters) -> None:
        hp.Choice(f"{self.name}/unit", ["basic", "bottleneck"], default="basic")
        hp.Int(f"{self.name}/width", 4, 64, step=4, default=16)
        hp.Int(f"{self.name}/stages", 2, 4, default=3)
        hp.Int(f"{self.name}/depth", 1, 4, default=2)
        hp.Boolean(f"{self.name}/halve_first", default=False)

    def build(self, hp: keras_tuner.HyperParameters, x: Any) -> Any:
        width = hp.get(f"{self.name}/width")
        unit = bottleneck_unit if hp.get(f"{self.name}/unit") == "bottleneck" else basic_unit
        x = stem(x, width)
        for stage in range(hp.get(f"{self.name}/stages")):
            halves = (stage > 0 or hp.get(f"{self.name}/halve_first")) and can_halve(x)
            for index in range(hp.get(f"{self.name}/depth")):
                x = unit(x, width * 2**stage, strides=2 if halves and index == 0 else 1)
        return norm_act(x)


def basic_unit(x: Any, width: int, *, strides: int) -> Any:
    """Two 3x3 convolutions beside a shortcut; returns `width` channels."""
    inner = norm_act(x)
    shortcut = _shortcut(x, inner, width, strides=strides)
    inner = conv_norm_act(inner, width, strides=strides)
    return layers.Add()([shortcut, conv(inner, width)])


def bottleneck_unit(x: Any, width: int, *, strides: int) -> Any:
    """1x1, 3x3 and 1x1 convolutions beside a shortcut; returns four times `width` channels."""
    filters = BOTTLENECK_EXPANSION * width
    inner = norm_act(x)
    shortcut = _shortcut(x, inner, filters, strides=strides)
    inner = conv_norm_act(inner, width, kernel=1)
    inner = conv_norm_act(inner, width, strides=strides)
    return layers.Add()([shortcut, conv(inner, filters, kernel=1)])


def _shortcut(x: Any, activated: Any, filters: int, *, strides: int) -> Any:
    """The identity where shapes allow it, else a projection of the activated input."""
    if strides == 1 and x.shape[-1] == filters:
        return x
    return conv(activated, filters, kernel=1, strides=strides)
