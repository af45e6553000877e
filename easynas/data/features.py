"""`FeatureEncoder`: what a pretrained encoder says of texts, computed once for all trainings."""

import time
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

import numpy as np

from easynas.data.dataset import Encoder, Inputs
from easynas.data.preset import Preset
from easynas.data.tokenizer import TextEncoder
from easynas.errors import InputError

_AT_ONCE = 32  # texts; of about the same length, for those are as wide as the longest of them
_STEP = 16  # widths are multiples of it, so that few different ones are traced
_CHUNK = 64


class Late(Exception):  # noqa: N818 - no mistake of anybody
    """The features of texts took longer than they may."""


@dataclass(frozen=True, eq=False)
class FeatureEncoder:
    """Encodes texts as networks are trained on them; a shipped model takes ids of subwords instead, see `divided`.

    Attributes:
        texts: makes the ids, those of subwords too.
        preset: the pretrained encoder.
        until: reading of `time.monotonic` from which on `encode` raises `Late`; None: never.
    """

    texts: TextEncoder
    preset: Preset
    until: float | None = None

    @property
    def inputs(self) -> dict[str, tuple[tuple[int, ...], str]]:
        """Shape without the batch, and dtype, of the arrays of `encode`."""
        ids = {name: each for name, each in self.texts.inputs.items() if name != "subwords"}
        return {**ids, "features": ((self.preset.width,), "float32")}

    def check(self, x: Any) -> np.ndarray:
        """Texts to predict, see `TextEncoder.check`."""
        return self.texts.check(x)

    def encode(self, samples: Any) -> dict[str, np.ndarray]:
        """Returns `"words"` and `"grams"`, see `Tokenizer.encode`, and `"features"`, float32 `(n, width)`."""
        ids = self.texts.encode(samples)
        subwords = ids.pop("subwords")
        lengths = np.maximum((subwords > 0).sum(axis=1), 1)
        order = np.argsort(lengths, kind="stable")
        features = np.zeros((len(subwords), self.preset.width), np.float32)
        for start in range(0, len(order), _AT_ONCE):
            if self.until is not None and time.monotonic() > self.until:
                raise Late
            rows = order[start : start + _AT_ONCE]
            width = -(-int(lengths[rows[-1]]) // _STEP) * _STEP
            features[rows] = self._computed(subwords[rows, :width])
        return {**ids, "features": features}

    def raw(self, samples: np.ndarray) -> np.ndarray:
        """The texts as they are."""
        return self.texts.raw(samples)

    def restore(self, raw: np.ndarray) -> np.ndarray:
        """The texts as objects `(n,)`."""
        return self.texts.restore(raw)

    @property
    def chunk(self) -> int:
        """Few texts: a large encoder takes a tenth of a second for each."""
        return _CHUNK

    @property
    def learned(self) -> str:
        """Which pretrained encoder it is."""
        return self.texts.learned

    def to_config(self) -> dict[str, Any]:
        """The encoder as plain JSON values; of the preset its folder."""
        return {"texts": self.texts.to_config(), "preset": self.preset.folder, "identity": self.preset.identity}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """The encoder that `to_config` described.

        Raises:
            InputError: its preset is gone, or is another one.
        """
        preset = Preset.open(config["preset"])
        if preset.identity != config["identity"]:
            raise InputError(
                "A study must be continued with the pretrained encoder it began with. Received another one in "
                f"{preset.folder!r}; give another `directory`."
            )
        return cls(TextEncoder.from_config(config["texts"]), preset)

    def extend(self, x: dict[str, Any]) -> dict[str, Any]:
        """Keras tensors as of `encode`, made of those of `texts.encode`."""
        ids = {name: tensor for name, tensor in x.items() if name != "subwords"}
        return {**ids, "features": self.network(x["subwords"])}

    @property
    def network(self) -> Any:
        """The pretrained encoder, see `backbone.features`."""
        return self._built[0]

    @property
    def building(self) -> float:
        """Seconds that it took to build its network."""
        return self._built[1]

    @cached_property
    def _built(self) -> tuple[Any, float]:
        from easynas.data.backbone import features

        started = time.monotonic()
        network = features(self.preset)
        return network, time.monotonic() - started

    def _computed(self, subwords: np.ndarray) -> np.ndarray:
        return np.asarray(self._traced(subwords))

    @cached_property
    def _traced(self) -> Any:
        import tensorflow as tf

        network = self.network
        return tf.function(
            lambda ids: network(ids, training=False), input_signature=[tf.TensorSpec((None, None), tf.int32)]
        )


def divided(encoder: Encoder) -> tuple[Encoder, Any]:
    """The part of an encoder that stays outside of a shipped network, and a function for the part that belongs to it.

    The function makes Keras tensors as of `encoder.encode` from those of the first part.
    """
    if isinstance(encoder, FeatureEncoder):
        return encoder.texts, encoder.extend
    return encoder, _same


def without_features(encoder: Encoder) -> Encoder:
    """The same encoder without a pretrained one."""
    return replace(encoder.texts, subwords=None) if isinstance(encoder, FeatureEncoder) else encoder


def building_seconds(encoder: Encoder) -> float:
    """How long it takes to build the part of an encoder that belongs to a shipped network, about."""
    return encoder.building if isinstance(encoder, FeatureEncoder) else 0.0


def _same(x: Inputs) -> Inputs:
    return x
