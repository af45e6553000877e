"""What is to be learned, told from the data alone: for the command line, which has nobody to ask.

Rules of thumb:
- Texts and truth values are classes. So are whole numbers with few different values: at most 20, each seen five times
  or more on average. Other numbers are to be predicted as numbers.
- A table whose only column of use is free text is a set of texts; one whose only column names image files is a set of
  images.
"""

from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd

from easynas.data.files import IMAGES
from easynas.data.kinds import learn_column

Kind = Literal["images", "texts", "tables"]
Goal = Literal["classifier", "regressor"]

_MOST_CLASSES, _SEEN = 20, 5
_LOOKED_AT = 10_000
_NO_USE = ("id", "constant")


class Inferred(NamedTuple):
    """What was found out.

    Attributes:
        what: "classifier" or "regressor"; "images", "texts" or "tables".
        why: a sentence.
        column: name of the column that holds the texts or files; None: all columns are used.
    """

    what: str
    why: str
    column: str | None = None


def infer_goal(y: pd.Series | pd.DataFrame | np.ndarray) -> Inferred:
    """Returns whether classes or numbers are to be predicted, and why.

    Args:
        y: the target `(n,)`, or several `(n, k)`; no cell is missing.
    """
    if isinstance(y, pd.DataFrame) and y.shape[1] > 1:
        indicators = bool(y.isin([0, 1]).all(axis=None))
        if indicators:
            return Inferred("classifier", f"{y.shape[1]} targets of 0 and 1 are labels, any number of them a sample.")
        return Inferred("regressor", f"{y.shape[1]} targets are numbers.")
    values = y.iloc[:, 0] if isinstance(y, pd.DataFrame) else pd.Series(y)
    distinct = int(values.nunique())
    if pd.api.types.is_bool_dtype(values) or not pd.api.types.is_numeric_dtype(values):
        return Inferred("classifier", f"The target is one of {distinct} classes.")
    whole = bool((values == np.floor(values)).all())
    if distinct == 2 or (whole and distinct <= _MOST_CLASSES and distinct * _SEEN <= len(values)):
        return Inferred("classifier", f"The target has {distinct} different values, which are taken for classes.")
    return Inferred("regressor", f"The target is a number with {distinct:,} different values.")


def infer_kind(x: pd.DataFrame) -> Inferred:
    """Returns whether a table is a set of images, of texts or of rows, and why; some thousands of its rows tell."""
    x = x.iloc[:: max(1, len(x) // _LOOKED_AT)]
    kinds = {str(name): learn_column(str(name), x[name]).profile.kind for name in x.columns}
    for name in x.columns:
        if _names_images(x[name]) and all(kinds[other] in _NO_USE for other in kinds if other != str(name)):
            return Inferred("images", f"Column {str(name)!r} names image files.", str(name))
    useful = [name for name, kind in kinds.items() if kind not in _NO_USE]
    if len(useful) == 1 and kinds[useful[0]] == "text":
        return Inferred("texts", f"Column {useful[0]!r} is free text, and no other column tells anything.", useful[0])
    return Inferred("tables", f"{len(useful)} of {len(kinds)} columns are used.")


def _names_images(cells: pd.Series) -> bool:
    said = cells.dropna()
    return len(said) > 0 and all(isinstance(cell, str) and Path(cell).suffix.lower() in IMAGES for cell in said)
