"""Folders that are no saved estimators."""

import json
from pathlib import Path

import pytest

import easynas
from easynas.tasks.saved import FILE

GOOD = {"estimator": "ImageClassifier", "settings": {"time_budget": 60.0}, "fit_seconds": 59.0}


def test_loading_from_a_folder_without_an_estimator_says_so(tmp_path: Path) -> None:
    with pytest.raises(easynas.InputError, match="must hold a saved estimator"):
        easynas.load(tmp_path)


@pytest.mark.parametrize(
    "config",
    [
        "{",
        "[]",
        "7",
        json.dumps({**GOOD, "estimator": "os.system"}),
        json.dumps({**GOOD, "estimator": ["ImageClassifier"]}),
        json.dumps({**GOOD, "settings": {"color": "red"}}),
        json.dumps({**GOOD, "settings": {"search": {"class": "Strategy"}}}),
        json.dumps({**GOOD, "settings": 3}),
        json.dumps({**GOOD, "fit_seconds": "long"}),
        json.dumps({"estimator": "ImageClassifier"}),
    ],
)
def test_a_damaged_description_is_refused(tmp_path: Path, config: str) -> None:
    (tmp_path / FILE).write_text(config)
    with pytest.raises(easynas.InputError, match=f"{FILE} must describe an estimator"):
        easynas.load(tmp_path)


def test_without_its_model_an_estimator_is_refused(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(json.dumps(GOOD))
    with pytest.raises(easynas.InputError, match=r"must contain 'bundle\.json'"):
        easynas.load(tmp_path)
