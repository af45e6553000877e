"""What single cells say: which are missing, which numbers and dates are written in them.

Each function takes one column as a pandas Series of any type and returns a numpy array of its length.
"""

import datetime as dt
import re
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

MISSING = ("", "?", "NA", "N/A", "n/a", "#N/A", "NaN", "nan", "NULL", "null", "None", "<NA>", "NaT")
"""Texts that mean that nothing is known. Spaces around them count as nothing."""

DATE_FORMS = (
    "ISO8601",
    "%Y/%m/%d",
    "%Y/%m/%d %H:%M",
    "%Y/%m/%d %H:%M:%S",
    "%m/%d/%Y",
    "%d/%m/%Y",
    "%m/%d/%Y %H:%M",
    "%d/%m/%Y %H:%M",
    "%m/%d/%Y %H:%M:%S",
    "%d/%m/%Y %H:%M:%S",
    "%m/%d/%y",
    "%d/%m/%y",
    "%d.%m.%Y",
    "%d.%m.%Y %H:%M",
    "%d.%m.%Y %H:%M:%S",
    "%d-%m-%Y",
    "%d-%b-%Y",
    "%d %b %Y",
    "%d %B %Y",
    "%b %d, %Y",
    "%B %d, %Y",
)
"""Usual ways to write a date, tried in this order; where day and month could be either, month first, as in pandas."""

# pandas also reads "2020" and "202001" as ISO dates; here a date has its dashes.
_ISO = re.compile(r"\d{4}-\d{1,2}-\d{1,2}")
_OFFSET = re.compile(r"(Z|[+-]\d\d:?\d\d)$")
_WORD = re.compile(r"[^ \t\n\v\f\r]+")


def missing(cells: pd.Series) -> np.ndarray:
    """Whether nothing is known, bool `(n,)`."""
    absent = cells.isna().to_numpy(bool)
    if _holds_text(cells):
        texts = cells.astype(object)
        absent = absent | np.array([isinstance(cell, str) and cell.strip() in MISSING for cell in texts], bool)
    return absent


def text(cells: pd.Series) -> np.ndarray:
    """Every cell as text, exactly as it is; "" where it is None or NaN. Objects `(n,)`."""
    absent = cells.isna().to_numpy(bool)
    written = [
        "" if gone else cell if isinstance(cell, str) else _written(cell)
        for cell, gone in zip(cells.astype(object), absent, strict=True)
    ]
    return np.array(written, dtype=object)


def numbers(cells: pd.Series) -> np.ndarray:
    """The numbers, float64 `(n,)`; NaN where they are missing, infinite or no number at all."""
    if pd.api.types.is_timedelta64_dtype(cells):
        found = cells.dt.total_seconds().to_numpy(np.float64)
    elif pd.api.types.is_numeric_dtype(cells) or pd.api.types.is_bool_dtype(cells):
        found = cells.to_numpy(np.float64, na_value=np.nan)
    else:
        plain = pd.Series([_number(cell) for cell in cells.astype(object)], dtype=object)
        found = pd.to_numeric(plain, errors="coerce").to_numpy(np.float64, na_value=np.nan)
    return np.where(np.isfinite(found), found, np.nan)


def iso(moments: np.ndarray) -> np.ndarray:
    """Returns seconds since 1970 `(n,)` as ISO text, "" for NaN."""
    absent = np.isnan(moments)
    written = np.where(absent, 0, moments).astype("datetime64[s]").astype(str)
    return np.where(absent, "", written)


def from_iso(texts: np.ndarray) -> np.ndarray:
    """Returns what `iso` wrote as seconds since 1970, float64 `(n,)`."""
    absent = texts == ""
    moments = np.where(absent, "1970-01-01", texts).astype("datetime64[s]").astype(np.float64)
    return np.where(absent, np.nan, moments)


def seconds(cells: pd.Series, form: str, timezone: str | None) -> np.ndarray:
    """Dates as whole seconds since 1970 on the clock on the wall, float64 `(n,)`; NaN where there is no date.

    Args:
        cells: dates of any type, or text.
        form: one of `DATE_FORMS` for text.
        timezone: where that wall is: dates with another time zone are brought there; None: dates keep their own.
    """
    dates = _dates(cells, form)
    if dates.dt.tz is not None:
        dates = dates.dt.tz_convert(timezone) if timezone is not None else dates
        dates = dates.dt.tz_localize(None)
    absent = dates.isna().to_numpy(bool)
    whole = dates.to_numpy().astype("datetime64[s]").astype(np.int64)
    return np.where(absent, np.nan, whole.astype(np.float64))


def date_form(texts: list[str]) -> str | None:
    """The first of `DATE_FORMS` in which at least 95 % of `texts` are dates; None: they are no dates."""
    column = pd.Series(texts, dtype=object)
    for form in DATE_FORMS:
        if _dates(column, form).notna().mean() >= 0.95:
            return form
    return None


def is_date(cell: Any) -> bool:
    """Whether a single cell is a date by its type."""
    return isinstance(cell, (dt.date, np.datetime64))


def characters(texts: np.ndarray) -> np.ndarray:
    """How many characters every text has, float64 `(n,)`."""
    return np.array([len(each) for each in texts], dtype=np.float64)


def words(texts: np.ndarray) -> np.ndarray:
    """How many words every text has, float64 `(n,)`; words end at the white space of ASCII, as in TensorFlow."""
    return np.array([len(_WORD.findall(each)) for each in texts], dtype=np.float64)


def _holds_text(cells: pd.Series) -> bool:
    return cells.dtype == object or not isinstance(cells.dtype, np.dtype)


def _number(cell: Any) -> Any:
    """What pandas turns into a number; booleans and exact decimals it would leave as they are."""
    if isinstance(cell, (bool, np.bool_, Decimal)):
        return float(cell)
    return cell.strip() if isinstance(cell, str) else cell


def _written(cell: Any) -> str:
    return cell.decode("utf-8", "replace") if isinstance(cell, bytes) else str(cell)


def _dates(cells: pd.Series, form: str) -> pd.Series:
    if pd.api.types.is_datetime64_any_dtype(cells):
        return cells
    plain = cells.astype(object).reset_index(drop=True)
    if form == "ISO8601":
        # An offset is cut off: what counts is the hour that people saw there.
        plain = plain.map(lambda cell: _iso(cell) if isinstance(cell, str) else _naive(cell))
    return pd.to_datetime(plain, format=form, errors="coerce")


def _iso(cell: str) -> str | None:
    stripped = cell.strip()
    return _OFFSET.sub("", stripped) if _ISO.match(stripped) else None


def _naive(cell: Any) -> Any:
    if isinstance(cell, dt.datetime):
        return cell.replace(tzinfo=None)
    return cell if is_date(cell) else None
