"""What a network computes, written so that a file of it is faster and loses less where numbers are rounded.

- A normalization behind a pooling goes into the convolution before that: the largest of some numbers stays the largest
  when all are multiplied by a factor that is not negative and the same is added to all. Converters fold a normalization
  only where it follows the convolution at once.
- Any other normalization of images becomes a depthwise convolution of one pixel: one operator in the place of two, and
  much faster than they are, for there is no fast one that multiplies every channel by its own factor.
- Pixels are shifted before they are scaled, so that steps of an int8 tensor are steps of the pixels. Keras' `Rescaling`
  scales first, and the range that TFLite takes for that reaches as far as the shifted one: a third of the steps are
  lost.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
from keras import layers

_IMAGES = 4  # axes, of which the last are channels
_ABSENT = (layers.Dropout, layers.SpatialDropout2D, layers.GaussianDropout, layers.GaussianNoise)
"""What does nothing in inference."""

_CONVOLUTIONS = (layers.Conv2D, layers.DepthwiseConv2D, layers.SeparableConv2D, layers.Conv2DTranspose, layers.Dense)


def folded(network: keras.Model) -> Callable[[Any], Any]:
    """Returns what computes the same as a functional network does in inference, with the weights that it has now."""
    folds = _folds(network)

    def counterpart(operation: Any) -> Callable[..., Any]:
        if _is_graph(operation):
            inner = folded(operation)
            return lambda x, **_: inner(x)
        return folds.get(id(operation)) or _shifted_first(operation) or _in_inference(operation)

    laid = {id(operation): counterpart(operation) for operation in network.operations}
    # Keras has no public way to run something else in the place of a layer.
    return lambda inputs: network._run_through_graph(inputs, operation_fn=lambda operation: laid[id(operation)])


def _is_graph(operation: Any) -> bool:
    return hasattr(operation, "_run_through_graph")


@dataclass(eq=False)
class _Tensor:
    """A tensor on its way through a network.

    Attributes:
        made_by: the operation; None for an input.
        of: the tensors that it was made of.
        uses: how many operations take it.
    """

    made_by: Any = None
    of: list["_Tensor"] = field(default_factory=list)
    uses: int = 0


def _folds(network: keras.Model) -> dict[int, Callable[..., Any]]:
    """What is called in the place of convolutions and normalizations that become one, by the `id` of the layer."""
    made: list[_Tensor] = []

    def counterpart(operation: Any) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            taken = [leaf for leaf in keras.tree.flatten((args, kwargs)) if isinstance(leaf, _Tensor)]
            for tensor in taken:
                tensor.uses += 1
            given = [_Tensor(operation, taken) for _ in keras.tree.flatten(operation._inbound_nodes[0].output_tensors)]
            made.extend(given)
            return given

        return call

    outputs = network._run_through_graph([_Tensor() for _ in network.inputs], operation_fn=counterpart)
    for tensor in keras.tree.flatten(outputs):
        tensor.uses += 1
    calls = Counter(id(tensor.made_by) for tensor in made)
    folds: dict[int, Callable[..., Any]] = {}
    for tensor in made:
        match [tensor, *_before(tensor, 2)]:
            case [
                _Tensor(made_by=layers.BatchNormalization() as normalization),
                _Tensor(made_by=layers.MaxPooling2D(), uses=1),
                _Tensor(made_by=layers.Conv2D() as convolution, uses=1),
            ] if max(calls[id(normalization)], calls[id(convolution)]) == 1 and _joins(convolution, normalization):
                folds[id(convolution)] = _normalized(convolution, normalization)
                folds[id(normalization)] = lambda x, **_: x
            case [_Tensor(made_by=layers.BatchNormalization() | layers.Normalization() as normalization), *before] if (
                _is_of_channels(normalization) and not _is_convolved(before)
            ):
                folds[id(normalization)] = _by_channel(normalization)
    return folds


def _before(tensor: _Tensor, count: int) -> list[_Tensor]:
    """The tensors that it comes from, one after the other, as long as each was made of one."""
    found: list[_Tensor] = []
    while len(found) < count and len(tensor.of) == 1:
        tensor = tensor.of[0]
        found.append(tensor)
    return found


def _joins(convolution: layers.Conv2D, normalization: layers.BatchNormalization) -> bool:
    """Whether a normalization behind a pooling can go into the convolution before that."""
    return (
        type(convolution) is layers.Conv2D
        and _is_linear(convolution)
        and convolution.data_format == "channels_last"
        and _is_of_channels(normalization)
        and bool((_factors(normalization)[0] >= 0).all())
    )


def _normalized(convolution: layers.Conv2D, normalization: layers.BatchNormalization) -> Callable[..., Any]:
    """The convolution with the factors and offsets of the normalization."""
    factor, offset = _factors(normalization)
    kernel = keras.ops.convert_to_numpy(convolution.kernel) * factor
    if convolution.use_bias:
        offset = offset + keras.ops.convert_to_numpy(convolution.bias) * factor
    return lambda x, **_: convolution.convolution_op(x, keras.ops.convert_to_tensor(kernel)) + offset


def _is_of_channels(normalization: Any) -> bool:
    """Whether it has a factor for each channel of images, whose last axis they are."""
    shape = normalization.output.shape
    if len(shape) != _IMAGES:
        return False
    if isinstance(normalization, layers.Normalization):
        return not normalization.invert and np.size(normalization.mean) == shape[-1]
    return normalization.axis in (-1, len(shape) - 1)


def _is_convolved(before: list[_Tensor]) -> bool:
    """Whether what comes before gives the numbers of a convolution to nothing else: converters fold that."""
    for tensor in before:
        if tensor.uses > 1:
            return False
        if not isinstance(tensor.made_by, _ABSENT):
            return isinstance(tensor.made_by, _CONVOLUTIONS) and _is_linear(tensor.made_by)
    return False


def _is_linear(layer: Any) -> bool:
    return layer.activation is keras.activations.linear


def _by_channel(normalization: Any) -> Callable[..., Any]:
    """The normalization as a depthwise convolution of one pixel."""
    factor, offset = (each.astype("float32").ravel() for each in _factors(normalization))
    kernel = keras.ops.convert_to_tensor(factor.reshape(1, 1, -1, 1))
    dtype = normalization.compute_dtype
    return lambda x, **_: keras.ops.depthwise_conv(keras.ops.cast(x, dtype), kernel, padding="valid") + offset


def _factors(normalization: Any) -> tuple[np.ndarray, np.ndarray]:
    """What each channel is multiplied by, and what is added to it then."""
    if isinstance(normalization, layers.Normalization):
        mean, variance = (keras.ops.convert_to_numpy(each) for each in (normalization.mean, normalization.variance))
        factor = 1.0 / np.maximum(np.sqrt(variance), keras.config.epsilon())
        return factor, -mean * factor
    mean, variance = (
        keras.ops.convert_to_numpy(each) for each in (normalization.moving_mean, normalization.moving_variance)
    )
    factor = 1.0 / np.sqrt(variance + normalization.epsilon)
    if normalization.scale:
        factor = factor * keras.ops.convert_to_numpy(normalization.gamma)
    offset = -mean * factor
    return factor, offset + keras.ops.convert_to_numpy(normalization.beta) if normalization.center else offset


def _shifted_first(operation: Any) -> Callable[..., Any] | None:
    """A rescaling by two numbers that adds before it multiplies; None for anything else."""
    if not isinstance(operation, layers.Rescaling):
        return None
    scale, offset = operation.scale, operation.offset
    if not isinstance(scale, float | int) or not isinstance(offset, float | int) or not scale or not offset:
        return None
    return lambda x, **_: (keras.ops.cast(x, operation.compute_dtype) + offset / scale) * scale


def _in_inference(operation: Any) -> Callable[..., Any]:
    if getattr(operation, "_call_has_training_arg", False):
        return lambda *args, **kwargs: operation(*args, **{**kwargs, "training": False})
    return operation  # type: ignore[no-any-return]
