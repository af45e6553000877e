"""From raw inputs to what networks see, as Keras' own layers: what an encoder does, inside the shipped model."""

from functools import singledispatch
from typing import Any, NamedTuple

import keras

from easynas.data.dataset import Encoder
from easynas.data.images import ImageEncoder


class Preprocessing(NamedTuple):
    """The first part of a shipped model.

    Attributes:
        raw: Keras inputs that take samples as the user has them.
        encoded: tensors that the network takes.
        on_device: whether a `.tflite` file contains it, too; otherwise that takes what is encoded.
    """

    raw: Any
    encoded: Any
    on_device: bool


@singledispatch
def preprocess(encoder: Encoder) -> Preprocessing:
    """The layers that do what `encoder` does."""
    raise TypeError(f"An encoder must have layers that do the same. Received: {type(encoder).__name__}.")


@preprocess.register
def _images(encoder: ImageEncoder) -> Preprocessing:
    schema, reduction = encoder.schema, encoder.reduction
    image = keras.Input(schema.shape, dtype="float32", name="image")
    x = image
    if len(schema.shape) == 2:
        x = keras.layers.Reshape((*schema.shape, 1))(x)
    if reduction.factor != (1, 1):
        x = keras.layers.AveragePooling2D(reduction.factor)(x)
    if tuple(x.shape[1:3]) != tuple(reduction.size):
        # Left to itself, Resizing declares that this is a training, and every layer after it believes so:
        # `model(x)` would drop units, normalise by the batch and even change the stored statistics.
        x = keras.layers.Resizing(*reduction.size, interpolation="bilinear")(x, training=False)
    return Preprocessing(image, x, on_device=True)
