"""`VGG`: plain convolutions, the fastest to train on small images.

The stages follow Jordan, "94 % on CIFAR-10 in 3.29 seconds on a single GPU" (2024): the first convolution of a stage
runs before the pooling and everything else after it, so that a stage costs about the same whatever its width.
There: fixed widths and GELU. Here: searched widths, and relu or silu. On a CPU silu makes a step of training a sixth
longer, and is worth about half a point on 50,000 small images. Whitening is the network's choice, not the block's.
"""

from dataclasses import dataclass
from typing import Any

import keras_tuner
from keras import layers

from easynas.nets.block import Block
from easynas.nets.layers import can_halve, conv, conv_norm_act, norm_act, reduction, stem


@dataclass(frozen=True)
class VGG(Block):
    """Stages of plain convolutions; the width doubles with every stage, up to four times the first."""

    name: str = "vgg"

    def declare(self, hp: keras_tuner.HyperParameters) -> None:
        hp.Int(f"{self.name}/width", 4, 128, step=4, default=32)
        hp.Int(f"{self.name}/stages", 2, 4, default=3)
        hp.Int(f"{self.name}/depth", 1, 3, default=2)
        hp.Choice(f"{self.name}/kernel", [3, 5], default=3)
        hp.Boolean(f"{self.name}/stem", default=False)
        hp.Choice(f"{self.name}/activation", ["relu", "silu"], default="relu")

    def build(self, hp: keras_tuner.HyperParameters, x: Any) -> Any:
        width, kernel, activation = (hp.get(f"{self.name}/{name}") for name in ("width", "kernel", "activation"))
        if hp.get(f"{self.name}/stem") or reduction(x) > 1:
            x = stem(x, max(4, width // 2))
        for stage in range(hp.get(f"{self.name}/stages")):
            filters = width * min(2**stage, 4)
            x = conv(x, filters, kernel=kernel)
            halved = can_halve(x)
            if halved:
                x = layers.MaxPooling2D(padding="same")(x)
            x = norm_act(x, activation, pooled=halved)
            for _ in range(hp.get(f"{self.name}/depth") - 1):
                x = conv_norm_act(x, filters, kernel=kernel, activation=activation)
        return x
