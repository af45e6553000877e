"""The problems of texts and tables, and of images with numbers, each as somebody would hand it to `fit`."""

import io
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

LABELS = "labels"
"""The target column whose cells hold several labels, with a `|` between them."""


@dataclass(frozen=True)
class Rows:
    """A data set of texts or rows, in a file with a column `split`.

    Attributes:
        file: its name without the ending.
        target: column to predict.
        estimator: name of the estimator.
        metric: name of a scikit-learn scorer.
        floor: what a quick model reached on the test samples; None: not measured in this metric.
        text: columns of the text, joined; none: all other columns are a table.
        dropped: columns that may not be looked at.
        budget: seconds, unless `--budget` says otherwise.
        view: of an archive of houses, which pictures of them.
    """

    file: str
    target: str
    estimator: str
    metric: str
    floor: float | None
    text: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    budget: float = 120.0
    view: str = ""


def _texts(file: str, floor: float, *, text: tuple[str, ...] = ("text",), metric: str = "accuracy") -> Rows:
    return Rows(file, "label", "TextClassifier", metric, floor, text)


def _classes(file: str, target: str, floor: float, *, metric: str = "accuracy", dropped: tuple[str, ...] = ()) -> Rows:
    return Rows(file, target, "TabularClassifier", metric, floor, dropped=dropped)


def _numbers(file: str, target: str, floor: float, *, metric: str = "r2", dropped: tuple[str, ...] = ()) -> Rows:
    return Rows(file, target, "TabularRegressor", metric, floor, dropped=dropped)


PROBLEMS = {
    "sst2": _texts("sst2", 0.810),
    "subj": _texts("subj", 0.922),
    "rt_polarity": _texts("rt_polarity", 0.783),
    "ag_news": _texts("ag_news_7600", 0.862),
    "sms": _texts("sms_spam", 0.982),
    "yoruba": _texts("masakhanews_yor", 0.893, text=("headline", "text")),
    "goemotions": Rows(
        "goemotions_multilabel", LABELS, "TextClassifier", "f1_macro", 0.439, text=("text",), budget=300.0
    ),
    "adult": _classes("adult", "income", 0.927, metric="roc_auc"),
    "titanic": _classes("titanic", "Survived", 0.803, dropped=("PassengerId",)),
    "reviews": _classes("womens_clothing_reviews", "Recommended IND", 0.909, dropped=("Rating",)),
    "wine": _classes("wine_quality", "quality", 0.568),
    "soybean": _classes("soybean", "class", 0.971),
    "california": _numbers("california_housing", "median_house_value", -44_551.0, metric="neg_root_mean_squared_error"),
    "bikes": _numbers("bikeshare_hourly", "count", 0.925, dropped=("casual", "registered")),
    "imports": _numbers("auto_imports_price", "price", 0.894),
    "houses": Rows("houses_img_tab", "price", "ImageRegressor", "r2", 0.0, view="frontal"),  # 0 is the mean
}


def load(rows: Rows, data: Path) -> tuple[tuple[Any, Any], tuple[Any, Any]]:
    """Training and test samples with their targets, as somebody would hand them to `fit`."""
    if rows.view:
        return _load_views(rows, data)
    table = pd.read_csv(data / f"{rows.file}.csv.gz", keep_default_na=not rows.text)
    parts = []
    for wanted in (table["split"] != "test", table["split"] == "test"):
        part = table[wanted].drop(columns=["split", *rows.dropped])
        y = part.pop(rows.target)
        x: Any = [". ".join(cells) for cells in part[list(rows.text)].to_numpy()] if rows.text else part
        parts.append((x, y.str.split("|").tolist() if rows.target == LABELS else y))
    return parts[0], parts[1]


def _load_views(rows: Rows, data: Path) -> tuple[tuple[Any, Any], tuple[Any, Any]]:
    """One picture of every house, uint8 `(n, 128, 128, 3)`, and what the houses cost."""
    with zipfile.ZipFile(data / f"{rows.file}.zip") as archive:
        table = pd.read_csv(archive.open("houses/houses.csv"))
        names = [f"houses/images/{number}_{rows.view}.jpg" for number in table["id"]]
        images = np.stack([np.asarray(Image.open(io.BytesIO(archive.read(name))).convert("RGB")) for name in names])
    test = (table["split"] == "test").to_numpy()
    y = table[rows.target].to_numpy(np.float64)
    return (images[~test], y[~test]), (images[test], y[test])
