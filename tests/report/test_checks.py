"""Checks find what is wrong with the data, and are silent where nothing is."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from easynas.data.frame import Table
from easynas.report.checks import Check, check_data
from easynas.report.facts import Fitted
from easynas.report.specimens import Specimens
from easynas.report.twins import Twins
from tests.report.made import fitted


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Fitted:
    return fitted("tables", tmp_path_factory.mktemp("tables"))


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Fitted:
    return fitted("images", tmp_path_factory.mktemp("images"))


def found(made: Fitted, specimens: Specimens) -> dict[str, Check]:
    answer = made.bundle.target.answer
    return {check.title: check for check in check_data(specimens, made.bundle.encoder, answer, made.labels)}


def test_clean_data_have_no_warning(images: Fitted) -> None:
    assert {check.level for check in found(images, images.specimens).values()} == {"good"}


def test_a_column_that_knows_the_answer_is_suspected(tables: Fitted) -> None:
    truth = tables.specimens.y_train
    for cells, level in ((np.random.default_rng(1).normal(size=len(truth)), "good"), (truth * 30.0, "warning")):
        train = Table({**tables.specimens.train.columns, "age": cells})
        check = found(tables, replace(tables.specimens, train=train))["Answers given away"]
        assert check.level == level
        assert ("“age”" in check.text) == (level == "warning")


def test_a_column_that_is_always_the_same_is_named(tables: Fitted) -> None:
    assert "not used" in found(tables, tables.specimens)["Column “place”"].text


def test_rare_classes_are_a_warning(images: Fitted) -> None:
    rare = replace(images.specimens, total=1000, frequencies=np.array([0.99, 0.01]))
    check = found(images, rare)["Balance of the classes"]
    assert check.level == "warning"
    assert "990" in check.text
    assert "10 are" in check.text


@pytest.mark.parametrize(
    ("twins", "level"),
    [(Twins(50, 0, 0, 0), "good"), (Twins(50, 7, 0, 0), "note"), (Twins(50, 7, 2, 0), "warning")],
)
def test_repeated_samples_are_told(images: Fitted, twins: Twins, level: str) -> None:
    assert found(images, replace(images.specimens, twins=twins))["Repeated samples"].level == level


def test_validation_samples_that_were_trained_on_are_a_warning(images: Fitted) -> None:
    own = replace(images.specimens, own_validation=True, twins=Twins(50, 0, 0, 3))
    assert found(images, own)["Validation samples among the training samples"].level == "warning"


@pytest.mark.parametrize(("own", "level"), [(True, "warning"), (False, "note")])
def test_other_samples_than_those_trained_on_are_noticed(images: Fitted, *, own: bool, level: str) -> None:
    darker: Any = images.specimens.held_out // 4
    shifted = replace(images.specimens, held_out=darker, own_validation=own)
    check = found(images, shifted)["Training against held-out samples"]
    assert check.level == level
    assert "brightness" in check.text


@pytest.mark.slow
def test_words_that_give_a_class_away_are_named(tmp_path: Path) -> None:
    texts = fitted("texts", tmp_path)
    many = np.tile(texts.specimens.train, 5)
    more = replace(texts.specimens, train=many, y_train=np.tile(texts.specimens.y_train, 5))
    check = found(texts, more)["Answers given away"]
    assert check.level == "note"
    assert "“awful”" in check.text
    assert "“film”" not in check.text
