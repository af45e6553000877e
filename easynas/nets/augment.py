"""Random changes of training images, one draw per image, cheap enough for a CPU.

The crops of He et al. (2015) with reflected borders, mirroring, and the erased square of DeVries and Taylor, "Cutout"
(2017). Keras' own layers warp through an interpolation, slower than the small networks that they would feed; here a
shift only gathers. None of the layers has weights, and outside training they return their input.
"""

import math
from typing import Any

import keras
from keras import layers, ops


class RandomShift(layers.Layer):  # type: ignore[misc]
    """Moves every image by up to `pixels` along both axes; borders are filled by reflection.

    Args:
        pixels: largest shift; below both sides of the image.
        seed: start of the sequence of draws.
    """

    def __init__(self, pixels: int, seed: int, *, name: str | None = None, dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)
        self.pixels = pixels
        self.draws = keras.random.SeedGenerator(seed)

    def call(self, x: Any, training: bool | None = None) -> Any:
        if not training:
            return x
        _, height, width, channels = x.shape
        batch = ops.shape(x)[0]
        moves = keras.random.randint((2, batch, 1), -self.pixels, self.pixels + 1, seed=self.draws)
        rows = _reflect(ops.arange(height) + moves[0], height)
        columns = _reflect(ops.arange(width) + moves[1], width)
        # One gather over all pixels of the batch: the fastest form that TensorFlow has for different crops.
        lines = ops.expand_dims(ops.arange(batch), 1) * height + rows
        pixels = ops.expand_dims(lines * width, 2) + ops.expand_dims(columns, 1)
        return ops.reshape(ops.take(ops.reshape(x, (-1, channels)), pixels, axis=0), (-1, height, width, channels))


class RandomMirror(layers.Layer):  # type: ignore[misc]
    """Swaps left and right of every second image, on average."""

    def __init__(self, seed: int, *, name: str | None = None, dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)
        self.draws = keras.random.SeedGenerator(seed)

    def call(self, x: Any, training: bool | None = None) -> Any:
        if not training:
            return x
        swaps = ops.cast(keras.random.randint((ops.shape(x)[0], 1), 0, 2, seed=self.draws), "bool")
        # One flat line per image: selecting over four axes takes four times as long.
        flat = (-1, math.prod(x.shape[1:]))
        chosen = ops.where(swaps, ops.reshape(ops.flip(x, axis=2), flat), ops.reshape(x, flat))
        return ops.reshape(chosen, (-1, *x.shape[1:]))


class Cutout(layers.Layer):  # type: ignore[misc]
    """Sets a square of `size` pixels to zero, the mean of normalized images, around a random pixel of every image."""

    def __init__(self, size: int, seed: int, *, name: str | None = None, dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)
        self.size = size
        self.draws = keras.random.SeedGenerator(seed)

    def call(self, x: Any, training: bool | None = None) -> Any:
        if not training:
            return x
        _, height, width, channels = x.shape
        batch = ops.shape(x)[0]
        # Flat lines of width times channels: broadcasting over the last, short axis is what would cost time.
        inside_rows = self._inside(batch, height)
        inside_columns = ops.repeat(self._inside(batch, width), channels, axis=1)
        erased = ops.logical_and(ops.expand_dims(inside_rows, 2), ops.expand_dims(inside_columns, 1))
        lines = ops.reshape(x, (-1, height, width * channels))
        return ops.reshape(ops.where(erased, ops.cast(0, x.dtype), lines), (-1, height, width, channels))

    def _inside(self, batch: Any, side: int) -> Any:
        """`(batch, side)`: whether each position lies in the image's own interval of `size` pixels, cut at borders."""
        start = keras.random.randint((batch, 1), 0, side, seed=self.draws) - self.size // 2
        offset = ops.arange(side) - start
        return ops.logical_and(offset >= 0, offset < self.size)


def _reflect(index: Any, side: int) -> Any:
    """Positions outside `[0, side)` mirrored at the first and last pixel, which are not repeated."""
    return (side - 1) - ops.abs((side - 1) - ops.abs(index))
