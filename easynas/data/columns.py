"""What a column of a table becomes for networks: numbers, categories, both or nothing.

A column is one of five frozen types. Each reads the user's cells into one array (`read`), and turns that array into
number columns (`numbers`) and category columns (`categories`). Everything is arithmetic that Keras layers can repeat,
see `deploy/tables.py`.

Numbers are centred and scaled in float64 before they become float32: years, times and coordinates keep their digits.
Categories are 0 where missing, 1 where unknown or rare, then 2, 3, ... from the most frequent one.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from easynas.data.cells import characters, numbers, seconds, text, words
from easynas.data.dates import DAY, PART_SCALING, PART_SIZES, date_part
from easynas.data.scaling import Scaling
from easynas.runtime.topics import Topics

ABSENT, UNKNOWN, FIRST = 0, 1, 2
"""Codes of categories: missing, unknown or rare, the most frequent one."""


@dataclass(frozen=True)
class Profile:
    """What was found in a column, and what it was taken for.

    Attributes:
        kind: "numeric", "boolean", "categorical", "date", "text", "id" or "constant"; the last two are not used.
        missing: share of cells in which nothing is known, in [0, 1].
        distinct: how many different values the others have.
        why: a sentence for the report.
    """

    kind: str
    missing: float
    distinct: int
    why: str


@dataclass(frozen=True)
class NumberColumn:
    """A column of numbers or booleans.

    Attributes:
        name: the user's.
        profile: what was found.
        scaling: of the numbers.
        values: numbers that are categories too, the most frequent first; empty if they are numbers only.
    """

    name: str
    profile: Profile
    scaling: Scaling
    values: tuple[float, ...] = ()

    def read(self, cells: pd.Series) -> np.ndarray:
        return numbers(cells)

    def numbers(self, read: np.ndarray) -> list[np.ndarray]:
        return [self.scaling.apply(read)]

    def categories(self, read: np.ndarray) -> list[np.ndarray]:
        return [code_numbers(read, self.values)] if self.values else []

    @property
    def number_names(self) -> tuple[str, ...]:
        """What every number column is, in words."""
        return (self.name,)

    @property
    def sizes(self) -> tuple[int, ...]:
        """How many codes every category column has."""
        return (FIRST + len(self.values),) if self.values else ()


@dataclass(frozen=True)
class CategoryColumn:
    """A column of categories, which are text, or numbers that only name something.

    Attributes:
        name: the user's.
        profile: what was found.
        values: the categories, the most frequent first; all text or all numbers.
        numeric: whether they are numbers.
        absent: texts that mean missing.
    """

    name: str
    profile: Profile
    values: tuple[str, ...] | tuple[float, ...]
    numeric: bool = False
    absent: tuple[str, ...] = ()

    def read(self, cells: pd.Series) -> np.ndarray:
        return numbers(cells) if self.numeric else text(cells)

    def numbers(self, read: np.ndarray) -> list[np.ndarray]:
        return []

    def categories(self, read: np.ndarray) -> list[np.ndarray]:
        if self.numeric:
            return [code_numbers(read, [float(value) for value in self.values])]
        codes = pd.Index(self.values, dtype=object).get_indexer(pd.Index(read, dtype=object))
        codes = np.where(codes < 0, UNKNOWN, codes + FIRST)
        absent = pd.Index(read, dtype=object).isin(self.absent)
        return [np.where(absent, ABSENT, codes).astype(np.int32)]

    @property
    def number_names(self) -> tuple[str, ...]:
        """What every number column is, in words."""
        return ()

    @property
    def sizes(self) -> tuple[int, ...]:
        """How many codes every category column has."""
        return (FIRST + len(self.values),)


@dataclass(frozen=True)
class DateColumn:
    """A column of dates: days that went by, and those of `PARTS` that vary, as numbers and as categories.

    Attributes:
        name: the user's.
        profile: what was found.
        form: how text is read, see `cells.DATE_FORMS`.
        timezone: where the clock hangs that hours are read from; None: dates came without a time zone.
        elapsed: scaling of the days since 1970.
        parts: those of `PARTS` that vary.
    """

    name: str
    profile: Profile
    form: str
    timezone: str | None
    elapsed: Scaling
    parts: tuple[str, ...]

    def read(self, cells: pd.Series) -> np.ndarray:
        return seconds(cells, self.form, self.timezone)

    def numbers(self, read: np.ndarray) -> list[np.ndarray]:
        parts = [PART_SCALING[part].apply(date_part(read, part)) for part in self.parts]
        return [self.elapsed.apply(read * (1.0 / DAY)), *parts]

    def categories(self, read: np.ndarray) -> list[np.ndarray]:
        codes = [np.floor(date_part(read, part)) + FIRST for part in self.parts]
        return [np.where(np.isnan(code), ABSENT, code).astype(np.int32) for code in codes]

    @property
    def number_names(self) -> tuple[str, ...]:
        """What every number column is, in words."""
        return tuple(f"{self.name} {part}" for part in ("days", *self.parts))

    @property
    def sizes(self) -> tuple[int, ...]:
        """How many codes every category column has."""
        return tuple(FIRST + PART_SIZES[part] for part in self.parts)


@dataclass(frozen=True)
class TextColumn:
    """A column of free text: how long it is, how many words it has, how much of every topic, and what it scores.

    Attributes:
        name: the user's.
        profile: what was found.
        length: scaling of the number of characters.
        words: scaling of the number of words.
        absent: texts that mean missing.
        topics: what its n-grams say; None: there are too few texts.
        scores: how many of the topics, the last ones, are scores, see `data.scores`.
    """

    name: str
    profile: Profile
    length: Scaling
    words: Scaling
    absent: tuple[str, ...]
    topics: Topics | None = field(default=None, compare=False)
    scores: int = 0

    def read(self, cells: pd.Series) -> np.ndarray:
        return text(cells)

    def numbers(self, read: np.ndarray) -> list[np.ndarray]:
        absent = pd.Index(read, dtype=object).isin(self.absent)
        length, count = (np.where(absent, np.nan, measure(read)) for measure in (characters, words))
        topics = [] if self.topics is None else list(self.topics.numbers(without(read, self.absent)).T)
        return [self.length.apply(length), self.words.apply(count), *topics]

    def categories(self, read: np.ndarray) -> list[np.ndarray]:
        return []

    @property
    def most_grams(self) -> int:
        """How many n-grams are read of a text."""
        return 0 if self.topics is None else self.topics.tokenizer.grams

    @property
    def number_names(self) -> tuple[str, ...]:
        """What every number column is, in words."""
        topics = 0 if self.topics is None else len(self.topics.scale) - self.scores
        return (
            *(f"{self.name} length", f"{self.name} words"),
            *(f"{self.name} topic {number + 1}" for number in range(topics)),
            *(f"{self.name} score {number + 1}" for number in range(self.scores)),
        )

    @property
    def sizes(self) -> tuple[int, ...]:
        """How many codes every category column has."""
        return ()


@dataclass(frozen=True)
class DroppedColumn:
    """A column that networks do not see; `profile.why` says why.

    Attributes:
        name: the user's.
        profile: what was found.
    """

    name: str
    profile: Profile


Used = NumberColumn | CategoryColumn | DateColumn | TextColumn
Column = Used | DroppedColumn


def without(texts: np.ndarray, absent: Sequence[str]) -> list[str]:
    """The texts, "" where they mean missing."""
    found: list[str] = np.where(pd.Index(texts, dtype=object).isin(absent), "", texts).tolist()
    return found


def code_numbers(read: np.ndarray, values: Sequence[float]) -> np.ndarray:
    """The codes of numbers `(n,)` that name categories, int32 `(n,)`."""
    codes = pd.Index(values, dtype=np.float64).get_indexer(pd.Index(read, dtype=np.float64))
    return np.where(np.isnan(read), ABSENT, np.where(codes < 0, UNKNOWN, codes + FIRST)).astype(np.int32)


def column_config(column: Column) -> dict[str, Any]:
    """A column as plain JSON values."""
    config = {"type": type(column).__name__, **asdict(column)}
    if isinstance(column, TextColumn) and column.topics is not None:
        config["topics"] = column.topics.to_config()
    return config


def column_from_config(config: dict[str, Any]) -> Column:
    """The column that `column_config` described."""
    kinds = {kind.__name__: kind for kind in (NumberColumn, CategoryColumn, DateColumn, TextColumn, DroppedColumn)}
    fields = {name: _restored(name, value) for name, value in config.items() if name != "type"}
    column: Column = kinds[config["type"]](**fields)
    return column


def _restored(name: str, value: Any) -> Any:
    if name == "profile":
        return Profile(**value)
    if name == "topics" and value is not None:
        return Topics.from_config(value)
    if isinstance(value, dict):
        return Scaling(**value)
    return tuple(value) if isinstance(value, (list, tuple)) else value
