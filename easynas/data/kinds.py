"""What kind of column this is, from its cells alone, or as the user says.

Rules of thumb:
- Text in which every cell that says something is a number is numeric, unless one begins with a superfluous 0: codes do.
- Whole numbers with 3 to 12 different values are numbers and categories at once: months, grades, codes. Not in tables
  where that holds for more than 30 columns, which are counts or pixels.
- Text that never repeats is an id if it has no spaces; whole numbers that never repeat are one if their name says so.
- Text is free if it mostly never repeats and has three words or more.
- A category seen less than twice (from 10,000 rows on: four times) is rare, as are all after the 1,000 most frequent.
"""

import re
from typing import Any

import numpy as np
import pandas as pd

from easynas.data import cells as said
from easynas.data.columns import (
    CategoryColumn,
    Column,
    DateColumn,
    DroppedColumn,
    NumberColumn,
    Profile,
    TextColumn,
    without,
)
from easynas.data.dates import (
    DAY,
    PARTS,
    date_part,
)
from easynas.data.scaling import (
    Scaling,
)
from easynas.data.topics import learn_topics
from easynas.errors import InputError

KINDS = ("numeric", "categorical", "boolean", "date", "text")
"""What `column_types` may say."""

_FEW_VALUES = range(3, 13)
_MOST_VALUES = 1_000
_LARGE_TABLE, _RARE, _RARE_IN_LARGE = 10_000, 2, 4
_SEEN_FOR_ID = 20  # below, all values may be different by chance
_FREE_WORDS, _FREE_DISTINCT = 3.0, 0.5
_NUMBERS_ENOUGH = 0.95  # of a text column's cells; the others are missing then
_TRIED_DATES = 200
_ID_NAME = re.compile(r"(^|[\W_])(id|ids|index|key|uuid|guid)$|(?<=[a-z])I[dD]$|^Unnamed: \d+$", re.IGNORECASE)
_LEADING_ZERO = re.compile(r"^\s*0\d")


def learn_column(name: str, cells: pd.Series, kind: str | None = None) -> Column:
    """Returns what the column `name` becomes.

    Args:
        name: of the column.
        cells: as they came, `(n,)`.
        kind: one of `KINDS`; None: found out.

    Raises:
        InputError: the cells are lists or the like, or cannot be read as `kind`.
    """
    absent = said.missing(cells)
    present = cells[~absent]
    try:
        distinct = int(present.nunique())
    except TypeError as error:
        raise InputError(
            f"Every cell must hold a single value. Column {name!r} holds {type(present.iloc[0]).__name__} objects; "
            "spread them over columns of their own."
        ) from error
    share = float(absent.mean())
    if kind is not None:
        return _build(name, cells, Profile(kind, share, distinct, "As `column_types` says."))
    if distinct == 0 or (distinct == 1 and not absent.any()):
        why = "Dropped: no cell says anything." if distinct == 0 else "Dropped: all cells say the same."
        return DroppedColumn(name, Profile("constant", share, distinct, why))
    found, why = _kind(name, cells, present, distinct)
    profile = Profile(found, share, distinct, why)
    return DroppedColumn(name, profile) if found == "id" else _build(name, cells, profile)


def _kind(name: str, cells: pd.Series, present: pd.Series, distinct: int) -> tuple[str, str]:
    """The kind, and why."""
    if isinstance(cells.dtype, pd.CategoricalDtype):
        return "categorical", "A categorical type."
    if pd.api.types.is_bool_dtype(cells) or all(isinstance(cell, (bool, np.bool_)) for cell in present):
        return "boolean", "Only true and false."
    if pd.api.types.is_datetime64_any_dtype(cells) or all(said.is_date(cell) for cell in present):
        return "date", "A type for dates."
    if pd.api.types.is_numeric_dtype(cells) or pd.api.types.is_timedelta64_dtype(cells):
        return _kind_of_numbers(name, said.numbers(present), "Numbers.")
    return _kind_of_text(name, present, distinct)


def _kind_of_numbers(name: str, values: np.ndarray, why: str) -> tuple[str, str]:
    unique = len(np.unique(values)) == len(values) >= _SEEN_FOR_ID
    if unique and _ID_NAME.search(name) and (values == np.floor(values)).all():
        return "id", "Dropped: whole numbers that never repeat, under a name for an id."
    return "numeric", why


def _kind_of_text(name: str, present: pd.Series, distinct: int) -> tuple[str, str]:
    texts = [str(cell) for cell in present.astype(object)]
    values = said.numbers(present)
    numeric = float(np.mean(~np.isnan(values)))
    if numeric >= _NUMBERS_ENOUGH and not any(_LEADING_ZERO.match(each) for each in texts):
        others = int(np.isnan(values).sum())
        also = f"; {others} cells are no finite numbers and count as missing" if others else ""
        return _kind_of_numbers(name, values, f"Numbers written as text{also}.")
    tried = texts[:: max(1, len(texts) // _TRIED_DATES)]
    form = said.date_form(tried)
    if form is not None:
        return "date", f"Dates written as text ({form})."
    counted = said.words(np.array(texts, dtype=object))
    if distinct == len(texts) >= _SEEN_FOR_ID and counted.max() == 1:
        return "id", "Dropped: codes that never repeat."
    if counted.mean() >= _FREE_WORDS and distinct >= _FREE_DISTINCT * len(texts):
        return "text", "Free text; its length, its words, its topics and what they say of the target are used."
    return "categorical", f"{distinct} different texts."


def _build(name: str, cells: pd.Series, profile: Profile) -> Column:
    match profile.kind:
        case "numeric" | "boolean":
            return _number_column(name, cells, profile)
        case "date":
            return _date_column(name, cells, profile)
        case "text":
            texts = said.text(cells)
            absent = _absent(texts)
            known = texts[~pd.Index(texts, dtype=object).isin(absent)]
            length, count = Scaling.learn(said.characters(known)), Scaling.learn(said.words(known))
            topics = learn_topics(without(texts, absent))
            return TextColumn(name, profile, length, count, absent, topics)
        case _:
            return _category_column(name, cells, profile)


def _number_column(name: str, cells: pd.Series, profile: Profile) -> NumberColumn:
    values = said.numbers(cells)
    present = values[~np.isnan(values)]
    if not len(present):
        raise InputError(
            f"Column {name!r} must hold numbers to be {profile.kind}. Received {cells.iloc[0]!r}, for example; "
            "correct `column_types`."
        )
    whole = (present == np.floor(present)).all()
    few = profile.kind == "numeric" and whole and profile.distinct in _FEW_VALUES
    values_too = tuple(float(value) for value in _frequent(pd.Series(present), len(cells))) if few else ()
    return NumberColumn(name, profile, Scaling.learn(values), values_too)


def _category_column(name: str, cells: pd.Series, profile: Profile) -> Column:
    types = cells.cat.categories.dtype if isinstance(cells.dtype, pd.CategoricalDtype) else cells.dtype
    if pd.api.types.is_numeric_dtype(types) and not pd.api.types.is_bool_dtype(types):
        values = said.numbers(cells)
        frequent = _frequent(pd.Series(values[~np.isnan(values)]), len(cells))
        return CategoryColumn(name, profile, tuple(float(value) for value in frequent), numeric=True)
    texts = said.text(cells)
    absent = _absent(texts)
    found = pd.Series(texts[~pd.Index(texts, dtype=object).isin(absent)], dtype=object)
    frequent_texts = tuple(str(value) for value in _frequent(found, len(cells)))
    if not frequent_texts:
        why = "Dropped: hardly any value repeats."
        return DroppedColumn(name, Profile("id", profile.missing, profile.distinct, why))
    return CategoryColumn(name, profile, frequent_texts, absent=absent)


def _date_column(name: str, cells: pd.Series, profile: Profile) -> DateColumn:
    form = "ISO8601"
    if not pd.api.types.is_datetime64_any_dtype(cells):
        texts = [cell for cell in cells[~said.missing(cells)].astype(object) if isinstance(cell, str)]
        form = said.date_form(texts[:: max(1, len(texts) // _TRIED_DATES)]) or form if texts else form
    zone = getattr(cells.dtype, "tz", None)
    timezone = None if zone is None else str(zone)
    moments = said.seconds(cells, form, timezone)
    known = moments[~np.isnan(moments)]
    if not len(known):
        raise InputError(
            f"Column {name!r} must hold dates such as '2024-01-31' or '2024-01-31 23:59:00'. Received "
            f"{cells.iloc[0]!r}, for example; convert it with `pandas.to_datetime` or correct `column_types`."
        )
    varying = tuple(part for part in PARTS if len(np.unique(date_part(known, part))) > 1)
    return DateColumn(name, profile, form, timezone, Scaling.learn(known * (1.0 / DAY)), varying)


def _frequent(values: pd.Series, rows: int) -> list[Any]:
    """The categories that are not rare, the most frequent first, those equally frequent in their own order."""
    counts = values.value_counts()
    least = _RARE if rows < _LARGE_TABLE else _RARE_IN_LARGE
    counts = counts[counts >= least].sort_index().sort_values(ascending=False, kind="stable")
    found: list[Any] = counts.index[:_MOST_VALUES].tolist()
    return found


def _absent(texts: np.ndarray) -> tuple[str, ...]:
    """The texts that mean missing: the usual ones, and those with spaces around them that occur."""
    padded = {each for each in texts if each.strip() in said.MISSING}
    return (*said.MISSING, *sorted(padded.difference(said.MISSING)))
