"""Training that knows of int8, by TensorFlow Model Optimization through a twin: every step rounds as the file will.

What the tool leaves out of its own accord gets settings here: gates that are multiplied (squeeze-and-excite), hard
swish and other activations, convolutions of one dimension. Layers that have no form in it (attention, embeddings, layer
normalization, operations) stay in float. The weights go back into the network; the ranges of what flows between layers
are measured anew when the file is made.
"""

from typing import Any

import tensorflow as tf
import tensorflow_model_optimization as tfmot
import tf_keras
from tensorflow_model_optimization.python.core.quantization.keras.default_8bit import (
    default_8bit_quantize_configs as configs,
)
from tensorflow_model_optimization.python.core.quantization.keras.default_8bit import (
    default_8bit_quantize_registry as registry,
)

from easynas.deploy.structure import Structure
from easynas.deploy.tuning import Lesson, tune
from easynas.deploy.twin import Opaque, Twin, original_name, weight_name
from easynas.search.budget import Deadline

RATE = 2e-4
_MERGES = ("Average", "Maximum", "Minimum", "Multiply", "Subtract")
_FOLDED = ("Conv2D", "DepthwiseConv2D")
_ACTIVATIONS = ("linear", "relu", "softmax", "swish")
"""Those that the tool's own settings know."""

_keras = tfmot.quantization.keras
_SCOPE = {
    "Opaque": Opaque,
    "Default8BitOutputQuantizeConfig": configs.Default8BitOutputQuantizeConfig,
    "Default8BitQuantizeConfig": registry.Default8BitQuantizeConfig,
}


def train_aware(twin: Twin, lesson: Lesson, deadline: Deadline) -> tuple[int, tuple[str, ...]]:
    """Trains the twin until the deadline with everything rounded, and brings the weights back into its network.

    Many zeros stay zero, and weights that share few values go on sharing them.

    Args:
        twin: of the network.
        lesson: what to train on.
        deadline: when to end.

    Returns:
        How many steps it were, and the kinds of layers that stay in float.
    """
    left: set[str] = set()

    def annotated(layer: Any) -> Any:
        if isinstance(layer, tf_keras.layers.InputLayer):
            return layer
        settings = _settings(layer)
        if settings is None:
            left.add("operation" if isinstance(layer, Opaque) else type(layer).__name__)
            return layer
        return _keras.quantize_annotate_layer(layer, *settings)

    model = tf_keras.models.clone_model(twin.model, clone_function=annotated)
    with _keras.quantize_scope(_SCOPE):
        aware = _keras.quantize_apply(model)
    _set_ranges(twin, aware, lesson)
    structure = Structure(twin.variables(aware).values())
    steps = tune(aware, lesson, deadline, rate=RATE, also=[structure])
    twin.bring_back(aware)
    return steps, tuple(sorted(left))


def _set_ranges(twin: Twin, aware: tf_keras.Model, lesson: Lesson) -> None:
    """Ranges of what flows between layers as they are, where the tool begins with -6 to 6 and needs thousands of steps.

    Until then everything would be cut off, and the statistics of normalizations with it.
    """
    layers = [layer for layer in twin.model.layers if tf.is_tensor(layer.output) or hasattr(layer.output, "shape")]
    outputs = tf_keras.Model(twin.model.inputs, [layer.output for layer in layers])
    some = lesson.bundle.device_inputs(lesson.samples[:_CALIBRATING])
    found = outputs(tf.nest.flatten(some), training=False)
    ranges = {
        layer.name: (float(tf.reduce_min(each)), float(tf.reduce_max(each)))
        for layer, each in zip(layers, tf.nest.flatten(found), strict=True)
        if each.dtype.is_floating
    }
    for layer in aware.layers:
        source = layer if layer.name.startswith("quant_") else _before(layer)
        known = None if source is None else ranges.get(original_name(source.name))
        if known is None:
            continue
        for weight in layer.weights:
            name = weight_name(weight)
            if name.endswith(_LOWEST):
                weight.assign(min(known[0], 0.0))  # a range holds zero, which has to have a number of its own
            elif name.endswith(_HIGHEST):
                weight.assign(max(known[1], _SMALLEST_RANGE))


_CALIBRATING = 64  # samples
_LOWEST = ("output_min", "post_activation_min", "quantize_layer_min")
_HIGHEST = ("output_max", "post_activation_max", "quantize_layer_max")
_SMALLEST_RANGE = 1e-3


def _before(layer: Any) -> Any:
    """The only layer before one that rounds what it is given; None for other layers."""
    if type(layer).__name__ != "QuantizeLayer":
        return None
    return tf.nest.flatten(layer.inbound_nodes[0].inbound_layers)[0]


def _settings(layer: Any) -> tuple[Any, ...] | None:
    """What `quantize_annotate_layer` is told beside the layer; None for a layer that stays in float."""
    kind = type(layer).__name__
    match kind:
        case "Opaque" | "Embedding" | "SeparableConv1D" | "LayerNormalization" | "Rescaling":
            return None
        case "Activation" if layer.activation.__name__ not in _ACTIVATIONS:
            return (configs.Default8BitOutputQuantizeConfig(),)
        case "Conv1D":
            return (registry.Default8BitQuantizeConfig(["kernel"], ["activation"], quantize_output=False),)
        case "BatchNormalization":
            return () if _follows_convolution(layer) else None
        case _ if kind in _MERGES:
            return (configs.Default8BitOutputQuantizeConfig(),)
    return () if registry.Default8BitQuantizeRegistry().supports(layer) else None


def _follows_convolution(layer: Any) -> bool:
    """Whether a normalization becomes part of the convolution before it."""
    before = tf.nest.flatten(layer.inbound_nodes[0].inbound_layers)[0]
    linear = getattr(getattr(before, "activation", None), "__name__", "linear") == "linear"
    return type(before).__name__ in _FOLDED and linear and len(before.outbound_nodes) == 1
