"""Channels that are taken out of a network for good, so that its file, its memory and its time shrink everywhere.

Which channels of different layers are one is found by following them through the network: a sum joins the channels of
its terms, a concatenation puts them in a row, a normalization or an activation passes them on. Whatever is not known to
treat every channel alike keeps all that it sees. A channel counts by the first-order Taylor expansion of the loss
(Molchanov et al., "Importance estimation for neural network pruning", 2019, equation 8, at the scales of batch
normalization where there are some, else at the kernel). There: many small steps. Here: one, relative to the other
channels of the same layers, then training.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from easynas.train.weights import Weights

Batches = Iterable[tuple[Any, Any]]
"""Inputs and what should be answered, a batch each."""

DIVISOR, FEW = 8, 16
"""Channels of a layer stay a multiple of the first, and of half of that where it has no more than the second:
processors multiply 8, 16 or 32 at a time, so that fewer take as long (docs/findings.md)."""

STEPS = 16
"""Batches that decide."""

_PASSING = (
    *(layers.Activation, layers.ReLU, layers.LeakyReLU, layers.Dropout, layers.SpatialDropout2D),
    *(layers.AveragePooling2D, layers.MaxPooling2D, layers.ZeroPadding2D, layers.Cropping2D, layers.UpSampling2D),
    *(layers.GlobalAveragePooling2D, layers.GlobalMaxPooling2D, layers.GlobalAveragePooling1D),
    *(layers.AveragePooling1D, layers.MaxPooling1D, layers.GlobalMaxPooling1D),
)
_WITH_WIDTH = (layers.Dense, layers.Conv1D, layers.Conv2D, layers.SeparableConv2D)
_JOINING = (layers.Add, layers.Average, layers.Maximum, layers.Minimum, layers.Multiply, layers.Subtract)


@dataclass
class _Labels:
    """Names of channels: a number each, equal for those that must go or stay together."""

    parents: list[int] = field(default_factory=list)
    fixed: set[int] = field(default_factory=set)

    def new(self, count: int) -> np.ndarray:
        start = len(self.parents)
        self.parents += range(start, start + count)
        return np.arange(start, start + count)

    def root(self, label: int) -> int:
        while self.parents[label] != label:
            self.parents[label] = self.parents[self.parents[label]]
            label = self.parents[label]
        return label

    def roots(self, labels: np.ndarray) -> np.ndarray:
        return np.array([self.root(int(label)) for label in labels], int)

    def join(self, a: np.ndarray, b: np.ndarray) -> None:
        for one, other in zip(a, b, strict=True):
            self.parents[self.root(int(one))] = self.root(int(other))

    def fix(self, labels: np.ndarray) -> None:
        self.fixed.update(int(label) for label in labels)


@dataclass(frozen=True)
class _Seen:
    """What a layer takes and gives: labels of the channels of its first input and of its output."""

    taken: np.ndarray
    given: np.ndarray


def without_channels(
    network: keras.Model, batches: Batches, loss: Callable[[Any, Any], Any], share: float
) -> keras.Model:
    """Returns a smaller network with the weights of the channels that stay; it has to be trained again.

    Args:
        network: functional, in Keras' own layers; networks inside it keep their channels.
        batches: `STEPS` of them or about as many decide which channels count.
        loss: of what should be answered and what is answered, by sample or their mean.
        share: of the channels that may go, in (0, 1), those that count least are taken out; every layer keeps a
            multiple of `DIVISOR`, or of half of it, or all that it has.
    """
    labels, seen = _follow(network)
    kept = _kept(labels, seen, _importance(network, batches, loss, labels, seen), share)

    widths = {
        layer.name: int(kept(seen[layer.name].given).sum())
        for layer in network.layers
        if layer.name in seen and isinstance(layer, _WITH_WIDTH)
    }
    result = _of_widths(network, widths)
    for old, new in zip(network.layers, result.layers, strict=True):
        if old.weights:
            weights = old.get_weights()
            new.set_weights(_cut(old, weights, seen[old.name], kept) if old.name in seen else weights)
    return result


def narrowed(network: keras.Model, weights: Weights) -> keras.Model:
    """A network with `weights`: itself, or one like it whose layers have the widths that the weights have.

    Args:
        network: as it was before channels were taken out; functional.
        weights: in the order of its own, perhaps of a network `without_channels`.
    """
    if all(own.shape == each.shape for own, each in zip(network.weights, weights, strict=True)):
        network.set_weights(weights)
        return network
    given = {id(own): each for own, each in zip(network.weights, weights, strict=True)}
    widths = {
        layer.name: int(given[id(layer.weights[_kernel(layer)])].shape[-1])
        for layer in network.layers
        if isinstance(layer, _WITH_WIDTH)
    }
    result = _of_widths(network, widths)
    result.set_weights(weights)
    return result


def _of_widths(network: keras.Model, widths: Mapping[str, int]) -> keras.Model:
    """A network with new weights whose layers of these names have other widths."""

    def counterpart(layer: keras.Layer) -> keras.Layer:
        if not type(layer).__module__.startswith("keras."):
            return layer  # of ours are only those that change training images, which have no weights
        config = layer.get_config()
        if layer.name in widths:
            config["units" if isinstance(layer, layers.Dense) else "filters"] = widths[layer.name]
        return type(layer).from_config(config)

    return keras.models.clone_model(network, clone_function=counterpart)


def _kernel(layer: keras.Layer) -> int:
    """The place among the weights of a layer of the kernel that makes its channels."""
    return 1 if isinstance(layer, layers.SeparableConv2D) else 0


def _follow(network: keras.Model) -> tuple[_Labels, dict[str, _Seen]]:
    """Labels of all channels, and what the layers take and give that can be made smaller."""
    labels, seen = _Labels(), {}

    def counterpart(operation: Any) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            taken = [leaf for leaf in keras.tree.flatten((args, kwargs)) if isinstance(leaf, _Channels)]
            given = [each.view(_Channels) for each in _given(operation, taken, labels)]
            if len(operation._inbound_nodes) > 1:
                # Used in several places: the channels of each would have to be the same.
                for each in (*taken, *given):
                    labels.fix(each)
            elif isinstance(operation, keras.Layer) and not isinstance(operation, keras.Model):
                seen[operation.name] = _Seen(taken[0], given[0])
            return given

        return call

    inputs = [labels.new(_last(tensor)).view(_Channels) for tensor in network.inputs]
    for each in inputs:
        labels.fix(each)
    outputs = network._run_through_graph(inputs, operation_fn=counterpart)
    for each in keras.tree.flatten(outputs):
        labels.fix(each)
    return labels, seen


class _Channels(np.ndarray):
    """Labels on their way through a network, told apart from arrays that are arguments of operations."""


def _last(tensor: Any) -> int:
    """How many channels a tensor has."""
    return int(tensor.shape[-1] or 1) if len(tensor.shape) > 1 else 1


def _given(operation: Any, taken: Sequence[np.ndarray], labels: _Labels) -> Sequence[np.ndarray]:
    """Labels of each output of an operation; what it treats in an unknown way is fixed."""
    made = _makes(operation)
    if made is not None:
        return [labels.new(made)]
    if _passes_on(operation):
        return taken
    if isinstance(operation, _JOINING) and len({len(each) for each in taken}) == 1:
        for other in taken[1:]:
            labels.join(taken[0], other)
        return taken[:1]
    outputs = operation._inbound_nodes[0].output_tensors
    match operation:
        case layers.Concatenate() if _is_last(operation):
            return [np.concatenate(taken)]
        case layers.Flatten():
            return [np.tile(taken[0], _last(outputs[0]) // len(taken[0]))]
    unknown = [labels.new(_last(output)) for output in outputs]
    for each in (*taken, *unknown):
        labels.fix(each)
    return unknown


def _makes(operation: Any) -> int | None:
    """How many new channels a layer makes; None if it makes none."""
    match operation:
        case layers.Dense():
            return int(operation.units)
        case layers.SeparableConv2D() if operation.depth_multiplier == 1:
            return int(operation.filters)
        case layers.Conv1D() | layers.Conv2D() if type(operation) in _CONVOLUTIONS and operation.groups == 1:
            return int(operation.filters)
    return None


_CONVOLUTIONS = (layers.Conv1D, layers.Conv2D)


def _passes_on(operation: Any) -> bool:
    """Whether a layer treats every channel by itself."""
    match operation:
        case layers.DepthwiseConv2D():
            return bool(operation.depth_multiplier == 1)
        case layers.BatchNormalization():
            return _is_last(operation)
        case layers.Activation():
            return operation.activation is not keras.activations.softmax
    return isinstance(operation, _PASSING) and getattr(operation, "data_format", "channels_last") == "channels_last"


def _is_last(layer: Any) -> bool:
    return layer.axis in (-1, len(layer.output.shape) - 1)


def _importance(
    network: keras.Model,
    batches: Batches,
    loss: Callable[[Any, Any], Any],
    labels: _Labels,
    seen: dict[str, _Seen],
) -> dict[int, float]:
    """How much the loss would change without a channel, by label: at the normalizations that it passes, or else."""
    weighted = [layer for layer in network.layers if layer.name in seen and layer.trainable_weights]
    effects = _effects(network, batches, loss, weighted, [len(seen[layer.name].given) for layer in weighted])
    found: dict[bool, dict[int, float]] = {True: {}, False: {}}
    for layer, effect in zip(weighted, effects, strict=True):
        into = found[isinstance(layer, layers.BatchNormalization)]
        for root, value in zip(labels.roots(seen[layer.name].given), effect, strict=True):
            into[root] = into.get(root, 0.0) + float(value)
    return found[False] | found[True]


def _effects(
    network: keras.Model,
    batches: Batches,
    loss: Callable[[Any, Any], Any],
    weighted: list[Any],
    channels: list[int],
) -> list[np.ndarray]:
    """For every layer the summed squared effects of its channels over some batches."""
    variables = [weight.value for layer in weighted for weight in layer.trainable_weights]
    totals = [np.zeros(count) for count in channels]

    @tf.function(reduce_retracing=True)  # type: ignore[untyped-decorator]
    def slopes(inputs: Any, targets: Any) -> Any:
        with tf.GradientTape() as tape:
            mean = tf.reduce_mean(loss(targets, network(inputs, training=False)))
        return tape.gradient(mean, variables)

    for inputs, targets in batches:
        found = slopes(inputs, targets)
        gradients = {id(variable): gradient for variable, gradient in zip(variables, found, strict=True)}
        totals = [total + _taylor(layer, gradients, len(total)) for layer, total in zip(weighted, totals, strict=True)]
    return totals


def _taylor(layer: keras.Layer, gradients: dict[int, Any], channels: int) -> np.ndarray:
    """The squared first-order change of the loss without each channel that a layer gives."""
    total = np.zeros(channels)
    for weight in layer.trainable_weights:
        gradient = gradients[id(weight.value)]
        if gradient is not None and weight.shape[-1] == channels:
            total += (
                (np.asarray(weight.value) * np.asarray(tf.convert_to_tensor(gradient)))
                .reshape(-1, channels)
                .sum(axis=0)
            )
    return total**2


def _kept(
    labels: _Labels, seen: dict[str, _Seen], importance: dict[int, float], share: float
) -> Callable[[np.ndarray], np.ndarray]:
    """Tells which of some channels stay."""
    fixed = {labels.root(label) for label in labels.fixed}
    groups = {frozenset(labels.roots(each.given).tolist()) for each in seen.values()}
    free = [group for group in groups if group and not fixed & group and group <= importance.keys()]
    # A layer's channels come in one group; what only concatenates those of others has no group of its own.
    own = [sorted(group) for group in free if not any(other < group for other in free)]
    relative: dict[int, float] = {}
    for group in own:
        values = np.array([importance[root] for root in group])
        relative |= dict(zip(group, values / (np.linalg.norm(values) or 1.0), strict=True))
    removed: set[int] = set()
    limit = np.quantile(list(relative.values()), share) if relative else 0.0
    for group in own:
        ranked = sorted(group, key=lambda root: -relative[root])
        wanted = sum(relative[root] > limit for root in ranked)
        divisor = DIVISOR if len(ranked) > FEW else DIVISOR // 2
        count = min(len(ranked), max(1, math.ceil(wanted / divisor)) * divisor)
        removed |= set(ranked[count:])
    return lambda channels: np.array([root not in removed for root in labels.roots(channels)], bool)


def _cut(
    layer: keras.Layer, weights: list[np.ndarray], seen: _Seen, kept: Callable[[np.ndarray], np.ndarray]
) -> list[np.ndarray]:
    """The weights of a layer for the channels that stay."""
    into, out = kept(seen.taken), kept(seen.given)
    match layer:
        case layers.SeparableConv2D():
            depthwise, pointwise, *bias = weights
            return [depthwise[:, :, into], pointwise[:, :, into][..., out], *(each[out] for each in bias)]
        case layers.DepthwiseConv2D():
            kernel, *bias = weights
            return [kernel[:, :, into], *(each[out] for each in bias)]
        case layers.Dense() | layers.Conv1D() | layers.Conv2D():
            kernel, *bias = weights
            return [kernel[..., into, :][..., out], *(each[out] for each in bias)]
        case layers.BatchNormalization():
            return [each[out] for each in weights]
    return weights
