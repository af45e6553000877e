"""`ImageHead`: from a block's feature map to class probabilities."""

from dataclasses import dataclass
from typing import Any

import keras_tuner
from keras import layers

from easynas.nets.block import Block

MAX_DROPOUT = 0.5


@dataclass(frozen=True)
class ImageHead(Block):
    """Global pooling, dropout and a softmax over `classes`.

    The last two layers are float32 under every policy: the loss takes logarithms of what leaves here.
    """

    classes: int
    name: str = "head"

    def declare(self, hp: keras_tuner.HyperParameters) -> None:
        hp.Choice(f"{self.name}/pooling", ["avg", "max"], default="avg")
        hp.Float(f"{self.name}/dropout", 0.0, MAX_DROPOUT, step=0.1, default=0.0)

    def build(self, hp: keras_tuner.HyperParameters, x: Any) -> Any:
        """Takes `(batch, height, width, channels)`, returns probabilities `(batch, classes)`."""
        pooled = hp.get(f"{self.name}/pooling") == "max"
        x = layers.GlobalMaxPooling2D()(x) if pooled else layers.GlobalAveragePooling2D()(x)
        # Present even at rate 0, so that networks of different rates are the same layers.
        x = layers.Dropout(hp.get(f"{self.name}/dropout"))(x)
        return probabilities(x, self.classes)


def probabilities(x: Any, classes: int) -> Any:
    """Dense and softmax in float32; the last layer is named `"probabilities"`."""
    logits = layers.Dense(classes, dtype="float32", name="logits")(x)
    return layers.Softmax(dtype="float32", name="probabilities")(logits)
