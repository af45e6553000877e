"""The pieces that the image blocks share. Images are `(batch, height, width, channels)` throughout."""

import math
from collections.abc import Sequence
from typing import Any

import keras
from keras import layers

# Batch statistics settle within tens of steps, not hundreds: short trainings end before Keras' own 0.99 does.
NORM_MOMENTUM = 0.9
# Channels whose deviations differ by a factor of this at most, and whose means by few of those, are normalized as one.
_ALIKE = 2.0
# Below this side (pixels) convolutions see mostly padding.
SMALLEST_SIDE = 4
# What a block should see: beyond it the first layer halves, and halves again.
LARGEST_SIDE = 48


def normalize(x: Any, mean: Sequence[float], variance: Sequence[float]) -> Any:
    """Brings raw pixels to about mean 0 and variance 1, see `normal`.

    In float32 under every policy: bfloat16 keeps 8 bits, which would crush 16-bit images before the mean is gone.
    """
    means, deviations = normal(mean, variance)
    if len(means) == 1:
        return layers.Rescaling(1.0 / deviations[0], offset=-means[0] / deviations[0], dtype="float32")(x)
    return layers.Normalization(mean=means, variance=[each**2 for each in deviations], dtype="float32")(x)


def normal(mean: Sequence[float], variance: Sequence[float]) -> tuple[list[float], list[float]]:
    """Means and deviations by which pixels are normalized: one for each channel, or one for all where these are alike.

    One number costs an int8 network next to nothing, and one a channel most of the time of a small network: there is no
    fast operator for that. A channel of variance 0 is only centred.
    """
    deviations = [math.sqrt(value) if value > 0 else 1.0 for value in variance]
    centre, pooled = sum(mean) / len(mean), math.sqrt(sum(variance) / len(variance))
    off = max(abs(each - centre) for each in mean)
    if max(deviations) <= _ALIKE * min(deviations) and (len(mean) == 1 or off <= pooled / _ALIKE):
        return [centre], [pooled if pooled > 0 else 1.0]
    return list(mean), deviations


def norm_act(x: Any, activation: str | None = "relu", *, pooled: bool = False) -> Any:
    """Batch normalization, then `activation` (None: none).

    Where `x` is `pooled`, no channel is multiplied by a negative factor: then the largest of some numbers stays the
    largest, and files have the normalization in the convolution before the pooling (`easynas.deploy.folding`).
    """
    constraint = keras.constraints.NonNeg() if pooled else None
    x = layers.BatchNormalization(momentum=NORM_MOMENTUM, gamma_constraint=constraint)(x)
    return x if activation is None else layers.Activation(activation)(x)


def conv_norm_act(
    x: Any, filters: int, *, kernel: int = 3, strides: int = 1, groups: int = 1, activation: str | None = "relu"
) -> Any:
    """Convolution without bias, batch normalization, activation; `filters` must be divisible by `groups`."""
    return norm_act(conv(x, filters, kernel=kernel, strides=strides, groups=groups), activation)


def depthwise_norm_act(x: Any, *, kernel: int = 3, strides: int = 1, activation: str | None = "relu") -> Any:
    """Depthwise convolution without bias, batch normalization, activation."""
    x = layers.DepthwiseConv2D(kernel, strides=strides, padding="same", use_bias=False)(x)
    return norm_act(x, activation)


def conv(x: Any, filters: int, *, kernel: int = 3, strides: int = 1, groups: int = 1) -> Any:
    """Convolution without bias, padded so that only `strides` changes the sides.

    Groups are one layer each: on a CPU TensorFlow trains `Conv2D(groups=...)` only through XLA, 25 to 50 times slower
    than these.
    """
    if groups > 1:
        parts = keras.ops.split(x, groups, axis=-1)
        parts = [conv(part, filters // groups, kernel=kernel, strides=strides) for part in parts]
        return layers.Concatenate()(parts)
    return layers.Conv2D(filters, kernel, strides=strides, padding="same", use_bias=False)(x)


def squeeze_excite(x: Any, ratio: float = 0.25) -> Any:
    """Scales every channel by a gate learned from all channels' means (Hu et al. 2018), `ratio` of them in between.

    There: relu in between. Here: leaky relu. Few units without normalization may all be zero for every image, and the
    int8 form of a tensor without a range cannot be run.
    """
    channels = x.shape[-1]
    gate = layers.GlobalAveragePooling2D(keepdims=True)(x)
    gate = layers.Conv2D(make_divisible(channels * ratio, 4), 1, activation="leaky_relu")(gate)
    gate = layers.Conv2D(channels, 1, activation="hard_sigmoid")(gate)
    return layers.Multiply()([x, gate])


def stem(x: Any, filters: int) -> Any:
    """First layer: brings images of any size down to about 24 to 48 pixels, with convolution, norm and relu.

    The side that counts is the geometric mean of height and width. Strides above 4 are averaged away first, as a
    convolution over so many full-size pixels would cost more than the network behind it.
    """
    factor = reduction(x)
    if factor > 4:
        x = layers.AveragePooling2D(factor // 4, padding="same")(x)
    strides = min(factor, 4)
    return conv_norm_act(x, filters, kernel=max(3, 2 * strides - 1), strides=strides)


def reduction(x: Any) -> int:
    """The power of two by which `stem` shrinks both sides; never below `SMALLEST_SIDE`."""
    height, width = x.shape[1:3]
    side = math.sqrt(height * width)
    factor = 1
    while side / factor > LARGEST_SIDE and min(height, width) / (2 * factor) >= SMALLEST_SIDE:
        factor *= 2
    return factor


def can_halve(x: Any) -> bool:
    """Whether the smaller side is still `SMALLEST_SIDE` pixels or more after a stride of 2."""
    return bool(math.ceil(min(x.shape[1:3]) / 2) >= SMALLEST_SIDE)


def make_divisible(width: float, divisor: int = 8) -> int:
    """The multiple of `divisor` nearest to `width`, at least `divisor`, and never more than 10 % below `width`."""
    nearest = max(divisor, int(width + divisor / 2) // divisor * divisor)
    return nearest if nearest >= 0.9 * width else nearest + divisor
