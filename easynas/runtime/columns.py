"""The columns of a table as networks see them: `easynas.data.columns` without pandas, cell by cell.

Both must give the same numbers, which a test holds them to. Cells are plain Python values: numbers, texts, booleans,
dates, and None or NaN where nothing is known.
"""

import datetime as dt
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from easynas.runtime.topics import Topics

ABSENT, UNKNOWN, FIRST = 0, 1, 2
"""Codes of categories: missing, unknown or rare, the most frequent one."""

LIMIT = 1e30
DAY, HOUR = 86_400.0, 3_600.0  # seconds
PART_SCALING = {"month": (6.5, 5.5), "day": (16.0, 15.0), "weekday": (3.0, 3.0), "hour": (12.0, 12.0)}
"""Centre and scale of what is taken from a date besides the days that went by; Monday is weekday 0."""

_ISO = re.compile(r"\d{4}-\d{1,2}-\d{1,2}")
_OFFSET = re.compile(r"(Z|[+-]\d\d:?\d\d)$")
_WORD = re.compile(r"[^ \t\n\v\f\r]+")
_EPOCH = dt.datetime(1970, 1, 1)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")

Encoded = tuple[list[np.ndarray], list[np.ndarray]]
"""Number columns float32 `(n,)`, and category columns int32 `(n,)`."""


def restored(column: Mapping[str, Any]) -> dict[str, Any]:
    """A column of a description with its topics ready for use."""
    topics = column.get("topics")
    return {**column, "topics": None if topics is None else Topics.from_config(topics)}


def encode(column: Mapping[str, Any], cells: Sequence[Any]) -> Encoded:
    """What networks see of a column.

    Args:
        column: as `restored` from its description.
        cells: of every sample.
    """
    return _KINDS[column["type"]](column, cells)


def _number_column(column: Mapping[str, Any], cells: Sequence[Any]) -> Encoded:
    read = _numbers(cells)
    values = column["values"]
    return [_scaled(read, column["scaling"])], [_coded(read.tolist(), values, ())] if values else []


def _category_column(column: Mapping[str, Any], cells: Sequence[Any]) -> Encoded:
    if column["numeric"]:
        return [], [_coded(_numbers(cells).tolist(), column["values"], ())]
    return [], [_coded([_text(cell) for cell in cells], column["values"], column["absent"])]


def _text_column(column: Mapping[str, Any], cells: Sequence[Any]) -> Encoded:
    texts = [_text(cell) for cell in cells]
    absent = np.array([text in column["absent"] for text in texts], bool)
    lengths = np.array([len(text) for text in texts], np.float64)
    words = np.array([len(_WORD.findall(text)) for text in texts], np.float64)
    found = [(lengths, column["length"]), (words, column["words"])]
    measured = [_scaled(np.where(absent, np.nan, read), scaling) for read, scaling in found]
    topics = column["topics"]
    if topics is None:
        return measured, []
    said = topics.numbers(["" if missing else text for text, missing in zip(texts, absent, strict=True)])
    return [*measured, *said.T], []


def _date_column(column: Mapping[str, Any], cells: Sequence[Any]) -> Encoded:
    dates = [_date(cell, column["form"], column["timezone"]) for cell in cells]
    seconds = np.array([math.nan if date is None else _seconds(date) for date in dates])
    numbers = [_scaled(seconds * (1.0 / DAY), column["elapsed"])]
    categories = []
    for part in column["parts"]:
        read = np.array([math.nan if date is None else _PARTS[part](date) for date in dates])
        centre, scale = PART_SCALING[part]
        numbers.append(_scaled(read, {"centre": centre, "scale": scale}))
        whole = np.where(np.isnan(read), ABSENT - FIRST, np.floor(read))
        categories.append((whole + FIRST).astype(np.int32))
    return numbers, categories


_KINDS: dict[str, Callable[[Mapping[str, Any], Sequence[Any]], Encoded]] = {
    "NumberColumn": _number_column,
    "CategoryColumn": _category_column,
    "TextColumn": _text_column,
    "DateColumn": _date_column,
}

_PARTS: dict[str, Callable[[dt.datetime], float]] = {
    "month": lambda date: date.month,
    "day": lambda date: date.day,
    "weekday": lambda date: date.weekday(),
    "hour": lambda date: (date.hour * 3600 + date.minute * 60 + date.second) * (1.0 / HOUR),
}


def _scaled(read: np.ndarray, scaling: Mapping[str, float]) -> np.ndarray:
    with np.errstate(over="ignore"):
        scaled = (read - scaling["centre"]) * (1.0 / scaling["scale"])
    return np.asarray(np.clip(scaled, -LIMIT, LIMIT).astype(np.float32))


def _coded(read: Sequence[Any], values: Sequence[Any], absent: Sequence[str]) -> np.ndarray:
    codes = {value: code for code, value in enumerate(values, start=FIRST)} | dict.fromkeys(absent, ABSENT)
    return np.array([ABSENT if each != each else codes.get(each, UNKNOWN) for each in read], np.int32)


def _is_missing(cell: Any) -> bool:
    # Of all values only NaN, and numpy's date that is none, differ from themselves.
    return cell is None or (isinstance(cell, float | np.generic) and bool(cell != cell))


def _text(cell: Any) -> str:
    if _is_missing(cell):
        return ""
    return cell.decode("utf-8", "replace") if isinstance(cell, bytes) else str(cell)


def _numbers(cells: Sequence[Any]) -> np.ndarray:
    read = np.array([_number(cell) for cell in cells], np.float64)
    return np.where(np.isfinite(read), read, np.nan)


def _number(cell: Any) -> float:
    if isinstance(cell, str):
        text = cell.strip()
        return float(text) if _NUMBER.fullmatch(text) else math.nan
    if isinstance(cell, dt.timedelta):
        return cell.total_seconds()
    if _is_missing(cell) or not hasattr(cell, "__float__"):
        return math.nan
    return float(cell)


def _date(cell: Any, form: str, timezone: str | None) -> dt.datetime | None:
    """A date as the clock on the wall showed it; None where there is none."""
    if isinstance(cell, np.datetime64):
        cell = None if np.isnat(cell) else cell.astype("datetime64[us]").item()
    if isinstance(cell, dt.datetime):
        there = cell if cell.tzinfo is None or timezone is None else cell.astimezone(ZoneInfo(timezone))
        return there.replace(tzinfo=None)
    if isinstance(cell, dt.date):
        return dt.datetime(cell.year, cell.month, cell.day)
    return next(_readings(cell.strip(), form), None) if isinstance(cell, str) else None


def _readings(text: str, form: str) -> Iterator[dt.datetime]:
    try:
        if form != "ISO8601":
            yield dt.datetime.strptime(text, form)
        elif _ISO.match(text):
            yield dt.datetime.fromisoformat(_OFFSET.sub("", text).strip())
    except ValueError:
        return  # a text that is no date is a missing one


def _seconds(date: dt.datetime) -> float:
    return float((date.replace(microsecond=0) - _EPOCH) // dt.timedelta(seconds=1))
