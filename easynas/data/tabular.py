"""`read_table`: a file with a table as a DataFrame, and what is to be predicted apart from it."""

import csv
import difflib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from easynas.errors import InputError

SUFFIXES = (".csv", ".tsv", ".parquet", ".pq", ".jsonl", ".ndjson", ".json")
"""Files that `read_table` knows; text may also be packed: ".csv.gz", ".csv.bz2", ".csv.xz", ".csv.zip"."""

_PACKED = (".gz", ".bz2", ".xz", ".zip", ".zst")
_SEPARATORS = ",;\t|"
_SNIFFED = 20  # lines from which the separator is told
_FAILURES = (ValueError, OSError, UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError)


def read_table(
    path: str | os.PathLike[str], target: str | Sequence[str] | None = None
) -> tuple[pd.DataFrame, pd.Series | pd.DataFrame | None]:
    """Returns the table in a file and its target column, ready for `fit`.

    Args:
        path: of a CSV file (its separator is found out), TSV, Parquet (`easynas[parquet]`), JSON lines, or JSON that is
            a list of objects. A header names the columns; text is UTF-8 and may be packed, as in `.csv.gz`.
        target: name of the column to predict, or names of several; None: there is none.

    Returns:
        The other columns, and the target: a Series, a DataFrame for several names, None for None.

    Raises:
        InputError: the file cannot be read, is none of these, or has no such column.
    """
    table = _read(Path(path))
    if table.shape[0] == 0 or table.shape[1] == 0:
        raise InputError(f"{os.fspath(path)!r} must have a header and rows. Received {table.shape[0]} rows.")
    return split_target(table, target)


def split_target(
    table: pd.DataFrame, target: str | Sequence[str] | None
) -> tuple[pd.DataFrame, pd.Series | pd.DataFrame | None]:
    """Returns the columns of a table without the target, and the target, see `read_table`.

    Raises:
        InputError: there is no such column, or no other.
    """
    names = [] if target is None else [target] if isinstance(target, str) else list(target)
    absent = [name for name in names if name not in table.columns]
    if absent:
        near = difflib.get_close_matches(absent[0].lower(), [str(name).lower() for name in table.columns], n=1)
        meant = next((f"; perhaps {str(name)!r}" for name in table.columns if [str(name).lower()] == near), "")
        raise InputError(f"`target` must be a column: {_some(table.columns)}. Received {absent[0]!r}{meant}.")
    x = table.drop(columns=names)
    if not x.shape[1]:
        raise InputError(f"There must be a column beside the target. Received {_some(names)} alone.")
    return x, None if target is None else table[target] if isinstance(target, str) else table[names]


def _read(path: Path) -> pd.DataFrame:
    suffix = _suffix(path)
    if not path.is_file():
        raise InputError(f"`path` must be a file. Received {str(path)!r}, which is {_instead(path)}.")
    try:
        match suffix:
            case ".csv" | ".tsv":
                return _read_csv(path, None if suffix == ".csv" else "\t")
            case ".parquet" | ".pq":
                return pd.read_parquet(path)
            case ".jsonl" | ".ndjson":
                return pd.read_json(path, lines=True)
            case ".json":
                return pd.read_json(path)
    except ImportError as error:
        raise InputError(
            f"Parquet files need pyarrow. Received {str(path)!r}; run `pip install 'easynas[parquet]'`."
        ) from error
    except _FAILURES as error:
        said = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise InputError(f"{str(path)!r} must be a {suffix[1:]} file in UTF-8. Received: {said}.") from error
    raise InputError(f"A table must be a file that ends in {', '.join(SUFFIXES)}. Received {str(path)!r}.")


def is_table(path: Path) -> bool:
    """Whether the name of a file is that of a table."""
    return _suffix(path) in SUFFIXES


def _suffix(path: Path) -> str:
    suffixes = [each.lower() for each in path.suffixes]
    if len(suffixes) > 1 and suffixes[-1] in _PACKED:
        return suffixes[-2]
    return suffixes[-1] if suffixes else ""


def _read_csv(path: Path, separator: str | None) -> pd.DataFrame:
    return pd.read_csv(path, sep=separator or _separator(path), encoding="utf-8-sig", low_memory=False)


def _separator(path: Path) -> str:
    """What separates the cells of the first lines; a comma where nothing does."""
    opening = pd.read_csv(
        path, sep="\x01", header=None, nrows=_SNIFFED, encoding="utf-8-sig", quoting=csv.QUOTE_NONE, dtype=str
    )
    lines = [str(line) for line in opening.iloc[:, 0]]
    return max(_SEPARATORS, key=lambda each: (_agreement(lines, each), lines[0].count(each)))


def _agreement(lines: list[str], separator: str) -> float:
    """Share of the lines that have as many cells as the first one, and more than one."""
    counts = [len(row) for row in csv.reader(lines, delimiter=separator)]
    return sum(count == counts[0] > 1 for count in counts) / max(len(counts), 1)


def _instead(path: Path) -> str:
    return "a folder" if path.is_dir() else "not there"


def _some(names: Any) -> str:
    shown = [repr(str(name)) for name in names]
    return ", ".join(shown[:10]) + (", ..." if len(shown) > 10 else "")
