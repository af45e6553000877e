"""KerasTuner hypermodels under a time budget."""

import inspect
import json
import os
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import keras_tuner
import numpy as np
import pytest
from sklearn.datasets import load_digits

import easynas
from easynas.errors import BudgetError, InputError, SearchError
from easynas.interop import arrays
from easynas.interop.fitting import Discovery, Fitting, Objective, hyperparameters
from easynas.interop.settings import objective_of
from easynas.search.budget import Deadline
from easynas.search.trial import Done, Failed, Job
from easynas.space.space import SearchSpace
from easynas.strategies.random import Random
from easynas.train import weights


def build(hp: Any) -> Any:
    """Networks whose later layers are declared only if they are built."""
    model = keras.Sequential([keras.layers.Flatten()])
    for index in range(hp.Int("layers", 1, 3)):
        model.add(keras.layers.Dense(hp.Choice(f"units{index}", [32, 128]), activation="relu"))
    if hp.Choice("regularize", ["none", "dropout"]) == "dropout":
        with hp.conditional_scope("regularize", ["dropout"]):
            model.add(keras.layers.Dropout(hp.Float("rate", 0.1, 0.5)))
    model.add(keras.layers.Dense(10, activation="softmax"))
    optimizer = keras.optimizers.Adam(hp.Float("learning_rate", 1e-3, 1e-2, sampling="log"))
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


class OwnFit(keras_tuner.HyperModel):
    """Chooses its own batch size, and returns a number instead of passing on the callbacks."""

    def build(self, hp: Any) -> Any:
        return build(hp)

    def declare_hyperparameters(self, hp: Any) -> None:
        hp.Choice("batch", [16, 32])

    def fit(self, hp: Any, model: Any, x: Any, y: Any, *, callbacks: Any, **settings: Any) -> float:
        history = model.fit(x, y, epochs=2, batch_size=hp.Choice("batch", [16, 32]), **settings)
        return float(history.history["val_accuracy"][-1])


class Treacherous(keras_tuner.HyperModel):
    """Some of its networks hang when they are trained, and some take their process with them."""

    def build(self, hp: Any) -> Any:
        hp.Choice("behaviour", ["good", "hang", "crash"])
        return build(hp)

    def fit(self, hp: Any, model: Any, x: Any, y: Any, **settings: Any) -> Any:
        if hp.get("behaviour") == "hang":
            time.sleep(600)
        if hp.get("behaviour") == "crash":
            os.abort()
        return model.fit(x, y, epochs=1000, **settings)


class InTurn(Random):
    """Tries one behaviour after the other, so that few trials suffice to meet each."""

    def __init__(self, space: SearchSpace, seed: int) -> None:
        super().__init__(space, seed=seed)

    def ask(self, job_id: int) -> Job | None:
        job = super().ask(job_id)
        behaviour = ("hang", "crash", "good")[job_id % 3]
        return None if job is None else replace(job, values={**job.values, "behaviour": behaviour})


class Function(keras_tuner.HyperModel):
    def __init__(self, function: Any) -> None:
        super().__init__()
        self._function = function

    def build(self, hp: Any) -> Any:
        return self._function(hp)


def digits(count: int = 1797) -> tuple[np.ndarray, np.ndarray]:
    data = load_digits()
    return (data.images / 16.0).astype("float32")[:count], data.target[:count]


def discovered(hypermodel: Any, tmp_path: Path) -> dict[str, Any]:
    x, y = digits(40)
    paths = arrays.write(tmp_path / "x", x), arrays.write(tmp_path / "y", y)
    discovery = Discovery(hypermodel, *paths, tmp_path / "space.json")
    assert isinstance(discovery(Job(0, {}), deadline=Deadline.after(60.0), bar=-np.inf), Done)
    found: dict[str, Any] = json.loads((tmp_path / "space.json").read_text())
    return found


def fitting(hypermodel: Any, space: Any, tmp_path: Path) -> Fitting:
    x, y = digits(300)
    x_file, y_file = arrays.write(tmp_path / "x", x[:200]), arrays.write(tmp_path / "y", y[:200])
    held_out = arrays.write(tmp_path / "xv", x[200:]), arrays.write(tmp_path / "yv", y[200:])
    objective = Objective("val_accuracy", maximize=True)
    return Fitting(hypermodel, space, x_file, y_file, held_out, objective, test_start=0.5, seed=0, folder=tmp_path)


@pytest.mark.slow
def test_choices_are_found_that_the_default_network_does_not_have(tmp_path: Path) -> None:
    found = discovered(Function(build), tmp_path)
    space = SearchSpace(hyperparameters(found["space"], {}))
    names = {"layers", "units0", "units1", "units2", "regularize", "rate", "learning_rate"}
    assert set(space.names) == names
    assert "rate" not in space.default()
    assert found["metrics"] == ["accuracy", "loss"]
    assert found["train_start"] > 0.0


def test_choices_of_a_fit_of_its_own_can_be_declared(tmp_path: Path) -> None:
    found = discovered(OwnFit(), tmp_path)
    assert "batch" in SearchSpace(hyperparameters(found["space"], {})).names


@pytest.mark.slow
@pytest.mark.alone
def test_a_network_is_trained_until_its_deadline_and_its_best_epoch_kept(tmp_path: Path) -> None:
    hp = keras_tuner.HyperParameters()
    build(hp)
    deadline = Deadline.after(8.0)
    job = Job(3, SearchSpace(hp).default())
    trial = fitting(Function(build), hp.get_config(), tmp_path)(job, deadline=deadline, bar=-np.inf)
    assert isinstance(trial, Done)
    assert deadline.left > -1.0  # half of the grace: the machine may be busy with something else
    assert trial.score == pytest.approx(trial.metrics["val_accuracy"])
    assert trial.score > 0.6
    assert trial.metrics["epochs"] > 3
    model = build(hyperparameters(hp.get_config(), job.values))
    model(digits(1)[0])
    model.set_weights(weights.load(tmp_path / "3.npz")[0])
    x, y = digits(300)
    measured = model.evaluate(x[200:], y[200:], verbose=0, return_dict=True)["accuracy"]
    assert measured == pytest.approx(trial.score, abs=0.011)


@pytest.mark.slow
def test_a_fit_of_its_own_may_return_a_number(tmp_path: Path) -> None:
    hp = keras_tuner.HyperParameters()
    build(hp)
    job = Job(0, SearchSpace(hp).default())
    trial = fitting(OwnFit(), hp.get_config(), tmp_path)(job, deadline=Deadline.after(60.0), bar=-np.inf)
    assert isinstance(trial, Done)
    assert 0.0 < trial.score <= 1.0
    assert trial.metrics["choices_found_late"] == 1.0  # nobody declared its batch size before


def test_a_network_that_cannot_be_built_is_a_failed_trial(tmp_path: Path) -> None:
    def broken(hp: Any) -> Any:
        raise ValueError("the kernel is larger than the image")

    evaluate = fitting(Function(broken), keras_tuner.HyperParameters().get_config(), tmp_path)
    trial = evaluate(Job(0, {}), deadline=Deadline.after(60.0), bar=-np.inf)
    assert isinstance(trial, Failed)
    assert "the kernel is larger" in trial.reason


@pytest.mark.parametrize(
    ("objective", "expected"),
    [
        ("val_accuracy", Objective("val_accuracy", maximize=True)),
        ("val_loss", Objective("val_loss", maximize=False)),
        ("mean_absolute_error", Objective("mean_absolute_error", maximize=False)),
        (keras_tuner.Objective("val_beauty", "max"), Objective("val_beauty", maximize=True)),
    ],
)
def test_the_direction_is_inferred_as_kerastuner_does(objective: Any, expected: Objective) -> None:
    assert objective_of(objective) == expected
    assert expected.score(expected.score(0.3)) == 0.3


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"objective": "val_beauty"}, "`objective` must be None, a metric whose direction is known"),
        ({"search": "bayes"}, "`search` must be"),
        ({"random_state": -1}, "`random_state`"),
        ({"max_trials": 0}, "`max_trials`"),
        ({"n_jobs": 0}, "`n_jobs`"),
        ({"hypermodel": "cnn"}, "`hypermodel` must be"),
        ({"hypermodel": OwnFit}, "`hypermodel` must be"),
        ({"x": (n for n in range(3))}, "`x` must be an array"),
        ({"y": np.zeros(7)}, "as many samples as targets"),
        ({"validation_data": np.zeros((4, 4))}, r"`validation_data` must be a pair"),
    ],
)
def test_what_cannot_be_used_is_refused_before_time_is_spent(change: dict[str, Any], message: str) -> None:
    x, y = digits(20)
    settings = {"hypermodel": build, "x": x, "y": y, "time_budget": 60, "verbose": 0, **change}
    with pytest.raises(InputError, match=message):
        easynas.search(settings.pop("hypermodel"), settings.pop("x"), settings.pop("y"), **settings)


def test_too_short_a_budget_is_refused() -> None:
    with pytest.raises(BudgetError, match="at least 10 seconds"):
        easynas.search(build, *digits(20), time_budget=3)


def test_what_cannot_travel_to_other_processes_is_refused() -> None:
    lock = threading.Lock()

    def locked(hp: Any) -> Any:
        with lock:
            return build(hp)

    with pytest.raises(InputError, match=r"cannot be pickled.*inside `build`"):
        easynas.search(locked, *digits(20), time_budget=60, verbose=0)


def test_a_block_is_referred_to_the_tasks() -> None:
    with pytest.raises(InputError, match=r"ImageClassifier\(space=block\)"):
        easynas.search(easynas.spaces.create("resnet"), *digits(20), time_budget=60, verbose=0)


@pytest.mark.slow
@pytest.mark.alone
def test_digits_are_recognised_within_the_budget() -> None:
    x, y = digits()
    started = time.monotonic()
    result = easynas.search(build, x[:1400], y[:1400], time_budget=20, random_state=0, verbose=0)
    assert time.monotonic() - started < 22.0
    model = result.best_model()
    assert model.evaluate(x[1400:], y[1400:], verbose=0, return_dict=True)["accuracy"] > 0.8
    assert result.objective == "val_accuracy"
    assert result.best_score == result.best.score > 0.9
    assert set(result.best_values) <= {"layers", "units0", "units1", "units2", "regularize", "rate", "learning_rate"}
    assert len(result.leaderboard()) == len(result.study.trials) > 1


@pytest.mark.slow
def test_a_search_goes_on_in_its_directory(tmp_path: Path) -> None:
    x, y = digits(600)
    settings: dict[str, Any] = {"time_budget": 20, "directory": tmp_path, "max_trials": 2, "n_jobs": 1, "verbose": 0}
    first = easynas.search(build, x, y, objective="val_loss", random_state=0, **settings)
    second = easynas.search(build, x, y, objective="val_loss", random_state=0, **settings)
    assert first.best_score > 0.0
    assert len(second.study.trials) == len(first.study.trials) + 2
    assert [trial.job for trial in second.study.trials[:2]] == [trial.job for trial in first.study.trials]
    assert second.best_score <= first.best_score


@pytest.mark.slow
@pytest.mark.alone
def test_a_network_that_hangs_and_one_that_crashes_cost_a_trial_and_no_more() -> None:
    started = time.monotonic()
    result = easynas.search(Treacherous(), *digits(600), time_budget=25, random_state=0, search=InTurn, verbose=0)
    assert time.monotonic() - started < 27.0
    assert result.best_values["behaviour"] == "good"
    assert result.best_score > 0.5
    reasons = {str(t.job.values["behaviour"]): t.reason for t in result.study.trials if isinstance(t, Failed)}
    assert "did not stop" in reasons["hang"]
    assert "SIGABRT" in reasons["crash"]


class AlwaysFails(Treacherous):
    def fit(self, hp: Any, model: Any, x: Any, y: Any, **settings: Any) -> Any:
        raise ValueError("a typing error")


@pytest.mark.slow
def test_a_hypermodel_that_always_fails_is_given_up_early() -> None:
    started = time.monotonic()
    with pytest.raises(SearchError, match=r"Received: cannot train: a typing error\. Try"):
        easynas.search(AlwaysFails(), *digits(50), time_budget=300, verbose=0)
    assert time.monotonic() - started < 90.0


@pytest.mark.slow
@pytest.mark.alone
def test_a_hypermodel_that_hangs_at_once_is_named_in_time() -> None:
    def hanging(hp: Any) -> Any:
        hp.Choice("kind", ["a", "b"])
        time.sleep(600)

    started = time.monotonic()
    with pytest.raises(SearchError, match="must build a network with the defaults"):
        easynas.search(hanging, *digits(50), time_budget=15, verbose=0)
    assert time.monotonic() - started < 17.0


@pytest.mark.slow
def test_the_package_and_the_function_are_one() -> None:
    code = (
        "import easynas; assert callable(easynas.search); import easynas.search.study as study; "
        "from easynas.search.study import Study; from easynas import search; "
        "assert search is easynas.search and study.Study is Study is easynas.search.study.Study; "
        "assert callable(search); import sys; assert 'keras' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(easynas.__file__).parent.parent)


def test_the_function_shows_its_settings() -> None:
    assert list(inspect.signature(easynas.search).parameters)[:4] == ["hypermodel", "x", "y", "time_budget"]
    assert inspect.getdoc(type(easynas.search).__call__)
