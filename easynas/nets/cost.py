"""What a network costs, read from its layers' shapes; nothing is built or run.

Multiply-accumulates say how large a network is, and little of how long it trains: where channels are few, what is done
to every number between convolutions takes most of the time, and depthwise convolutions take a hundred times as long
for each of theirs as dense ones; 20 channels take nearly as long as 32 (docs/findings.md). So training is counted by
layers, in prices that were fitted to measured steps of many networks.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import keras
from keras import layers


def parameters(model: keras.Model) -> int:
    """Number of all weights, the moving statistics of normalizations included."""
    return int(model.count_params())


def macs(model: keras.Model) -> int:
    """Multiply-accumulates that one sample takes in convolutions and dense layers; the rest is negligible beside them.

    Counted per layer, so a layer that is used twice counts once.
    """
    return sum(_layer_macs(layer, _size) for layer in model.layers)


class Amounts(NamedTuple):
    """What takes time in a training step, for one sample; or what one of each takes.

    Attributes:
        dense: multiply-accumulates in dense layers and convolutions, were their channels multiples of `LANES`.
        depthwise: multiply-accumulates in depthwise convolutions.
        numbers: that operations give.
        operations: each of which takes some microseconds to begin, for a whole batch.
        parameters: which an optimizer changes, after a whole batch.
    """

    dense: float
    depthwise: float
    numbers: float
    operations: float
    parameters: float


LANES = 16
"""Channels that processors multiply at a time: a layer of 20 keeps them as busy as one of 32."""

PRICES = Amounts(dense=0.31, depthwise=9.0, numbers=55.0, operations=87_000.0, parameters=10.5)
"""In multiply-accumulates of the convolution that `easynas.train.machine` probes, each of which takes
`easynas.nets.design.PASSES` times as long in a training step as there; for batches of 128 in mixed bfloat16."""


def effort(model: keras.Model) -> float:
    """Multiply-accumulates of a usual convolution that take as long as a training step does for one sample."""
    return sum(price * amount for price, amount in zip(PRICES, amounts(model), strict=True))


def amounts(model: keras.Model) -> Amounts:
    """What takes time in a network; what is used twice counts once."""
    found = [_amounts(operation) for operation in model.operations if not isinstance(operation, layers.InputLayer)]
    return Amounts(*map(sum, zip(*found, strict=True))) if found else Amounts(0.0, 0.0, 0.0, 0.0, 0.0)


def _amounts(operation: Any) -> Amounts:
    match operation:
        case keras.Model():
            return amounts(operation)
        case layers.SeparableConv1D() | layers.SeparableConv2D():
            depthwise = _positions(operation.output) * _size(operation.depthwise_kernel)
            dense = _positions(operation.output) * _filled(operation.pointwise_kernel)
        case layers.DepthwiseConv1D() | layers.DepthwiseConv2D():
            depthwise, dense = _layer_macs(operation, _size), 0
        case _:
            depthwise, dense = 0, _layer_macs(operation, _filled)
    learned = operation.count_params() if isinstance(operation, keras.Layer) else 0
    return Amounts(dense, depthwise, _numbers(operation.output), 1.0, learned)


def _numbers(output: Any) -> int:
    """Numbers of one sample in what an operation gives."""
    return sum(math.prod(size or 1 for size in tensor.shape[1:]) for tensor in keras.tree.flatten(output))


def _layer_macs(layer: Any, size: Callable[[Any], int]) -> int:
    """Of a layer whose kernel counts as so many numbers."""
    match layer:
        case keras.Model():
            return sum(_layer_macs(each, size) for each in layer.layers)
        case layers.SeparableConv1D() | layers.SeparableConv2D():
            # Strides belong to the depthwise half, so both halves run at the output's positions.
            return _positions(layer.output) * (size(layer.depthwise_kernel) + size(layer.pointwise_kernel))
        case layers.Conv1DTranspose() | layers.Conv2DTranspose() | layers.Conv3DTranspose():
            return _positions(layer.input) * size(layer.kernel)
        case layers.Conv1D() | layers.Conv2D() | layers.Conv3D() | layers.DepthwiseConv1D() | layers.DepthwiseConv2D():
            # Kernels of grouped convolutions hold the channels of one group only: no correction is needed.
            return _positions(layer.output) * size(layer.kernel)
        case layers.Dense():
            return _positions(layer.output) * size(layer.kernel)
        case _:
            return 0


def _positions(tensor: Any) -> int:
    """Places where a kernel is applied: `(batch, ..., channels)` without its ends."""
    return math.prod(tensor.shape[1:-1])


def _size(kernel: Any) -> int:
    return math.prod(kernel.shape)


def _filled(kernel: Any) -> int:
    """Numbers of a kernel `(..., channels, channels)` whose channels are rounded up to `LANES`."""
    *positions, taken, given = kernel.shape
    return int(math.prod((*positions, math.ceil(taken / LANES), math.ceil(given / LANES)))) * LANES**2
