"""`LabelsTarget`: any number of labels a sample (multi-label), learned once, and the way to indicators and back."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd

from easynas.data.target import Label
from easynas.errors import InputError
from easynas.schema import Answer

_FORMS: dict[type, str] = {list: "list", tuple: "tuple", set: "set", frozenset: "frozenset"}
_MAKE = {"list": list, "tuple": tuple, "set": set, "frozenset": frozenset}
_ADVICE = (
    "`y` must be a matrix of 0 and 1, shape (n, labels), or a list or set of labels for every sample, "
    'such as [["red", "large"], []].'
)


@dataclass(frozen=True)
class LabelsTarget:
    """The labels that a sample may have; label `i` is output `i` of the network.

    Attributes:
        labels: all labels as plain Python values: column names or positions of a matrix, or the sorted labels found.
        form: how they were given and come back: "matrix", "frame" (pandas), or the container that a sample's labels
            were in: "list", "tuple", "set", "frozenset".
        dtype: numpy's string for the type of a matrix; empty for the other forms.
        thresholds: probability from which each label is given, in [0, 1]; empty: one half for all.
    """

    labels: tuple[Label, ...]
    form: str
    dtype: str = ""
    thresholds: tuple[float, ...] = ()

    @classmethod
    def learn(cls, y: Any) -> Self:
        """Returns the target with the labels found in `y`.

        Args:
            y: indicators `(n, labels)` of 0 and 1 or booleans, as an array or a DataFrame whose columns name the
                labels; or a list, array or Series that holds a list, tuple or set of labels for every sample, perhaps
                an empty one.

        Raises:
            InputError: it is neither of these, has no label at all, or mixes text with numbers.
        """
        if _is_lists(y):
            samples = _samples(y)
            return cls(_found(samples), _FORMS[type(samples[0])])
        matrix = _matrix(y)
        if isinstance(y, pd.DataFrame):
            names = tuple(_plain(name) for name in y.columns)
            return cls(names, "frame", str(matrix.dtype))
        return cls(tuple(range(matrix.shape[1])), "matrix", matrix.dtype.str)

    @property
    def answer(self) -> Answer:
        """What a network answers about one sample."""
        return Answer("labels", len(self.labels))

    def encode(self, y: Any) -> np.ndarray:
        """Returns 1 where a sample has a label and 0 elsewhere, float32 `(n, labels)`.

        A DataFrame's columns may come in any order; `y` may also come in another form than in `learn` where the
        labels are the same.

        Raises:
            InputError: a label is unknown, or the number of columns differs.
        """
        if _is_lists(y):
            return self._encode_lists(_samples(y))
        if isinstance(y, pd.DataFrame) and self.form == "frame":
            absent = [name for name in self.labels if name not in y.columns]
            if absent:
                raise InputError(f"`y` must have the columns seen in `fit`. Received none named {absent[0]!r}.")
            y = y[list(self.labels)]
        matrix = _matrix(y)
        if matrix.shape[1] != len(self.labels):
            raise InputError(
                f"`y` must have the {len(self.labels)} labels seen in `fit` as columns. Received {matrix.shape[1]}."
            )
        return matrix.astype(np.float32)

    def decode(self, probabilities: Any, thresholds: Any = 0.5) -> Any:
        """Returns the labels with probabilities above their thresholds, in the form they were given in.

        Args:
            probabilities: of every label, `(n, labels)`.
            thresholds: one for all or one a label, `(labels,)`, in [0, 1]; a probability of exactly as much counts.
        """
        chosen = np.asarray(probabilities) >= np.asarray(thresholds)
        if self.form == "matrix":
            return chosen.astype(self.dtype)
        if self.form == "frame":
            return pd.DataFrame(chosen.astype(self.dtype), columns=list(self.labels))
        make = _MAKE[self.form]
        return [make(self.labels[index] for index in np.flatnonzero(row)) for row in chosen]

    def decided(self, answers: np.ndarray) -> np.ndarray:
        """Returns which labels have probabilities `(n, labels)` from their thresholds on, bool `(n, labels)`."""
        return np.asarray(answers >= np.asarray(self.thresholds or 0.5))

    def predictions(self, answers: np.ndarray) -> Any:
        """Returns the labels with probabilities `(n, labels)` from their thresholds on."""
        return self.decode(answers, np.asarray(self.thresholds or 0.5))

    @property
    def classes(self) -> np.ndarray:
        """The labels `(labels,)`."""
        return np.array(self.labels)

    def to_config(self) -> dict[str, Any]:
        """Returns the target as plain JSON values."""
        thresholds = list(self.thresholds)
        return {"labels": list(self.labels), "form": self.form, "dtype": self.dtype, "thresholds": thresholds}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Returns the target that `to_config` described."""
        return cls(tuple(config["labels"]), config["form"], config["dtype"], tuple(config["thresholds"]))

    def _encode_lists(self, samples: list[Any]) -> np.ndarray:
        position = {label: index for index, label in enumerate(self.labels)}
        encoded = np.zeros((len(samples), len(self.labels)), np.float32)
        for row, sample in enumerate(samples):
            for label in sample:
                if _plain(label) not in position:
                    raise InputError(
                        f"Every label must be one of the {len(self.labels)} seen in `fit`: {_some(self.labels)}. "
                        f"Received {_plain(label)!r} at row {row}."
                    )
                encoded[row, position[_plain(label)]] = 1
        return encoded


def is_multilabel(y: Any) -> bool:
    """Whether `y` says for every sample which of several labels it has; one-hot rows are classes, not labels."""
    if _is_lists(y):
        return True
    shape = getattr(y, "shape", None) or np.shape(np.asarray(y, dtype=object))
    if len(shape) != 2 or shape[1] < 2:
        return False
    matrix = np.asarray(y)
    indicators = matrix.dtype.kind in "biuf" and bool(np.isin(matrix, (0, 1)).all())
    return indicators and not bool((matrix.sum(axis=1) == 1).all())


def _is_lists(y: Any) -> bool:
    """Whether `y` holds collections of labels; a list of lists of 0 and 1 of one length is a matrix instead."""
    if isinstance(y, pd.DataFrame) or getattr(y, "ndim", 1) != 1:
        return False
    samples = list(y) if isinstance(y, Iterable) and not isinstance(y, (str, bytes)) else []
    if not samples or not any(type(sample) in _FORMS for sample in samples):
        return False
    if not all(type(sample) in (list, tuple) for sample in samples):
        return True
    lengths = {len(sample) for sample in samples}
    indicators = all(_is_indicator(value) for sample in samples for value in sample)
    return len(lengths) > 1 or lengths == {0} or not indicators


def _is_indicator(value: Any) -> bool:
    return isinstance(value, (bool, int, float, np.number, np.bool_)) and value in (0, 1)


def _samples(y: Any) -> list[Any]:
    samples = list(y)
    strange = next((row for row, sample in enumerate(samples) if type(sample) not in _FORMS), None)
    if strange is not None:
        raise InputError(f"{_ADVICE} Received {samples[strange]!r} at row {strange}; use [] for no labels.")
    return samples


def _found(samples: list[Any]) -> tuple[Label, ...]:
    found = {_plain(label) for sample in samples for label in sample}
    text = [label for label in found if isinstance(label, str)]
    numbers = [label for label in found if isinstance(label, (int, float)) and label == label]
    if not found:
        raise InputError(f"{_ADVICE} Received {len(samples)} samples without a single label.")
    if len(found) not in (len(text), len(numbers)):
        names = ", ".join(sorted({type(label).__name__ for label in found}))
        raise InputError(
            f"Labels must be all text or all numbers, none missing. Received values of type {names}; convert them "
            "first, for example with `[[str(label) for label in sample] for sample in y]`."
        )
    return tuple(sorted(found))


def _matrix(y: Any) -> np.ndarray:
    """The indicators `(n, labels)` in their own dtype."""
    matrix = np.asarray(y)
    if matrix.ndim == 1 and matrix.size and isinstance(matrix.flat[0], str):
        raise InputError(f"{_ADVICE} Received text such as {str(matrix[0])!r}; split it, as in `y.split('|')`.")
    if matrix.ndim != 2 or matrix.size == 0:
        raise InputError(f"{_ADVICE} Received shape {matrix.shape}.")
    if matrix.dtype == object and all(_is_indicator(value) for value in matrix.flat):
        matrix = np.array(matrix.tolist())
    if matrix.dtype.kind not in "biuf" or not np.isin(matrix, (0, 1)).all():
        strange = next((value for value in matrix.flat if not _is_indicator(value)), matrix.flat[0])
        raise InputError(f"{_ADVICE} Received a matrix that holds {_plain(strange)!r}.")
    return matrix


def _plain(label: Any) -> Label:
    plain: Label = label.item() if isinstance(label, np.generic) else label
    return plain


def _some(labels: tuple[Label, ...]) -> str:
    return ", ".join(repr(label) for label in labels[:10]) + (", ..." if len(labels) > 10 else "")
