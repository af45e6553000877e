"""Tables as a practitioner prepares them for models of numbers and categories: dates and texts are taken apart."""

from dataclasses import dataclass, field

import pandas as pd
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import Pipeline, make_pipeline

_WORDS, _DIFFERENT, _DATES = 4.0, 0.5, 0.95
_TOPICS = 30
_UNITS = ("year", "month", "day", "day_of_week", "hour")


@dataclass(frozen=True)
class Frames:
    """How columns become numbers and categories, learned from training samples.

    Attributes:
        dates: columns that hold moments.
        texts: columns that hold sentences, and what turns each into 30 numbers, or fewer if it has few words.
        categories: of the columns that hold words, so that each is the same number for all samples.
    """

    dates: tuple[str, ...]
    texts: dict[str, Pipeline]
    categories: dict[str, pd.CategoricalDtype] = field(default_factory=dict)

    @classmethod
    def learn(cls, table: pd.DataFrame, seed: int) -> "Frames":
        """Looks at the words in each column: sentences are long and mostly different."""
        words = [str(name) for name in table if not pd.api.types.is_numeric_dtype(table[name])]
        dates = tuple(name for name in words if _is_date(table[name]))
        sentences = [name for name in words if name not in dates and _is_text(table[name])]
        rest = [name for name in words if name not in (*dates, *sentences)]
        kinds = {name: pd.CategoricalDtype(sorted(table[name].dropna().unique(), key=str)) for name in rest}
        return cls(dates, {name: _topics(table[name], seed) for name in sentences}, kinds)

    def apply(self, table: pd.DataFrame) -> pd.DataFrame:
        """Columns of numbers and of the type `category`; categories that the training did not have are missing."""
        known = {name: table[name].where(table[name].isin(kind.categories)) for name, kind in self.categories.items()}
        parts = [table.drop(columns=[*self.dates, *self.texts]).assign(**known).astype(self.categories)]
        for name in self.dates:
            moment = pd.to_datetime(table[name], errors="coerce").dt
            parts.append(pd.DataFrame({f"{name} {unit}": getattr(moment, unit) for unit in _UNITS}, table.index))
        for name, topics in self.texts.items():
            numbers = topics.transform(table[name].fillna(""))
            parts.append(pd.DataFrame(numbers, table.index, [f"{name} {i}" for i in range(numbers.shape[1])]))
        return pd.concat(parts, axis=1)


def _is_date(column: "pd.Series[str]") -> bool:
    # A moment has a year and more: "2011-01-01 05:00:00".
    looks = column.dropna().astype(str).str.match(r"\d{4}-\d{2}-\d{2}")
    return bool(len(looks)) and float(looks.mean()) > _DATES


def _is_text(column: "pd.Series[str]") -> bool:
    cells = [str(cell) for cell in column.dropna()]
    words = sum(len(cell.split()) for cell in cells)
    return len(set(cells)) > _DIFFERENT * len(cells) and words >= _WORDS * len(cells)


def _topics(column: "pd.Series[str]", seed: int) -> Pipeline:
    cells = column.fillna("")
    vectors = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True).fit(cells)
    topics = TruncatedSVD(min(_TOPICS, len(vectors.vocabulary_)), random_state=seed)
    return make_pipeline(vectors, topics.fit(vectors.transform(cells)))
