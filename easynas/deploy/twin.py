"""`Twin`: a Keras 3 network rebuilt with `tf_keras`, the Keras that TensorFlow Model Optimization works on, and back.

Layers that both know are rebuilt from their configuration and get the same weights. Everything else, a layer that only
Keras 3 has or an operation of `keras.ops`, runs as it is inside an `Opaque` layer: it is trained with the others, but
no tool sees into it. Whether both networks answer alike is checked on samples whenever a twin is made.

Importing this module imports `tf_keras`, so whoever needs a twin imports it late.
"""

import inspect
import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from weakref import WeakValueDictionary

import keras
import numpy as np
import tf_keras

from easynas.data.dataset import Inputs
from easynas.errors import ExportError

TOLERANCE = 1e-5  # difference of the answers, as a share of the largest

_KNOWN = {
    *("Activation", "Add", "Average", "AveragePooling1D", "AveragePooling2D", "BatchNormalization", "Concatenate"),
    *("Conv1D", "Conv2D", "Conv2DTranspose", "Conv3D", "Cropping2D", "Dense", "DepthwiseConv2D", "Dropout"),
    *("Embedding", "Flatten", "GlobalAveragePooling1D", "GlobalAveragePooling2D", "GlobalMaxPooling1D"),
    *("GlobalMaxPooling2D", "LayerNormalization", "LeakyReLU", "MaxPooling1D", "MaxPooling2D", "Maximum", "Minimum"),
    *("Multiply", "PReLU", "Permute", "ReLU", "Rescaling", "Reshape", "SeparableConv1D", "Softmax"),
    *("SpatialDropout2D", "Subtract", "UpSampling2D", "ZeroPadding2D"),
}
"""Layers that compute the same in both, given the same configuration."""

_SAME_ACTIVATIONS = {"linear", "relu", "relu6", "selu", "sigmoid", "softmax", "softplus", "swish", "tanh"}
_RENAMED = {"negative_slope": "alpha"}
_LEFT_OUT = ("dtype", "name", "_initializer", "_constraint", "_regularizer")
"""Endings of settings that say nothing about what a trained network answers."""

_MARK = "twin"  # begins all names of layers: those that the tools give can never be equal


class NoTwinError(ExportError):
    """The network cannot be rebuilt; the message says why."""


@dataclass(frozen=True, eq=False)
class Source:
    """Where the weights of a twin's layer come from.

    Attributes:
        layer: of the network.
        start: the first of its weights.
        names: of the twin's weights, which are that one and those behind it.
    """

    layer: keras.Layer
    start: int
    names: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Twin:
    """A network and the one of `tf_keras` that answers alike.

    Attributes:
        network: the Keras 3 one.
        model: the rebuilt one.
        sources: where the weights of the layers of `model` come from, by their names.
        opaque: names of the layers and operations that run as they are. Their weights are those of `network`, so that
            training `model` changes them there.
    """

    network: keras.Model
    model: tf_keras.Model
    sources: dict[str, Source]
    opaque: tuple[str, ...]

    @classmethod
    def of(cls, network: keras.Model, samples: Inputs) -> "Twin":
        """Returns the twin of a functional or sequential network.

        Args:
            network: any number of inputs, one output; networks inside it become part of one. It must be a clone if the
                original must not change.
            samples: some inputs as `network` takes them, at least one, on which both must answer alike.

        Raises:
            NoTwinError: the network is no graph of layers, or the answers differ by more than `TOLERANCE`.
        """
        if not _is_graph(network):
            raise NoTwinError(
                "A network must be a graph of layers to be rebuilt in tf_keras. "
                f"Received a {type(network).__name__}, which says in code of its own what it computes."
            )
        builder = _Builder()
        model = builder.build(network)
        twin = cls(network, model, builder.sources, tuple(builder.opaque))
        difference = twin.difference(samples)
        if not difference <= TOLERANCE:
            raise NoTwinError(
                f"A network that is rebuilt in tf_keras must answer alike. The answers differ by {difference:.2g}; "
                "a layer computes something else there."
            )
        return twin

    def difference(self, samples: Inputs) -> float:
        """The largest difference between the answers of both, as a share of the largest answer or of 1."""
        expected = np.asarray(self.network(samples, training=False))
        received = np.asarray(self.model(samples, training=False))
        return float(np.abs(expected - received).max() / max(1.0, np.abs(expected).max()))

    def bring_back(self, trained: tf_keras.Model) -> None:
        """Gives `network` the weights of `trained`: of the twin's model, or of what a tool made of it.

        What a tool adds, such as masks and ranges, stays behind.
        """
        found = self.variables(trained)
        for name, source in self.sources.items():
            weights = source.layer.get_weights()
            own = [found[name, each].numpy() for each in source.names]
            weights[source.start : source.start + len(own)] = own
            source.layer.set_weights(weights)

    def variables(self, trained: tf_keras.Model) -> dict[tuple[str, str], Any]:
        """The variables of the twin's layers in `trained`, by the names of the layer and of the weight."""
        layers = {original_name(layer.name): layer for layer in trained.layers}
        return {
            (name, weight_name(weight)): weight
            for name, source in self.sources.items()
            for weight in layers[name].weights
            if weight_name(weight) in source.names
        }


def original_name(name: str) -> str:
    """The name that a twin's layer had before a tool wrapped it."""
    return _MARK + name.rpartition(_MARK)[2]


def weight_name(weight: Any) -> str:
    """`"kernel"` of `"dense/kernel:0"`."""
    return str(weight.name).rpartition("/")[2].partition(":")[0]


class Hole:
    """Stands where a tensor belongs."""


@dataclass(frozen=True, eq=False)
class Call:
    """A Keras 3 layer or operation with its arguments.

    Attributes:
        operation: what is run.
        leaves: its arguments in a row, a `Hole` where a tensor belongs.
        structure: of `(args, kwargs)`, as anything that `keras.tree` packs like it.
    """

    operation: Any
    leaves: tuple[Any, ...]
    structure: Any

    @classmethod
    def of(cls, operation: Any, structure: Any) -> "Call":
        """The call with arguments that hold symbolic tensors of `tf_keras`."""
        leaves = keras.tree.flatten(structure)
        holed = tuple(Hole() if isinstance(leaf, _TENSOR) else leaf for leaf in leaves)
        return cls(operation, holed, keras.tree.pack_sequence_as(structure, list(range(len(leaves)))))

    def run(self, tensors: list[Any], *, training: bool) -> Any:
        """What the operation makes of the tensors."""
        rest = iter(tensors)
        leaves = [next(rest) if isinstance(leaf, Hole) else leaf for leaf in self.leaves]
        args, kwargs = keras.tree.pack_sequence_as(self.structure, leaves)
        if getattr(self.operation, "_call_has_training_arg", False):
            kwargs["training"] = training
        return self.operation(*args, **kwargs)


class Opaque(tf_keras.layers.Layer):  # type: ignore[misc]
    """Runs a Keras 3 layer or operation on a list of tensors inside a `tf_keras` model.

    Tools clone layers through their configurations. A live object has no place in one, so there it is a number, by
    which the clone finds the same object as long as the first twin exists.

    Args:
        run: what is run.
        name: of this layer.
    """

    def __init__(self, run: Call, *, name: str) -> None:
        super().__init__(name=name)
        self._run = run
        # tf_keras finds TensorFlow's variables in attributes, and trains them.
        self._variables = [weight.value for weight in getattr(run.operation, "weights", [])]
        self._number = next(_NUMBERS)

    def call(self, tensors: Any, training: Any = None) -> Any:
        """What the operation makes of the tensors."""
        given = tensors if isinstance(tensors, list | tuple) else [tensors]
        return self._run.run(list(given), training=bool(training))

    def get_config(self) -> dict[str, Any]:
        """The name, and a number in place of the object."""
        _LIVE[self._number] = self
        return {"name": self.name, "number": self._number}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Opaque":
        """A layer that runs the same object."""
        return cls(_LIVE[config["number"]]._run, name=config["name"])


_NUMBERS = itertools.count()
_LIVE: WeakValueDictionary[int, Opaque] = WeakValueDictionary()


class _Builder:
    """Walks through the graph of a network and lays a layer of `tf_keras` for each of its own."""

    def __init__(self) -> None:
        self.sources: dict[str, Source] = {}
        self.opaque: list[str] = []
        self._laid: dict[int, Callable[..., Any]] = {}
        self._pairs: list[tuple[keras.Layer, int, Any]] = []
        self._names = itertools.count()

    def build(self, network: keras.Model) -> tf_keras.Model:
        """The rebuilt network with the same weights."""
        inputs = keras.tree.map_structure(
            lambda tensor: tf_keras.Input(tuple(tensor.shape[1:]), dtype=tensor.dtype, name=tensor.name), network.input
        )
        model = tf_keras.Model(inputs, self._walk(network, inputs))
        for layer, start, twin in self._pairs:
            names = tuple(weight_name(weight) for weight in twin.weights)
            twin.set_weights(layer.get_weights()[start : start + len(names)])
            self.sources[twin.name] = Source(layer, start, names)
        return model

    def _walk(self, network: keras.Model, inputs: Any) -> Any:
        graph = network._functional if isinstance(network, keras.Sequential) else network
        # Keras has no public way to run something else in the place of its layers.
        return graph._run_through_graph(inputs, operation_fn=self._counterpart)

    def _counterpart(self, operation: Any) -> Callable[..., Any]:
        """What is called in the place of a layer, an operation or a network."""
        if _is_graph(operation):
            return lambda inputs, **_: self._walk(operation, inputs)
        if id(operation) not in self._laid:
            self._laid[id(operation)] = self._known(operation) or self._unknown(operation)
        return self._laid[id(operation)]

    def _known(self, layer: Any) -> Callable[..., Any] | None:
        """The same layer of `tf_keras`; None if there is none, or if it refuses these settings."""
        kind = type(layer).__name__
        if not isinstance(layer, keras.Layer) or not type(layer).__module__.startswith("keras."):
            return None
        if not isinstance(layer.get_config().get("activation"), str | None):
            return None  # a function of somebody's own has no name that tools could write down
        try:
            match kind:
                case "SeparableConv2D":
                    laid = [self._lay(layer, "DepthwiseConv2D", {**_WITHOUT_BIAS, "activation": "linear"})]
                    laid.append(self._lay(layer, "Conv2D", {"kernel_size": 1, **_UNIT}, start=1))
                case _ if kind in _KNOWN:
                    laid = [self._lay(layer, kind, {})]
                case _:
                    return None
        except ValueError:
            return None
        return lambda *args, **kwargs: _chained(laid, args, kwargs)

    def _lay(self, layer: keras.Layer, kind: str, changes: dict[str, Any], *, start: int = 0) -> Any:
        """A layer of `tf_keras` with the settings of `layer` and some others."""
        twin_kind = getattr(tf_keras.layers, kind)
        config = {_RENAMED.get(key, key): value for key, value in layer.get_config().items()}
        taken = inspect.signature(twin_kind).parameters
        kept = {key: value for key, value in config.items() if key in taken and not key.endswith(_LEFT_OUT)}
        settings = {**kept, **changes}
        if settings.get("activation") is not None:
            settings["activation"] = _activation(settings["activation"])
        twin = twin_kind(**settings, name=self._name(layer))
        twin.trainable = layer.trainable
        self._pairs.append((layer, start, twin))
        return twin

    def _unknown(self, operation: Any) -> Callable[..., Any]:
        """Runs the operation itself, in a layer of its own for every call."""
        self.opaque.append(operation.name)

        def call(*args: Any, **kwargs: Any) -> Any:
            structure = (args, {key: value for key, value in kwargs.items() if key not in ("mask", "training")})
            tensors = [leaf for leaf in keras.tree.flatten(structure) if isinstance(leaf, _TENSOR)]
            return Opaque(Call.of(operation, structure), name=self._name(operation))(tensors)

        return call

    def _name(self, operation: Any) -> str:
        return f"{_MARK}{next(self._names)}_{operation.name.replace('/', '_')}"


_WITHOUT_BIAS = {"use_bias": False}
_UNIT = {"strides": 1, "dilation_rate": 1, "padding": "valid"}
_TENSOR = type(tf_keras.Input(()))


def _is_graph(network: Any) -> bool:
    """Whether a model, or an operation in one, consists of layers that Keras can run one by one."""
    return isinstance(network, keras.Sequential) or hasattr(network, "_run_through_graph")


def _chained(layers: list[Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    first, *rest = layers
    x = first(*args, **{key: value for key, value in kwargs.items() if key not in ("mask", "training")})
    for layer in rest:
        x = layer(x)
    return x


def _activation(name: str) -> Any:
    """The activation of `tf_keras`, or Keras 3's own under a name that tools can write into a configuration."""
    name = {"silu": "swish"}.get(name, name)
    if name in _SAME_ACTIVATIONS:
        return name
    registered = f"easynas>{name}"
    known = tf_keras.saving.get_registered_object(registered)
    if known is None:
        function = keras.activations.get(name)

        def known(x: Any) -> Any:
            return function(x)

        known.__name__ = name
        tf_keras.saving.register_keras_serializable("easynas", name)(known)
    return known
