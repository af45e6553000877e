"""What a network costs, read from its layers' shapes; nothing is built or run.

Multiply-accumulates say how large a network is, and little of how long it trains: where channels are few, what is done
to every number between convolutions takes most of the time, and depthwise convolutions take a hundred times as long
for each of theirs as dense ones (docs/findings.md). So training is counted by layers, in prices that were fitted to
measured steps of many networks.
"""

import math
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
    return sum(_layer_macs(layer) for layer in model.layers)


class Amounts(NamedTuple):
    """What takes time in a training step, for one sample; or what one of each takes.

    Attributes:
        dense: multiply-accumulates in dense layers and convolutions.
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


PRICES = Amounts(dense=0.27, depthwise=7.3, numbers=62.0, operations=84_000.0, parameters=12.6)
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
        case layers.DepthwiseConv1D() | layers.DepthwiseConv2D():
            depthwise = _layer_macs(operation)
        case _:
            depthwise = 0
    learned = operation.count_params() if isinstance(operation, keras.Layer) else 0
    return Amounts(_layer_macs(operation) - depthwise, depthwise, _numbers(operation.output), 1.0, learned)


def _numbers(output: Any) -> int:
    """Numbers of one sample in what an operation gives."""
    return sum(math.prod(size or 1 for size in tensor.shape[1:]) for tensor in keras.tree.flatten(output))


def _layer_macs(layer: Any) -> int:
    match layer:
        case keras.Model():
            return macs(layer)
        case layers.SeparableConv1D() | layers.SeparableConv2D():
            # Strides belong to the depthwise half, so both halves run at the output's positions.
            return _positions(layer.output) * (_size(layer.depthwise_kernel) + _size(layer.pointwise_kernel))
        case layers.Conv1DTranspose() | layers.Conv2DTranspose() | layers.Conv3DTranspose():
            return _positions(layer.input) * _size(layer.kernel)
        case layers.Conv1D() | layers.Conv2D() | layers.Conv3D() | layers.DepthwiseConv1D() | layers.DepthwiseConv2D():
            # Kernels of grouped convolutions hold the channels of one group only: no correction is needed.
            return _positions(layer.output) * _size(layer.kernel)
        case layers.Dense():
            return _positions(layer.output) * _size(layer.kernel)
        case _:
            return 0


def _positions(tensor: Any) -> int:
    """Places where a kernel is applied: `(batch, ..., channels)` without its ends."""
    return math.prod(tensor.shape[1:-1])


def _size(kernel: Any) -> int:
    return math.prod(kernel.shape)
