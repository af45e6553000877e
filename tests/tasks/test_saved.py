"""Folders that are no saved estimators."""

import json
from pathlib import Path

import pytest
from sklearn.datasets import load_breast_cancer

import easynas
from easynas.runtime import Profile
from easynas.runtime.latency import Accuracy, Cost
from easynas.tasks.saved import FILE
from tests.tasks.exact import Exact

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


PROFILE = Profile(
    {"processor": "a small one", "machine": "arm", "interpreter": "any"},
    1,
    {"CALL": Cost((1, 1), (0.1,) * 8, 0.2, 9)},
    {"float32": Accuracy(0.1, 0.2, 0.9, 20)},
)


@pytest.mark.slow
def test_a_device_is_saved_with_the_estimator_whether_it_is_an_object_or_a_file(tmp_path: Path) -> None:
    x, y = load_breast_cancer(return_X_y=True)
    fitted = easynas.TabularClassifier(
        60, space="mlp", engine=Exact(), max_trials=1, random_state=0, verbose=0, profile=PROFILE
    ).fit(x, y)
    fitted.save(tmp_path / "saved")
    assert easynas.load(tmp_path / "saved").profile == PROFILE
    PROFILE.save(tmp_path / "pi.json")
    fitted.set_params(profile=tmp_path / "pi.json").save(tmp_path / "saved")
    assert easynas.load(tmp_path / "saved").profile == str(tmp_path / "pi.json")
    fitted.set_params(profile=None).save(tmp_path / "saved")
    assert easynas.load(tmp_path / "saved").profile is None


def test_without_its_model_an_estimator_is_refused(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(json.dumps(GOOD))
    with pytest.raises(easynas.InputError, match=r"must contain 'bundle\.json'"):
        easynas.load(tmp_path)
