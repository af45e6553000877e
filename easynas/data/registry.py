"""Encoders and targets as plain values with the name of their kind, and back. Names are looked up in a table."""

from typing import Any

from easynas.data.dataset import Encoder, Target
from easynas.data.features import FeatureEncoder
from easynas.data.images import ImageEncoder
from easynas.data.labels import LabelsTarget
from easynas.data.numbers import NumberTarget
from easynas.data.table import TableEncoder
from easynas.data.target import ClassTarget
from easynas.data.tokenizer import TextEncoder

_ENCODERS: dict[str, type[Encoder]] = {
    "images": ImageEncoder,
    "texts": TextEncoder,
    "features": FeatureEncoder,
    "tables": TableEncoder,
}
_TARGETS: dict[str, type[Target]] = {"classes": ClassTarget, "labels": LabelsTarget, "numbers": NumberTarget}


def to_config(part: Encoder | Target) -> dict[str, Any]:
    """An encoder or a target as plain JSON values."""
    kinds: dict[str, type[Any]] = {**_ENCODERS, **_TARGETS}
    return {"kind": next(name for name, kind in kinds.items() if isinstance(part, kind)), **part.to_config()}


def encoder_of(config: dict[str, Any]) -> Encoder:
    """The encoder that `to_config` described."""
    return _ENCODERS[config["kind"]].from_config(config)


def target_of(config: dict[str, Any]) -> Target:
    """The target that `to_config` described."""
    return _TARGETS[config["kind"]].from_config(config)
