"""`TableEncoder`: what a table is, learned once, and the way from its rows to the arrays that networks see."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import pandas as pd

from easynas.data.cells import from_iso, iso
from easynas.data.columns import (
    Column,
    DateColumn,
    DroppedColumn,
    NumberColumn,
    TextColumn,
    Used,
    column_config,
    column_from_config,
)
from easynas.data.frame import Frame, Table, frame
from easynas.data.kinds import KINDS, learn_column
from easynas.errors import InputError

_CHUNK_CELLS = 1 << 21
_MOST_TWOFOLD = 30  # columns that are numbers and categories at once


@dataclass(frozen=True)
class TableEncoder:
    """The columns of a table.

    Attributes:
        columns: all of them, in the order they came in.
        named: whether columns have names, rather than positions.
    """

    columns: tuple[Column, ...]
    named: bool

    @classmethod
    def learn(cls, x: Any, *, column_types: Mapping[Any, str] | None = None) -> Self:
        """Returns the encoder for tables like `x`.

        Args:
            x: see `frame`.
            column_types: kinds of columns by their names, of `kinds.KINDS`; columns without names go by position.
                Columns that it does not name are found out.

        Raises:
            InputError: `x` is no table, no column tells anything, or `column_types` names what does not exist.
        """
        cells, named = frame(x)
        chosen = _chosen(column_types or {}, list(cells.columns), named=named)
        columns: list[Column] = [learn_column(name, cells[name], chosen.get(name)) for name in cells.columns]
        if all(isinstance(column, DroppedColumn) for column in columns):
            reasons = "; ".join(f"{column.name!r}: {column.profile.why}" for column in columns[:5])
            raise InputError(
                "`x` must have a column that tells samples apart. "
                f"Received {len(columns)} columns without use: {reasons}"
            )
        return cls(tuple(_not_too_often_twofold(columns)), named)

    def check(self, x: Any) -> Table:
        """Returns the samples of `x`, columns by name in any order, or by position where one side has no names.

        Columns that were dropped may be left out.

        Raises:
            InputError: a column is absent, unknown, or of another kind than in `learn`.
        """
        cells = self._aligned(frame(x))
        read = {}
        for column in self.used:
            read[column.name] = column.read(cells[column.name])
            _require_kind(column, cells[column.name], read[column.name])
        return Table(read)

    def encode(self, samples: Table) -> dict[str, np.ndarray]:
        """Returns `numbers` float32 `(n, F)`, NaN where missing, and `categories` int32 `(n, G)`, if there are any.

        Categories are 0 where missing, 1 where unknown or rare, then from the most frequent one on.
        """
        numbers, categories = [], []
        for column in self.used:
            read = samples.columns[column.name]
            numbers += column.numbers(read)
            categories += column.categories(read)
        arrays = {"numbers": numbers, "categories": categories}
        return {name: np.stack(parts, axis=1) for name, parts in arrays.items() if parts}

    @property
    def used(self) -> tuple[Used, ...]:
        """The columns that networks see something of."""
        return tuple(column for column in self.columns if not isinstance(column, DroppedColumn))

    @property
    def inputs(self) -> dict[str, tuple[tuple[int, ...], str]]:
        """Name -> shape without batch and dtype of the arrays of `encode`."""
        widths = {"numbers": (len(self.number_names), "float32"), "categories": (len(self.sizes), "int32")}
        return {name: ((width,), dtype) for name, (width, dtype) in widths.items() if width}

    @property
    def number_names(self) -> tuple[str, ...]:
        """What every column of `numbers` is, in words."""
        return tuple(name for column in self.used for name in column.number_names)

    @property
    def sizes(self) -> tuple[int, ...]:
        """How many codes every column of `categories` has, at least 2."""
        return tuple(size for column in self.used for size in column.sizes)

    @property
    def input_names(self) -> tuple[str, ...]:
        """Names of the shipped model's inputs, one a used column: its own, but Keras allows no slash in it."""
        names: list[str] = []
        for column in self.used:
            name = column.name.replace("/", "_").replace("\\", "_") or "_"
            while name in names:
                name += "_"
            names.append(name)
        return tuple(names)

    def raw(self, samples: Table) -> dict[str, np.ndarray]:
        """Returns samples as the shipped model takes them, `(n, 1)` by `input_names`: numbers, or text; ISO dates."""
        raw = {}
        for column, name in zip(self.used, self.input_names, strict=True):
            cells = samples.columns[column.name]
            plain = iso(cells) if isinstance(column, DateColumn) else cells
            raw[name] = (plain.astype(str) if plain.dtype == object else plain)[:, None]
        return raw

    def restore(self, raw: Mapping[str, np.ndarray]) -> Table:
        """Returns the samples that `raw` made such arrays of."""
        columns = {}
        for column, name in zip(self.used, self.input_names, strict=True):
            cells = raw[name][:, 0]
            read = from_iso(cells) if isinstance(column, DateColumn) else cells
            columns[column.name] = read.astype(object) if read.dtype.kind == "U" else read
        return Table(columns)

    @property
    def chunk(self) -> int:
        """How many rows make a few megabytes."""
        grams = sum(column.most_grams for column in self.used if isinstance(column, TextColumn))
        return max(1, _CHUNK_CELLS // max(1, len(self.number_names) + len(self.sizes) + grams))

    @property
    def learned(self) -> str:
        """The columns with their kinds; all else is in the cells."""
        return repr([(column.name, column.profile.kind) for column in self.columns])

    def summary(self) -> pd.DataFrame:
        """A row a column: its name, kind, share of missing cells in %, different values, and why it is that kind."""
        rows = [
            (column.name, found.kind, round(100 * found.missing, 1), found.distinct, found.why)
            for column in self.columns
            for found in (column.profile,)
        ]
        return pd.DataFrame(rows, columns=["column", "kind", "missing_percent", "distinct", "why"])

    def to_config(self) -> dict[str, Any]:
        """Returns the encoder as plain JSON values."""
        return {"columns": [column_config(column) for column in self.columns], "named": self.named}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Returns the encoder that `to_config` described."""
        return cls(tuple(column_from_config(column) for column in config["columns"]), config["named"])

    def _aligned(self, given: Frame) -> pd.DataFrame:
        """The cells under the names of `learn`."""
        names = [column.name for column in self.columns]
        if not (self.named and given.named):
            if given.cells.shape[1] != len(names):
                # The first words are the ones of scikit-learn's own estimators.
                raise InputError(
                    f"X has {given.cells.shape[1]} features, but easynas is expecting {len(names)} features as input. "
                    "Columns without names are told apart by their position; pass all that `fit` saw."
                )
            return given.cells.set_axis(names, axis=1)
        absent = [column.name for column in self.used if column.name not in given.cells]
        strange = [str(name) for name in given.cells if name not in names]
        if absent or strange:
            parts = [f"no {_some(absent)}"] if absent else []
            parts += [f"{_some(strange)}, which `fit` never saw"] if strange else []
            raise InputError(
                f"`x` must have the columns seen in `fit`, in any order. Received {' and '.join(parts)}; "
                "rename, add or drop columns."
            )
        return given.cells


def _chosen(column_types: Mapping[Any, str], names: list[str], *, named: bool) -> dict[str, str]:
    chosen = {}
    for key, kind in column_types.items():
        name = f"x{key}" if not named and isinstance(key, int) else str(key)
        if name not in names:
            raise InputError(f"`column_types` must name columns of `x`: {_some(names)}. Received {key!r}.")
        if kind not in KINDS:
            raise InputError(f"A kind in `column_types` must be one of {list(KINDS)}. Received {kind!r} for {key!r}.")
        chosen[name] = kind
    return chosen


def _not_too_often_twofold(columns: list[Column]) -> list[Column]:
    """A table of counts or pixels has numbers with few values everywhere, and they are numbers only."""
    if sum(isinstance(column, NumberColumn) and bool(column.values) for column in columns) <= _MOST_TWOFOLD:
        return columns
    return [replace(column, values=()) if isinstance(column, NumberColumn) else column for column in columns]


def _require_kind(column: Used, cells: pd.Series, read: np.ndarray) -> None:
    """A few cells that say nothing readable are missing; a column full of them is another column."""
    if read.dtype != np.float64 or not np.isnan(read).all():
        return
    said = cells.dropna()
    texts = [cell for cell in said.astype(object) if isinstance(cell, str) and cell.strip()]
    if (
        len(texts) == len(said)
        and len(texts) > 0
        and not set(texts) & {"?", "NA", "nan", "NaN", "None", "null", "NULL"}
    ):
        raise InputError(
            f"Column {column.name!r} must be {column.profile.kind} as in `fit`. Received {texts[0]!r}, for example; "
            "convert it as the training data was."
        )


def _some(names: list[str]) -> str:
    return ", ".join(repr(name) for name in names[:10]) + (", ..." if len(names) > 10 else "")
