"""`Dataset`: what the user gave, checked; with the ways from samples to arrays and from targets to numbers."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, Self

import numpy as np

from easynas.data.target import ClassTarget
from easynas.errors import InputError
from easynas.schema import Answer

STRONG_IMBALANCE = 20  # the largest class has that many times the samples of the smallest

Inputs = np.ndarray | dict[str, np.ndarray]
"""What a network sees, samples first: one array, or several by name."""

Shapes = tuple[int, ...] | dict[str, tuple[tuple[int, ...], str]]
"""One input's shape without the batch, which is float32; or the shape and type of several by name."""


def shapes(x: Inputs) -> Shapes:
    """Shapes of what a network sees."""
    if isinstance(x, dict):
        return {name: (array.shape[1:], array.dtype.name) for name, array in x.items()}
    return x.shape[1:]


class Encoder(Protocol):
    """The way from samples as the user has them to what networks see; learned once, from training samples."""

    def check(self, x: Any) -> Any:
        """Samples to predict on, in the container that `encode` takes; an `InputError` if they are not like the fitted.

        The container has a length and gives its rows for an array of integers.
        """

    def encode(self, samples: Any) -> Inputs:
        """What networks see of these samples."""

    def raw(self, samples: Any) -> Inputs:
        """What the shipped model takes of these samples: numbers or texts in plain arrays."""

    def restore(self, raw: Any) -> Any:
        """The samples that `raw` made such arrays of."""

    @property
    def inputs(self) -> Shapes:
        """Shapes of what networks see."""

    @property
    def chunk(self) -> int:
        """How many samples to encode at a time, so that memory stays small."""

    @property
    def learned(self) -> str:
        """What was learned of the samples, for the fingerprint of the data."""

    def to_config(self) -> dict[str, Any]:
        """The encoder as plain JSON values."""

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """The encoder that `to_config` described."""


class Target(Protocol):
    """The way from what is to be predicted to numbers, and back."""

    @property
    def answer(self) -> Answer:
        """What networks answer."""

    def encode(self, y: Any) -> np.ndarray:
        """Class numbers int32 `(n,)`, or what each of the outputs should be, float32 `(n, outputs)`."""

    def decided(self, answers: np.ndarray) -> np.ndarray:
        """What answers come to: class numbers `(n,)`, bool `(n, labels)`, or the numbers themselves `(n, outputs)`."""

    def predictions(self, answers: np.ndarray) -> Any:
        """What is predicted, given what the shipped model answers: `(n, outputs)` in the user's units."""

    def to_config(self) -> dict[str, Any]:
        """The target as plain JSON values."""

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """The target that `to_config` described."""


@dataclass(frozen=True, eq=False)
class Unseen:
    """What training samples are to networks where an encoder has learned from their answers: as if it had not.

    Attributes:
        name: of the array that it concerns.
        places: of its columns, integers `(k,)`.
        values: of these columns, `(n, k)`, for all training samples.
    """

    name: str
    places: np.ndarray
    values: np.ndarray


class Learned(NamedTuple):
    """An encoder, and what it has to forget of the training samples; None where it never saw what is to be predicted.

    Attributes:
        encoder: for all samples.
        unseen: for those to train on.
    """

    encoder: Encoder
    unseen: Unseen | None = None


@dataclass(frozen=True, eq=False)
class Dataset:
    """Checked samples with encoded targets.

    Attributes:
        samples: in the encoder's container, perhaps the user's own array.
        y: class numbers int32 `(n,)`, or float32 `(n, outputs)`.
        weights: float32 `(n,)`; None: all samples count the same.
        encoder: from samples to what networks see.
        target: the way from labels or numbers to `y` and back.
        warnings: sentences about the data that belong in the report.
    """

    samples: Any
    y: np.ndarray
    weights: np.ndarray | None
    encoder: Encoder
    target: Target
    warnings: tuple[str, ...] = ()

    @property
    def chance(self) -> float:
        """Accuracy of always answering the most frequent class; 0 for anything but classes."""
        return float(np.bincount(self.y).max() / len(self.y)) if self.target.answer.kind == "classes" else 0.0

    def held_out(self, x: Any, y: Any) -> "Dataset":
        """Other samples of the same kind, as a data set.

        Raises:
            InputError: they do not fit to those of this one, or to each other.
        """
        samples, encoded = self.encoder.check(x), self.target.encode(y)
        if len(samples) != len(encoded):
            raise InputError(
                "`validation_data` must hold as many samples as labels. "
                f"Received {len(samples)} samples and {len(encoded)} labels."
            )
        return Dataset(samples, encoded, None, self.encoder, self.target)


def ingest(
    received: Any,
    y: Any,
    *,
    sample_weight: Any = None,
    target: Callable[[Any], Target] = ClassTarget.learn,
    learn: Callable[[Any], tuple[Any, Encoder]],
) -> Dataset:
    """Samples and what is to be predicted as data to train on; what is quick to check is checked first.

    Args:
        received: samples that have a length.
        y: what to predict, `(n,)` or `(n, outputs)`.
        sample_weight: how much each sample counts, `(n,)`, not negative; None: all the same.
        target: learns the target from `y`.
        learn: makes of `received` the samples in their container, and their encoder.

    Raises:
        InputError: samples, targets or weights are not usable; the message says which and why.
    """
    if _length(y) not in (None, len(received)):
        raise InputError(
            f"`x` and `y` must have the same length. Received {len(received)} samples and {_length(y)} labels."
        )
    learned = target(y)
    encoded = learned.encode(y)
    weights = None if sample_weight is None else _weights(sample_weight, len(received))
    samples, encoder = learn(received)
    warnings = _warnings(encoded, learned) if isinstance(learned, ClassTarget) else ()
    return Dataset(samples, encoded, weights, encoder, learned, warnings)


def _length(y: Any) -> int | None:
    """How many labels there are; None where only the target can say what is wrong with `y`."""
    shape = getattr(y, "shape", None)
    if shape is not None:
        return int(shape[0]) if len(shape) else None
    return len(y) if isinstance(y, (list, tuple)) else None


def _weights(sample_weight: Any, count: int) -> np.ndarray:
    advice = "`sample_weight` must be finite numbers, one per sample, not negative and not all zero."
    try:
        weights = np.asarray(sample_weight, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise InputError(f"{advice} Received {sample_weight!r}.") from error
    if weights.shape != (count,):
        raise InputError(f"{advice} Received shape {weights.shape} for {count} samples.")
    unusable = ~np.isfinite(weights) | (weights < 0)
    if unusable.any():
        first = int(np.argmax(unusable))
        raise InputError(f"{advice} Received {float(weights[first])} at row {first}; {unusable.sum()} are unusable.")
    if not weights.any():
        raise InputError(f"{advice} Received {count} zeros; leave it out to count all samples the same.")
    return weights


def _warnings(labels: np.ndarray, target: ClassTarget) -> tuple[str, ...]:
    counts = np.bincount(labels, minlength=len(target.labels))
    warnings = []
    alone = [repr(target.labels[index]) for index in np.flatnonzero(counts == 1)]
    if alone:
        names = ", ".join(alone[:5]) + (", ..." if len(alone) > 5 else "")
        warnings.append(f"{len(alone)} of {len(counts)} classes have a single sample and cannot be validated: {names}.")
    if counts.max() > STRONG_IMBALANCE * counts.min():
        most, least = target.labels[counts.argmax()], target.labels[counts.argmin()]
        warnings.append(
            f"The classes are strongly imbalanced: {counts.max()} samples of {most!r}, {counts.min()} of {least!r}."
        )
    return tuple(warnings)
