"""What a network costs, read from its layers' shapes; nothing is built or run."""

import math
from typing import Any

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
