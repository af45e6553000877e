"""`Table`: an exported model of tables, run by a TFLite interpreter."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from easynas.runtime.answers import predictions
from easynas.runtime.columns import encode, restored
from easynas.runtime.description import read
from easynas.runtime.interpreter import Interpreter

_ADVICE = (
    "Rows must be a list of dicts, one a row; a dict of columns, anything that has `columns` and gives them by name "
    "(a DataFrame); or a list of rows with all cells in the order of the training data."
)


class Table:
    """Answers about the rows of a table.

    Args:
        path: the `.tflite` file.
        threads: of the interpreter.

    Raises:
        ValueError: no interpreter is installed, or the file is none of ours, or a newer easynas'.
    """

    def __init__(self, path: str | Path, *, threads: int = 1) -> None:
        self.description: dict[str, Any] = read(path)
        self._columns = [restored(column) for column in self.description["encoder"]["columns"]]
        self._interpreter = Interpreter(path, threads=threads)

    def predict_proba(self, rows: Any) -> np.ndarray:
        """What the network answers, float32 `(n, outputs)`: probabilities, or numbers in their units.

        Args:
            rows: see `encode`.

        Raises:
            ValueError: they are no rows, or a column is missing.
        """
        arrays = self.encode(rows)
        return self._interpreter.run(arrays, len(next(iter(arrays.values()))))

    def predict(self, rows: Any) -> list[Any]:
        """What is predicted for each row: a label, a list of labels, or numbers.

        Raises:
            ValueError: as `predict_proba`.
        """
        return predictions(self.predict_proba(rows), self.description["target"])

    def encode(self, rows: Any) -> dict[str, np.ndarray]:
        """What the network sees: `"numbers"`, float32 `(n, ...)`, and `"categories"`, int32 `(n, ...)`, as there are.

        Args:
            rows: a list of dicts, one a row; a dict of columns or a DataFrame; or a list of rows, or an array, with all
                cells in the order of the training data. None and NaN mean that nothing is known.

        Raises:
            ValueError: they are no rows, or a column is missing.
        """
        cells = _by_name(rows, [column["name"] for column in self._columns])
        numbers: list[np.ndarray] = []
        categories: list[np.ndarray] = []
        for column in self._columns:
            if column["type"] == "DroppedColumn":
                continue
            if column["name"] not in cells:
                raise ValueError(f"Rows must have the column {column['name']!r}. Received: {sorted(cells)[:10]}.")
            more_numbers, more_categories = encode(column, cells[column["name"]])
            numbers += more_numbers
            categories += more_categories
        found = {"numbers": numbers, "categories": categories}
        return {name: np.stack(parts, axis=1) for name, parts in found.items() if parts}


def _by_name(rows: Any, names: list[str]) -> dict[str, list[Any]]:
    """The cells of every column."""
    if isinstance(rows, Mapping) or hasattr(rows, "columns"):
        given = rows if isinstance(rows, Mapping) else {name: rows[name] for name in rows.columns}
        return {str(name): list(cells) for name, cells in given.items()}
    if isinstance(rows, np.ndarray):
        rows = rows.tolist()
    if not isinstance(rows, Sequence) or isinstance(rows, str):
        raise ValueError(f"{_ADVICE} Received {type(rows).__name__}.")  # noqa: TRY004 - all mistakes are of one type
    if rows and all(isinstance(row, Mapping) for row in rows):
        return {name: [row.get(name) for row in rows] for name in {str(key) for row in rows for key in row}}
    wrong = next((row for row in rows if not isinstance(row, Sequence) or len(row) != len(names)), None)
    if not rows or wrong is not None:
        raise ValueError(
            f"{_ADVICE} Received {wrong if rows else rows!r}; there are {len(names)} columns: {names[:10]}."
        )
    return {name: [row[place] for row in rows] for place, name in enumerate(names)}
