"""The network of a pretrained encoder in Keras' own layers, with the weights of a preset.

BERT (Devlin et al. 2019) and DistilBERT (Sanh et al. 2019) as KerasHub has them: its own layers would have to be
installed wherever the model is loaded. The answers are equal up to rounding.
"""

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from easynas.data.preset import CONFIG, WEIGHTS, Preset
from easynas.errors import InputError

SUBWORDS, NAME = "subwords", "pretrained"
_EPSILON = 1e-12  # of all normalizations, as in KerasHub

Weights = Mapping[str, np.ndarray]


def backbone(preset: Preset, *, size: int | None = None) -> keras.Model:
    """The network from ids of subwords to what it says of each, `(batch, size, width)`, in float32 and not trained.

    Args:
        preset: which.
        size: ids of a text, as `Subwords.encode` gives them; None: any number.

    Raises:
        InputError: its weights are not those of such a network.
    """
    try:
        return _built(preset, _Weights(preset.weights()), size)
    except (KeyError, ValueError) as error:
        raise InputError(
            f"The weights of a preset must fit its {CONFIG}. Received {preset.folder!r}, whose {WEIGHTS} does not: "
            f"{error}; save or download it again."
        ) from error


def features(preset: Preset) -> keras.Model:
    """The network from ids `(batch, any)` to features `(batch, width)`: the mean over all subwords.

    As in Reimers & Gurevych (2019), "Sentence-BERT". The first subword alone says less where it was not trained for the
    task, and beside the mean it made networks worse.
    """
    network = backbone(preset)
    ids, states = network.input, network.output
    there = ops.cast(ops.expand_dims(ops.not_equal(ids, 0), -1), "float32")
    mean = ops.divide(ops.sum(ops.multiply(states, there), axis=1), ops.sum(there, axis=1))
    pooled = keras.Model(ids, mean, name=NAME)
    pooled.trainable = False
    return pooled


class _Weights:
    """The weights of a preset by the names of their layers."""

    def __init__(self, found: Weights) -> None:
        self._found = found

    def of(self, layer: str, count: int) -> list[np.ndarray]:
        """All `count` weights of a layer."""
        return [self._found[f"layers/{layer}/vars/{number}"] for number in range(count)]


def _built(preset: Preset, weights: _Weights, size: int | None) -> keras.Model:
    ids = keras.Input((size,), dtype="int32", name=SUBWORDS)
    x = _embedded(ids, preset, weights)
    seen = ops.expand_dims(ops.not_equal(ids, 0), 1)
    for number in range(preset.depth):
        name = "transformer_encoder" + (f"_{number}" if number else "")
        x = _layer(x, seen, preset, weights, name)
    network = keras.Model(ids, x)
    network.trainable = False
    return network


def _embedded(ids: Any, preset: Preset, weights: _Weights) -> Any:
    if preset.kind == "BertBackbone":
        [pieces] = weights.of("reversible_embedding", 1)
        [places] = weights.of("position_embedding", 1)
        [segments] = weights.of("embedding", 1)
        places = places + segments[0]  # a text is one segment
    else:
        [pieces] = weights.of("token_and_position_embedding/token_embedding", 1)
        [places] = weights.of("token_and_position_embedding/position_embedding", 1)
    pieces = np.concatenate([np.zeros_like(pieces[:1]), pieces])  # id 0 stands behind a text
    x = _table(pieces)(ids)
    numbers = ops.subtract(ops.cumsum(ops.ones_like(ids), axis=1), np.int32(1))
    x = ops.add(x, _table(places)(numbers))
    return _normalized(x, weights.of("layer_normalization", 2))


def _layer(x: Any, seen: Any, preset: Preset, weights: _Weights, name: str) -> Any:
    parts = ("query_dense", "key_dense", "value_dense", "output_dense")
    own = [each for part in parts for each in weights.of(f"{name}/_self_attention_layer/{part}", 2)]
    attention = layers.MultiHeadAttention(preset.heads, preset.width // preset.heads, dtype="float32")
    attended = attention(x, x, attention_mask=seen)
    attention.set_weights(own)
    x = _normalized(ops.add(attended, x), weights.of(f"{name}/_self_attention_layer_norm", 2))
    inner = _with(
        layers.Dense(preset.inner, dtype="float32"), x, weights.of(f"{name}/_feedforward_intermediate_dense", 2)
    )
    inner = ops.gelu(inner, approximate=preset.kind == "BertBackbone")
    outer = _with(
        layers.Dense(preset.width, dtype="float32"), inner, weights.of(f"{name}/_feedforward_output_dense", 2)
    )
    return _normalized(ops.add(outer, x), weights.of(f"{name}/_feedforward_layer_norm", 2))


def _normalized(x: Any, own: list[np.ndarray]) -> Any:
    return _with(layers.LayerNormalization(epsilon=_EPSILON, dtype="float32"), x, own)


def _table(rows: np.ndarray) -> Any:
    table = layers.Embedding(*rows.shape, embeddings_initializer="zeros", dtype="float32")
    table.build()
    table.set_weights([rows])
    return table


def _with(layer: Any, x: Any, own: list[np.ndarray]) -> Any:
    """What a layer with these weights makes of `x`."""
    made = layer(x)
    layer.set_weights(own)
    return made
