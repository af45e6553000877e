"""Images to what networks see, in Keras' own layers: `ImageEncoder.encode` inside the shipped model."""

from typing import Any

import keras

from easynas.data.images import ImageEncoder


def reduce(encoder: ImageEncoder) -> tuple[Any, Any]:
    """The input of raw images `(batch, *schema.shape)`, and the images as networks see them, with channels."""
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
    return image, x
