"""Zero-cost proxies: what an untrained Keras network says about the trained one, from one pass or two.

`naswot`: Mellor et al. 2021, "Neural architecture search without training", equation 2 and section 3. Networks that
tell the samples of a minibatch apart before training learn better. Every rectifier cuts its input into positive and
not, and the signs that a sample gives all units are its code. There: relu. Here: every activation that has the sign of
its argument (relu, leaky relu, elu, silu or swish, gelu, their hard forms), so the sign of what comes out is that of
what went in. Sigmoid, tanh and softmax are gates and outputs, and are not counted.

`synflow`: Tanaka et al. 2020, "Pruning neural networks without any data by iteratively conserving synaptic flow",
equation 2, added up over the network as in Abdelfattah et al. 2021, "Zero-cost proxies for lightweight NAS", section
3.2: all weights made positive, one sample of ones, and for each weight its share of the output. `log_synflow`:
Cavagnero et al. 2023, "FreeREA", section 3.3, takes log(1 + gradient) instead of the gradient, so that a few early
layers do not decide alone. As in both, normalizations pass on what they get, for else they would undo the flow. Here
rectifiers and a final softmax do so too: the flow is positive, where relu is the identity, and a sum of probabilities
says nothing. `synflow` is returned as its natural logarithm, which ranks the same. Double precision ends at 1e308:
that is about 200 convolutions of usual width one after the other.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from easynas.errors import InputError

# Names of Keras' layers, functions and operations, in small letters and without underscores.
_RECTIFIERS = frozenset(
    {"relu", "relu6", "leakyrelu", "prelu", "elu", "selu", "celu", "silu", "hardsilu", "gelu", "mish"}
)
_NORMS = (
    layers.BatchNormalization,
    layers.GroupNormalization,
    layers.LayerNormalization,
    layers.Normalization,
)


def naswot(model: keras.Model, images: np.ndarray) -> float:
    """Logarithm of the determinant of how alike the codes of a minibatch are, over all units of all rectifiers.

    Normalizations use the statistics of the minibatch, as in a first step of training. A layer that a network uses
    several times counts with its first use, and what is inside a nested model or layer is not seen.

    Args:
        model: a functional network, as `easynas.nets.network.model_of` makes it; its weights are not changed, only
            the moving statistics of its normalizations.
        images: `(batch, height, width, channels)`, raw as the network takes them; at least two.

    Returns:
        A number that grows with different codes; minus infinity if two samples have the same code.

    Raises:
        InputError: the network has no rectifier.
    """
    rectified = [operation.output for operation in model.operations if _rectifies(operation)]
    if not rectified:
        raise InputError(
            f"A network must have an activation out of {sorted(_RECTIFIERS)} to be judged by its codes. "
            f"Received: {model.name!r} without any. Leave `naswot` out."
        )
    alike = np.zeros((len(images), len(images)))
    activations = keras.Model(model.inputs, rectified)(tf.constant(images, "float32"), training=True)
    for activation in keras.tree.flatten(activations):
        alike += _alike(activation)
    sign, logarithm = np.linalg.slogdet(alike)
    return float(logarithm) if sign > 0 else -np.inf


@dataclass(frozen=True)
class SynapticFlow:
    """The flow through a network with positive weights; computed on first use, and kept.

    Attributes:
        model: a functional network; it is copied and not changed.
    """

    model: keras.Model

    def synflow(self) -> float:
        """Natural logarithm of the sum of weight times gradient; minus infinity if nothing flows."""
        total = sum(float(np.sum(weight * gradient)) for weight, gradient in self._flow)
        return float(np.log(total)) if total > 0 else -np.inf

    def log_synflow(self) -> float:
        """Sum of weight times log(1 + gradient)."""
        return float(sum(np.sum(weight * np.log1p(gradient)) for weight, gradient in self._flow))

    @cached_property
    def _flow(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """Every trainable weight without its sign, and its gradient, in double precision."""
        linear = _linear(self.model)
        variables = linear.trainable_variables
        ones = keras.tree.map_structure(lambda each: tf.ones((1, *each.shape[1:]), "float64"), linear.input)
        with tf.GradientTape() as tape:
            output = linear(ones, training=False)
            total = tf.add_n([tf.reduce_sum(each) for each in keras.tree.flatten(output)])
        gradients = tape.gradient(total, [each.value for each in variables], unconnected_gradients="zero")
        return [(each.numpy(), gradient.numpy()) for each, gradient in zip(variables, gradients, strict=True)]


def _alike(activation: Any) -> np.ndarray:
    """Number of units in which two samples have the same sign, `(batch, batch)`."""
    signs = tf.where(tf.reshape(activation, (activation.shape[0], -1)) > 0, 1.0, -1.0)
    agreeing: np.ndarray = tf.matmul(signs, signs, transpose_b=True).numpy().astype("float64")
    alike: np.ndarray = (signs.shape[1] + agreeing) / 2
    return alike


def _rectifies(operation: Any) -> bool:
    return bool(_names(operation) & _RECTIFIERS)


def _names(operation: Any) -> set[str]:
    """Its own name and that of its activation, as Keras has them, in small letters and without underscores."""
    names = (type(operation).__name__, getattr(getattr(operation, "activation", None), "__name__", ""))
    return {name.replace("_", "").lower() for name in names}


def _linear(model: keras.Model) -> keras.Model:
    """A copy in double precision with positive weights, without what bends or normalizes."""
    copy = keras.models.clone_model(
        model,
        input_tensors=keras.tree.map_structure(
            lambda each: keras.Input(batch_shape=each.shape, dtype="float64"), model.input
        ),
        clone_function=_straight,
        call_function=lambda layer, x, *more, **named: x if _passes(layer) else layer(x, *more, **named),
    )
    for layer in copy.layers:
        if layer.weights:
            layer.set_weights([np.abs(weight) for weight in model.get_layer(layer.name).get_weights()])
    return copy


def _straight(layer: Any) -> Any:
    if _passes(layer) or not isinstance(layer, keras.Layer):
        return layer  # a bare operation, such as a split, has neither weights nor precision
    config = {**layer.get_config(), "dtype": "float64"}
    if _bends(layer):
        config["activation"] = "linear"
    return type(layer).from_config(config)


def _passes(layer: Any) -> bool:
    """Whether a layer gives on what it gets."""
    return isinstance(layer, _NORMS) or (_bends(layer) and getattr(layer, "kernel", None) is None)


def _bends(layer: Any) -> bool:
    return bool(_names(layer) & (_RECTIFIERS | {"softmax"}))
