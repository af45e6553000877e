"""`ClassTarget`: what the classes are, learned once, and the way from labels to numbers and back.

Labels are compared by value, as Python does (`1 == 1.0 == True`), so data to predict may come in another width than the
training data. What comes out of `decode` has the dtype that went into `learn`.
"""

from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
import pandas as pd

from easynas.errors import InputError
from easynas.schema import Answer

Label = str | int | float | bool


@dataclass(frozen=True)
class ClassTarget:
    """The classes of a classification, in sorted order; class `i` is output `i` of the network.

    Attributes:
        labels: the classes as plain Python values.
        dtype: numpy's string for the type the labels were given in, e.g. `"<i8"`, `"<U11"` or `"|O"`.
        thresholds: of every class, positive: what is predicted is the class whose probability is the largest multiple
            of its threshold; empty: the most probable one.
    """

    labels: tuple[Label, ...]
    dtype: str
    thresholds: tuple[float, ...] = field(
        default=(), repr=False
    )  # found while training: no part of what data are called

    @classmethod
    def learn(cls, y: Any) -> Self:
        """Returns the target with the classes found in `y`.

        Args:
            y: labels `(n,)` or `(n, 1)`: integers, booleans, text, or floats that are whole numbers, as an array, list,
                pandas Series or Index.

        Raises:
            InputError: labels are missing, continuous, mixed, one-hot encoded or all the same.
        """
        values = _column(y)
        found = np.unique(values)
        if found.dtype.kind == "f":
            _require_whole(values)
        if len(found) < 2:
            raise InputError(
                f"`y` must have at least two classes. Received {len(values)} labels of 1 class: {_plain(found[0])!r}."
            )
        return cls(tuple(_plain(label) for label in found), _dtype_name(found.dtype))

    @property
    def answer(self) -> Answer:
        """What networks answer."""
        return Answer("classes", len(self.labels))

    @property
    def classes(self) -> np.ndarray:
        """The classes `(classes,)` in the dtype they were given in, sorted."""
        return np.array(self.labels, dtype=self.dtype)

    def encode(self, y: Any) -> np.ndarray:
        """Returns the position of every label among the classes, int32 `(n,)`.

        Raises:
            InputError: a label is missing, or is none of the classes.
        """
        values = _column(y)
        found, inverse = np.unique(values, return_inverse=True)
        position = {label: index for index, label in enumerate(self.labels)}
        table = np.array([position.get(_plain(label), -1) for label in found], dtype=np.int32)
        indices = table[inverse]
        if (indices < 0).any():
            raise InputError(self._unknown(values, indices < 0))
        return indices

    def decode(self, indices: Any) -> np.ndarray:
        """Returns the labels at `indices`, integers of any shape, in the dtype the labels were given in."""
        return np.asarray(self.classes[np.asarray(indices)])

    def decided(self, answers: np.ndarray) -> np.ndarray:
        """Returns the position of the class for every row of `answers` `(n, classes)`, given the thresholds."""
        return np.asarray((answers / np.array(self.thresholds or 1.0)).argmax(axis=1))

    def predictions(self, answers: np.ndarray) -> np.ndarray:
        """Returns the label for every row of `answers` `(n, classes)`, given the thresholds."""
        return self.decode(self.decided(answers))

    def to_config(self) -> dict[str, Any]:
        """Returns the target as plain JSON values."""
        return {"labels": list(self.labels), "dtype": self.dtype, "thresholds": list(self.thresholds)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Returns the target that `to_config` described."""
        return cls(tuple(config["labels"]), config["dtype"], tuple(config["thresholds"]))

    def _unknown(self, values: np.ndarray, unknown: np.ndarray) -> str:
        first = int(np.argmax(unknown))
        known = ", ".join(repr(label) for label in self.labels[:10]) + (", ..." if len(self.labels) > 10 else "")
        return (
            f"Every label must be one of the {len(self.labels)} classes seen in `fit`: {known}. "
            f"Received {_plain(values[first])!r} at row {first}; {unknown.sum()} of {len(values)} labels are unknown."
        )


def _column(y: Any) -> np.ndarray:
    """The labels as a numpy array `(n,)` of one kind, none missing."""
    if isinstance(y, (str, bytes)):
        raise InputError(f"`y` must be a list or array of labels, one per sample. Received one text: {y!r}.")
    if isinstance(y, pd.DataFrame) and y.shape[1] == 1:
        y = y.iloc[:, 0]
    raw = _raw(y)
    if raw.ndim == 2 and raw.shape[1] == 1:
        raw = raw[:, 0]
    _require_column(raw)
    _require_present(raw)
    values = _typed(y, raw)
    if values.dtype.kind not in "biufUOT":
        raise InputError(
            f"Labels must be integers, booleans, text or whole floats. Received dtype {values.dtype}; "
            "convert them first, for example with `y.astype(str)`."
        )
    return values


def _raw(y: Any) -> np.ndarray:
    """`y` before its missing values are known: lists become objects, or numpy would turn a None into text."""
    if not isinstance(y, (list, tuple)):
        return np.asarray(y)
    try:
        return np.asarray(y, dtype=object)
    except ValueError as error:  # arrays that agree in their first sizes only
        raise InputError(
            f"`y` must hold one label per sample. Received arrays of unequal shapes: {y[:2]!r}."
        ) from error


def _require_column(raw: np.ndarray) -> None:
    if raw.ndim == 1 and len(raw) > 0:
        return
    if raw.size == 0:
        raise InputError(f"`y` must hold one label per sample. Received an empty one of shape {raw.shape}.")
    advice = ""
    if raw.ndim == 2:
        one_hot = np.isin(raw, (0, 1)).all() and (raw.astype(np.float64).sum(axis=1) == 1).all()
        advice = " These look one-hot encoded: pass `y.argmax(axis=1)`." if one_hot else " Pass one column of it."
    raise InputError(f"`y` must be a column of labels, shape (n,) or (n, 1). Received shape {raw.shape}.{advice}")


def _require_present(values: np.ndarray) -> None:
    missing = np.asarray(pd.isna(values))
    if missing.any():
        raise InputError(
            f"`y` must have a label in every row. Received {int(missing.sum())} missing labels of {len(values)}, "
            f"the first at row {int(np.argmax(missing))}; drop these rows or give them a class of their own."
        )


def _typed(y: Any, raw: np.ndarray) -> np.ndarray:
    """`raw` in the dtype the user would name: numpy's for pandas' own types, and what numpy makes of a list."""
    if raw.dtype != object:
        return raw
    _require_one_kind(raw)
    if isinstance(y, (list, tuple)):
        return np.array(raw.tolist())
    pandas_type = getattr(y, "dtype", None)
    numpy_type = getattr(pandas_type, "numpy_dtype", None)  # of nullable integers, floats and booleans
    return raw if numpy_type is None else raw.astype(numpy_type)


def _require_one_kind(values: np.ndarray) -> None:
    """Text sorts with text, and True is not a number here, whatever Python says."""
    kinds = {type(value): _kind(value) for value in values}
    if len(set(kinds.values())) > 1 or None in kinds.values():
        names = ", ".join(sorted(kind.__name__ for kind in kinds))
        raise InputError(
            "Labels must be all text, all booleans or all whole numbers. "
            f"Received values of type {names}; convert them first, for example with `[str(label) for label in y]`."
        )


def _kind(value: Any) -> str | None:
    match value:
        case str():
            return "text"
        case bool() | np.bool_():
            return "boolean"
        case int() | float() | np.integer() | np.floating():
            return "number"
        case _:
            return None


def _require_whole(values: np.ndarray) -> None:
    broken = ~np.isfinite(values) | (values != np.floor(values))
    if broken.any():
        first = int(np.argmax(broken))
        # The first words are the ones scikit-learn's own classifiers use.
        raise InputError(
            "Unknown label type: continuous. Labels must be integers, booleans, text or whole floats. "
            f"Received {_plain(values[first])!r} at row {first}; these look like a regression target."
        )


def _plain(label: Any) -> Label:
    plain: Label = label.item() if isinstance(label, np.generic) else label
    return plain


def _dtype_name(dtype: np.dtype[Any]) -> str:
    return "T" if dtype.kind == "T" else dtype.str
