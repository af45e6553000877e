"""`frame`: whatever holds a table, as a pandas DataFrame with named columns; `Table`: its columns once they are read.

Nothing is interpreted here: cells stay what they are. Some messages have words of scikit-learn's own in them, which its
checks of estimators look for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from easynas.errors import InputError

_ADVICE = (
    "`x` must be a table: a DataFrame, a dict of columns, a list of rows, or an array of shape (n, columns), "
    "with at least one row and one column."
)


@dataclass(frozen=True, eq=False)
class Table:
    """Checked samples, column by column: what `TableEncoder.encode` and the exported Keras model take.

    Attributes:
        columns: name -> cells `(n,)`: float64 for numbers (NaN where missing), dates (seconds since 1970, NaN where
            missing); text objects for categories and free text (as they came; missing ones are "").
    """

    columns: Mapping[str, np.ndarray]

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))

    def __getitem__(self, rows: np.ndarray | slice) -> "Table":
        return Table({name: cells[rows] for name, cells in self.columns.items()})


class Frame(NamedTuple):
    """A table with its cells as they came.

    Attributes:
        cells: every column under a text.
        named: whether the names are the user's, rather than `x0`, `x1`, ... for positions.
    """

    cells: pd.DataFrame
    named: bool


def frame(x: Any) -> Frame:
    """Returns `x` as a DataFrame.

    Args:
        x: a pandas or polars DataFrame, a dict of columns, a list of rows (lists, tuples or dicts), or an array
            `(n, columns)` of any type, also a structured one `(n,)`.

    Raises:
        InputError: it is no table, is empty, or two columns have the same name.
    """
    cells, named = _cells(x)
    rows, columns = cells.shape
    if rows == 0 or columns == 0:
        received = f"{rows} sample(s)" if rows == 0 else f"{columns} feature(s)"
        raise InputError(f"{_ADVICE} Received {received} (shape=({rows}, {columns})) while a minimum of 1 is required.")
    if isinstance(cells.columns, pd.MultiIndex):
        raise InputError(
            "Columns must have one name each. Received a MultiIndex; join its levels, for example with "
            '`x.columns = ["_".join(name) for name in x.columns]`.'
        )
    names = [str(name) for name in cells.columns] if named else [f"x{index}" for index in range(cells.shape[1])]
    twice = sorted({name for name in names if names.count(name) > 1}) if len(set(names)) < len(names) else []
    if twice:
        raise InputError(f"Columns must have different names. Received {twice[0]!r} more than once; rename or drop it.")
    return Frame(cells.set_axis(names, axis=1), named)


def _cells(x: Any) -> tuple[pd.DataFrame, bool]:
    if isinstance(x, pd.DataFrame):
        return x, True
    if type(x).__module__.partition(".")[0] == "polars" and hasattr(x, "collect_schema"):
        table = x.collect() if hasattr(x, "collect") else x
        return pd.DataFrame({name: table[name].to_numpy() for name in table.columns}), True
    if hasattr(x, "tocsr") or hasattr(x, "toarray"):
        raise InputError(f"`x` must be a full table. Received a sparse {type(x).__name__}; pass `x.toarray()`.")
    if isinstance(x, Mapping):
        return _by_column(x), True
    if isinstance(x, (list, tuple)):
        return _by_row(x)
    if isinstance(x, (str, bytes)) or hasattr(x, "__fspath__"):
        raise InputError(f"{_ADVICE} Received {str(x)!r}; read a file first, with `easynas.data.read_table`.")
    return _by_position(np.asarray(x))


def _by_column(columns: Mapping[Any, Any]) -> pd.DataFrame:
    lengths = {name: len(cells) if hasattr(cells, "__len__") else None for name, cells in columns.items()}
    if len(set(lengths.values())) > 1 or None in lengths.values():
        raise InputError(f"All columns must be lists or arrays of the same length. Received lengths {lengths}.")
    # By position: two Series with other row labels than each other belong together all the same.
    return pd.DataFrame(
        {name: cells.array if isinstance(cells, pd.Series) else cells for name, cells in columns.items()}
    )


def _by_row(rows: Sequence[Any]) -> tuple[pd.DataFrame, bool]:
    if rows and all(isinstance(row, Mapping) for row in rows):
        return pd.DataFrame(list(rows)), True
    strange = next((index for index, row in enumerate(rows) if not isinstance(row, (list, tuple, np.ndarray))), None)
    if strange is not None:
        raise InputError(f"{_ADVICE} Received {rows[strange]!r} at row {strange}; every row must be a list of cells.")
    lengths = [len(row) for row in rows]
    if len(set(lengths)) > 1:
        odd = next(index for index, length in enumerate(lengths) if length != lengths[0])
        raise InputError(f"All rows must have {lengths[0]} cells like the first. Received {lengths[odd]} at row {odd}.")
    return pd.DataFrame([list(row) for row in rows]), False


def _by_position(array: np.ndarray) -> tuple[pd.DataFrame, bool]:
    if array.dtype.names is not None and array.ndim == 1:
        return pd.DataFrame(array), True
    if array.ndim != 2:
        one = " Reshape your data: `x.reshape(-1, 1)` if it is one column, `x.reshape(1, -1)` if it is one row."
        raise InputError(f"{_ADVICE} Received shape {array.shape}.{one if array.ndim == 1 else ''}")
    if array.dtype.kind == "c":
        raise InputError(
            "Complex data not supported: cells must be numbers, text, booleans or dates. "
            "Received complex numbers; pass their real and imaginary parts."
        )
    return pd.DataFrame(array), False
