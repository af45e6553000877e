"""`NumberTarget`: the numbers of a regression, standardised for networks and brought back to the user's units.

Standardised in float64, so that numbers that differ little for their size (years, coordinates, prices in cents) keep
all the digits that float32 has.
"""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd

from easynas.errors import InputError
from easynas.schema import Answer


@dataclass(frozen=True)
class NumberTarget:
    """The numbers of a regression; number `i` is output `i` of the network.

    Attributes:
        mean: mean of every number over the training samples, in the user's units.
        scale: standard deviation of every number, positive; 1 for one that never changes.
        names: the user's names of the numbers, where they came in pandas; else empty.
        flat: whether a sample has one number `(n,)` rather than a row of them `(n, k)`.
        dtype: numpy's string for the type of decoded numbers: `"<f4"` if they came as float32, else `"<f8"`.
    """

    mean: tuple[float, ...]
    scale: tuple[float, ...]
    names: tuple[str, ...] = ()
    flat: bool = True
    dtype: str = "<f8"

    @classmethod
    def learn(cls, y: Any) -> Self:
        """Returns the target with the statistics of `y`.

        Args:
            y: numbers `(n,)` or `(n, k)`: integers, booleans or floats, as an array, list, pandas Series or DataFrame.

        Raises:
            InputError: numbers are missing, infinite or text, or all are the same.
        """
        values, flat = _numbers(y)
        first = values[0]
        # Differences from the first row: a large common offset costs no digits, and a constant has exactly no spread.
        mean = first + (values - first).mean(axis=0)
        spread = (values - first).std(axis=0)
        if not spread.any():
            raise InputError(
                f"`y` must hold numbers that differ between samples. Received {len(values)} samples that all have "
                f"{_plain(first)}; there is nothing to learn."
            )
        scale = np.where(spread > 0, spread, 1.0)
        single = getattr(y, "dtype", None) == np.float32
        return cls(tuple(mean.tolist()), tuple(scale.tolist()), _names(y), flat, "<f4" if single else "<f8")

    @property
    def answer(self) -> Answer:
        """What a network answers about one sample."""
        return Answer("numbers", len(self.mean), self.mean, self.scale)

    def encode(self, y: Any) -> np.ndarray:
        """Returns `(y - mean) / scale`, float32 `(n, k)`.

        Raises:
            InputError: a number is missing, infinite or text, or a sample has more or fewer than in `learn`.
        """
        values, _ = _numbers(y)
        if values.shape[1] != len(self.mean):
            raise InputError(
                f"`y` must have the {len(self.mean)} numbers a sample seen in `fit`. Received {values.shape[1]}."
            )
        standardised = (values - np.array(self.mean)) / np.array(self.scale)
        return np.asarray(standardised, np.float32)

    def decode(self, standardised: Any) -> np.ndarray:
        """Returns numbers in the user's units, `(n,)` or `(n, k)` as in `learn`, from standardised ones `(n, k)`."""
        values = np.asarray(standardised, np.float64).reshape(-1, len(self.mean))
        values = values * np.array(self.scale) + np.array(self.mean)
        return np.asarray((values[:, 0] if self.flat else values).astype(self.dtype))

    def decided(self, answers: np.ndarray) -> np.ndarray:
        """Returns `answers` `(n, k)`: of numbers there is nothing to decide."""
        return answers

    def predictions(self, answers: np.ndarray) -> np.ndarray:
        """Returns numbers `(n, k)` that are in the user's units already, in shape and type as in `learn`."""
        return np.asarray((answers[:, 0] if self.flat else answers).astype(self.dtype))

    def to_config(self) -> dict[str, Any]:
        """Returns the target as plain JSON values."""
        return {
            "mean": list(self.mean),
            "scale": list(self.scale),
            "names": list(self.names),
            "flat": self.flat,
            "dtype": self.dtype,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Returns the target that `to_config` described."""
        return cls(
            mean=tuple(config["mean"]),
            scale=tuple(config["scale"]),
            names=tuple(config["names"]),
            flat=config["flat"],
            dtype=config["dtype"],
        )


def _numbers(y: Any) -> tuple[np.ndarray, bool]:
    """The numbers as float64 `(n, k)`, all finite, and whether they came as `(n,)`."""
    raw = _raw(y)
    if raw.ndim not in (1, 2) or raw.size == 0:
        raise InputError(
            "`y` must hold numbers of shape (n,) or (n, k), at least one. "
            f"Received shape {raw.shape}; pass one number or one row of numbers a sample."
        )
    rows = raw.reshape(len(raw), -1)
    _require_present(rows)
    values = _floats(rows)
    infinite = ~np.isfinite(values).all(axis=1)
    if infinite.any():
        first = int(np.argmax(infinite))
        raise InputError(
            f"`y` must hold finite numbers. Received {_plain(rows[first])} at row {first}; {infinite.sum()} of "
            f"{len(rows)} samples are infinite: repair or drop them."
        )
    return values, raw.ndim == 1


def _raw(y: Any) -> np.ndarray:
    if isinstance(y, (str, bytes)):
        raise InputError(f"`y` must be a list or array of numbers, one per sample. Received one text: {y!r}.")
    try:
        return np.asarray(y, dtype=object) if isinstance(y, (list, tuple)) else np.asarray(y)
    except ValueError as error:  # rows that agree in their first sizes only
        raise InputError(
            f"`y` must have the same number of values in every sample. Received rows of unequal shape: {y[:2]!r}."
        ) from error


def _require_present(rows: np.ndarray) -> None:
    missing = np.asarray(pd.isna(rows)).any(axis=1)
    if missing.any():
        raise InputError(
            f"`y` must have a number in every row. Received {int(missing.sum())} missing of {len(rows)}, the first at "
            f"row {int(np.argmax(missing))}; drop these rows."
        )


def _floats(rows: np.ndarray) -> np.ndarray:
    """The numbers as float64; what is no number is named, and text is none even if it reads like one."""
    if rows.dtype.kind in "biuf":
        return rows.astype(np.float64)
    strange = next((value for value in rows.flat if not _is_number(value)), None)
    if strange is not None or rows.dtype.kind != "O":
        received = repr(strange) if strange is not None else f"dtype {rows.dtype}"
        raise InputError(
            f"`y` must hold numbers for a regression. Received {received}; convert them, for example with "
            "`y.astype(float)`, or use the classifier if they are classes."
        )
    return rows.astype(np.float64)


def _is_number(value: Any) -> bool:
    if isinstance(value, (str, bytes, complex, np.complexfloating)):
        return False
    return hasattr(value, "__float__")  # also of exact decimals and fractions


def _names(y: Any) -> tuple[str, ...]:
    if isinstance(y, pd.DataFrame):
        return tuple(str(name) for name in y.columns)
    if isinstance(y, pd.Series) and y.name is not None:
        return (str(y.name),)
    return ()


def _plain(row: np.ndarray) -> Any:
    return row.tolist()[0] if len(row) == 1 else row.tolist()
