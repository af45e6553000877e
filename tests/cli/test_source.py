"""From a path to samples: what lies there, and which task it is."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from easynas.cli.options import Task
from easynas.cli.source import Source, estimator_of, known_source, labelled_source, trained_before, training_source
from easynas.errors import InputError

ROWS = 60
RNG = np.random.default_rng(0)
WORDS = [
    "it",
    "was",
    "a",
    "good",
    "day",
    "and",
    "we",
    "went",
    "out",
    "to",
    "see",
    "the",
    "old",
    "town",
    "by",
    "the",
    "river",
]
TABLE = pd.DataFrame(
    {
        "id": range(ROWS),
        "size": RNG.normal(size=ROWS),
        "town": RNG.choice(["Bern", "Köln"], ROWS),
        "review": [" ".join(RNG.choice(WORDS, 8)) for _ in range(ROWS)],
        "photo": [f"{index}.png" for index in range(ROWS)],
        "price": RNG.normal(size=ROWS).round(3),
        "stars": np.arange(ROWS) % 5 + 1,
        "sold": np.arange(ROWS) % 2 == 0,
    }
)


def task_of(path: Path, *target: str, drop: tuple[str, ...] = (), task: str = "auto") -> str:
    source = training_source(path, target=list(target), drop=list(drop), task=Task(task))
    return type(estimator_of(source, Task(task), {})[0]).__name__


def write(folder: Path, *columns: str) -> Path:
    TABLE[list(columns)].to_csv(folder / "data.csv", index=False)
    return folder / "data.csv"


@pytest.mark.parametrize(
    ("columns", "target", "expected"),
    [
        (["size", "town", "price"], ["price"], "TabularRegressor"),
        (["size", "town"], ["town"], "TabularClassifier"),
        (["size", "stars"], ["stars"], "TabularClassifier"),
        (["size", "sold"], ["sold"], "TabularClassifier"),
        (["size", "id"], ["id"], "TabularRegressor"),
        (["size", "price", "stars"], ["price", "stars"], "TabularRegressor"),
        (["id", "review", "sold"], ["sold"], "TextClassifier"),
        (["review", "price"], ["price"], "TextRegressor"),
        (["review", "size", "sold"], ["sold"], "TabularClassifier"),
        (["photo", "price"], ["price"], "ImageRegressor"),
    ],
)
def test_the_task_is_told_from_the_data(columns: list[str], target: list[str], expected: str, tmp_path: Path) -> None:
    assert task_of(write(tmp_path, *columns), *target) == expected


def test_the_task_may_be_said(tmp_path: Path) -> None:
    path = write(tmp_path, "size", "review", "stars")
    assert task_of(path, "stars", task="regressor") == "TabularRegressor"
    assert task_of(path, "stars", drop=("size",), task="tabular-regressor") == "TabularRegressor"
    assert task_of(path, "stars", drop=("size",), task="text-regressor") == "TextRegressor"
    with pytest.raises(InputError, match="one column beside the target"):
        task_of(path, "stars", task="text-classifier")


def test_labels_of_several_columns_are_classified(tmp_path: Path) -> None:
    TABLE.assign(cat=TABLE["id"] % 2, dog=(TABLE["id"] % 3 == 0).astype(int)).to_csv(tmp_path / "a.csv", index=False)
    drop = tuple(name for name in TABLE if name != "size")
    assert task_of(tmp_path / "a.csv", "cat", "dog", drop=drop) == "TabularClassifier"


def test_rows_without_a_target_are_left_out_and_said_to_be(tmp_path: Path) -> None:
    TABLE[["size", "price"]].assign(price=TABLE["price"].where(TABLE["id"] > 9)).to_csv(tmp_path / "a.csv", index=False)
    source = training_source(tmp_path / "a.csv", target=["price"], drop=[], task=Task.AUTO)
    assert len(source.x) == len(source.y) == ROWS - 10
    assert source.notes[0] == "10 of 60 rows have no target and are left out."


def test_paths_in_a_table_are_meant_from_where_it_lies(tmp_path: Path) -> None:
    source = training_source(write(tmp_path, "photo", "price"), target=["price"], drop=[], task=Task.AUTO)
    assert source.x.iloc[3] == str(tmp_path / "3.png")


def test_a_row_that_names_no_image_is_an_error(tmp_path: Path) -> None:
    TABLE[["photo", "price"]].assign(photo=TABLE["photo"].where(TABLE["id"] > 0)).to_csv(
        tmp_path / "a.csv", index=False
    )
    with pytest.raises(InputError, match="must name an image in every row"):
        training_source(tmp_path / "a.csv", target=["price"], drop=[], task=Task.AUTO)


def test_folders_of_images_and_of_texts(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / "texts" / name).mkdir(parents=True)
        (tmp_path / "images" / name).mkdir(parents=True)
        (tmp_path / "texts" / name / "1.txt").write_text("hello")
        Image.fromarray(np.zeros((4, 4), np.uint8)).save(tmp_path / "images" / name / "1.png")
    (tmp_path / "images" / "a" / "2.heic").write_text("")
    notes = training_source(tmp_path / "images", target=[], drop=[], task=Task.AUTO).notes
    assert notes == ("2 images in 2 folders.", "Files of other kinds are left out: 1 (.heic).")
    assert task_of(tmp_path / "texts") == "TextClassifier"
    assert task_of(tmp_path / "images") == "ImageClassifier"
    with pytest.raises(InputError, match="needs a file with a table"):
        task_of(tmp_path / "images", task="tabular-classifier")
    with pytest.raises(InputError, match="A folder has no columns"):
        task_of(tmp_path / "images", "price")
    known: dict[str, Any] = {"kind": "images", "target": (), "column": None}
    assert (
        known_source(tmp_path / "images", **known).names.tolist()
        == known_source(tmp_path / "images", **known).x.tolist()
    )
    assert labelled_source(tmp_path / "images", **known).y.tolist() == ["a", "b"]
    with pytest.raises(InputError, match="predicts the rows of a table"):
        known_source(tmp_path / "images", kind="tables", target=("price",), column=None)


def test_a_model_reads_its_own_columns(tmp_path: Path) -> None:
    path = write(tmp_path, "review", "stars")
    known: dict[str, Any] = {"kind": "texts", "target": ("stars",), "column": "review"}
    assert known_source(path, **known).x.tolist() == TABLE["review"].tolist()
    assert labelled_source(path, **known).y.tolist() == TABLE["stars"].tolist()
    other = write(tmp_path, "review")
    assert known_source(other, **known).y is None
    with pytest.raises(InputError, match="must have what is to be predicted, stars"):
        labelled_source(other, **known)
    with pytest.raises(InputError, match="must have the column 'review'"):
        known_source(write(tmp_path, "size"), **known)


@pytest.mark.parametrize(
    ("target", "drop", "message"),
    [
        ([], [], "`--target` must name the column to predict, one of size, price"),
        (["Price"], [], "Received 'Price'; perhaps 'price'"),
        (["price"], ["colour"], "`--drop` must name columns: size, price. Received 'colour'"),
    ],
)
def test_columns_that_are_not_there_are_named(target: list[str], drop: list[str], message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=message):
        training_source(write(tmp_path, "size", "price"), target=target, drop=drop, task=Task.AUTO)


def test_what_was_trained_before_is_a_setting_of_images_and_texts() -> None:
    assert trained_before(Source([], [], "images"), "imagenet") == {"weights": "imagenet"}
    assert trained_before(Source([], [], "texts"), "bert/") == {"encoder": "bert/"}
    assert trained_before(Source([], [], "tables"), None) == {}
    with pytest.raises(InputError, match=r"left out for tables.*Received: 'bert/'"):
        trained_before(Source([], [], "tables"), "bert/")
