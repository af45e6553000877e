"""`ImageClassifier` from end to end: real fits on scikit-learn's digits, and data that it must refuse at once."""

import pickle
import re
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits

import easynas
from easynas.report.leaderboard import COLUMNS
from easynas.tasks.division import FOLDS, Division
from easynas.tasks.means import compute_of, worthwhile
from easynas.train.machine import Machine
from easynas.train.weights import load, load_answers
from tests.tasks.exact import Exact

NAMES = np.array(["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"])
SORTED = np.sort(NAMES)
BUDGET, ALLOWED = 30.0, 2.0
AT_ONCE = 5.0  # seconds; even a slow machine needs less for a check, and loading TensorFlow comes after it
TRAIN, VALIDATION = slice(0, 1200), slice(1200, 1500)
TEST = slice(1500, None)


@dataclass(frozen=True)
class Fit:
    """A fit as its caller saw it."""

    classifier: easynas.ImageClassifier
    wall_seconds: float
    directory: Path
    trials: tuple[easynas.Done | easynas.Failed, ...]


@pytest.fixture(scope="module")
def digits() -> tuple[np.ndarray, np.ndarray]:
    """1,797 images `(n, 8, 8)` in random order, and their names."""
    bunch = load_digits()
    order = np.random.default_rng(0).permutation(len(bunch.images))
    return bunch.images[order], NAMES[bunch.target[order]]


@pytest.fixture(scope="module")
def fit(digits: tuple[np.ndarray, np.ndarray], tmp_path_factory: pytest.TempPathFactory) -> Fit:
    x, y = digits
    directory = tmp_path_factory.mktemp("study")
    classifier = easynas.ImageClassifier(time_budget=BUDGET, directory=directory, random_state=0, verbose=0)
    trials: list[easynas.Done | easynas.Failed] = []
    started = time.monotonic()
    fitted = classifier.fit(x[:1500], y[:1500], callbacks=[trials.append])
    seconds = time.monotonic() - started
    assert fitted is classifier
    return Fit(classifier, seconds, directory, tuple(trials))


def run_python(code: str, *arguments: object) -> None:
    """Runs `code` in a fresh interpreter."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    ended = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)
    assert ended.returncode == 0, ended.stderr[-3000:]


@pytest.mark.slow
@pytest.mark.alone
def test_fit_returns_within_its_budget(fit: Fit) -> None:
    assert fit.wall_seconds <= BUDGET + ALLOWED
    assert fit.classifier.fit_seconds_ == pytest.approx(fit.wall_seconds, abs=0.5)


@pytest.mark.slow
@pytest.mark.alone
def test_images_that_it_never_saw_are_recognised(fit: Fit, digits: tuple[np.ndarray, np.ndarray]) -> None:
    x, y = digits
    assert fit.classifier.score(x[TEST], y[TEST]) >= 0.95
    assert fit.classifier.evaluate(x[TEST], y[TEST])["balanced_accuracy"] >= 0.94
    assert fit.classifier.best_score_ == pytest.approx(fit.classifier.score(x[TEST], y[TEST]), abs=0.05)


@pytest.mark.slow
@pytest.mark.alone
def test_labels_come_back_as_they_were_given(fit: Fit, digits: tuple[np.ndarray, np.ndarray]) -> None:
    x, y = digits
    predicted = fit.classifier.predict(x[TEST])
    assert predicted.dtype == y.dtype
    assert predicted.shape == y[TEST].shape
    assert fit.classifier.classes_.tolist() == SORTED.tolist()


@pytest.mark.slow
@pytest.mark.alone
def test_probabilities_belong_to_the_classes_in_order(fit: Fit, digits: tuple[np.ndarray, np.ndarray]) -> None:
    x, _ = digits
    probabilities = fit.classifier.predict_proba(x[TEST])
    assert probabilities.shape == (297, 10)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0, atol=1e-5)
    best = fit.classifier.classes_[probabilities.argmax(axis=1)]
    np.testing.assert_array_equal(best, fit.classifier.predict(x[TEST]))


@pytest.mark.slow
@pytest.mark.alone
def test_every_trial_has_a_row_and_reaches_the_callbacks(fit: Fit) -> None:
    board = fit.classifier.leaderboard()
    assert tuple(board.columns) == COLUMNS
    assert set(board["trial"]) == set(range(len(board))) == {trial.job.id for trial in fit.trials}
    assert set(board["status"]) <= {"done", "dropped", "failed"}
    assert (board["reason"] != "").tolist() == (board["status"] == "failed").tolist()
    scores = board.loc[board["status"] == "done", "score"].tolist()
    assert scores == sorted(scores, reverse=True)
    assert "baseline" in set(board["origin"])


@pytest.mark.slow
@pytest.mark.alone
def test_every_automatic_choice_is_a_sentence(fit: Fit) -> None:
    notes = fit.classifier.study_.notes
    assert any("held out" in note for note in notes)
    assert all(note.endswith(".") for note in notes)


@pytest.mark.slow
@pytest.mark.alone
def test_the_int8_file_agrees_with_the_model(fit: Fit, tmp_path: Path) -> None:
    report = fit.classifier.export(tmp_path / "model.tflite", quantization="int8")
    assert report.agreement >= 0.95
    assert report.size_kb == pytest.approx((tmp_path / "model.tflite").stat().st_size / 1024)
    assert report.latency_ms is not None
    assert 0 < report.latency_ms < 100


@pytest.mark.slow
@pytest.mark.alone
def test_a_saved_estimator_predicts_the_same_in_another_process(
    fit: Fit, digits: tuple[np.ndarray, np.ndarray], tmp_path: Path
) -> None:
    x, _ = digits
    fit.classifier.save(tmp_path / "saved")
    np.save(tmp_path / "x.npy", x[TEST])
    code = (
        "import sys, numpy as np, easynas; again = easynas.load(sys.argv[1]); x = np.load(sys.argv[2]); "
        "np.savez(sys.argv[3], labels=again.predict(x), probabilities=again.predict_proba(x), "
        "trials=again.leaderboard()['trial'].to_numpy())"
    )
    run_python(code, tmp_path / "saved", tmp_path / "x.npy", tmp_path / "out.npz")
    with np.load(tmp_path / "out.npz") as again:
        np.testing.assert_array_equal(again["labels"], fit.classifier.predict(x[TEST]))
        np.testing.assert_allclose(again["probabilities"], fit.classifier.predict_proba(x[TEST]), atol=1e-5)
        assert again["trials"].tolist() == fit.classifier.leaderboard()["trial"].tolist()


@pytest.mark.slow
@pytest.mark.alone
def test_the_exported_model_needs_no_easynas(fit: Fit, digits: tuple[np.ndarray, np.ndarray], tmp_path: Path) -> None:
    x, _ = digits
    fit.classifier.export(tmp_path / "model.keras")
    np.save(tmp_path / "x.npy", x[TEST])
    code = (
        "import sys; sys.modules['easynas'] = None; import keras, numpy as np; "
        "model = keras.models.load_model(sys.argv[1]); "
        "np.save(sys.argv[3], model.predict(np.load(sys.argv[2]), verbose=0))"
    )
    run_python(code, tmp_path / "model.keras", tmp_path / "x.npy", tmp_path / "out.npy")
    np.testing.assert_allclose(np.load(tmp_path / "out.npy"), fit.classifier.predict_proba(x[TEST]), atol=1e-5)


@pytest.mark.slow
@pytest.mark.alone
def test_images_of_another_size_are_refused(fit: Fit) -> None:
    with pytest.raises(easynas.InputError, match=r"Received \(5, 9, 8\)"):
        fit.classifier.predict(np.zeros((5, 9, 8)))
    with pytest.raises(easynas.InputError, match=r"pass `x\[None\]`"):
        fit.classifier.predict(np.zeros((8, 8)))


@pytest.mark.slow
@pytest.mark.alone
def test_a_label_that_fit_never_saw_cannot_be_scored(fit: Fit, digits: tuple[np.ndarray, np.ndarray]) -> None:
    x, _ = digits
    with pytest.raises(easynas.InputError, match="'ten'"):
        fit.classifier.score(x[:2], ["one", "ten"])


@pytest.mark.slow
@pytest.mark.alone
def test_fitting_again_in_the_same_directory_continues(fit: Fit, digits: tuple[np.ndarray, np.ndarray]) -> None:
    x, y = digits
    before = fit.classifier.leaderboard()
    again = clone(fit.classifier).set_params(time_budget=15, random_state=None)
    new: list[easynas.Done | easynas.Failed] = []
    again.fit(x[:1500], y[:1500], callbacks=[new.append])
    after = again.leaderboard().set_index("trial")
    assert [trial.job.id for trial in new] == list(range(len(before), len(after)))
    assert new != []
    np.testing.assert_array_equal(after.loc[before["trial"], "score"], before["score"])
    assert again.score(x[TEST], y[TEST]) >= 0.95
    assert fit.classifier.leaderboard().equals(before)


@pytest.mark.slow
@pytest.mark.alone
def test_weights_and_validation_data_are_honoured(digits: tuple[np.ndarray, np.ndarray]) -> None:
    x, y = digits
    # Half of the labels are wrong in the same way, and count nothing: whoever trains on them predicts them.
    wrong = np.arange(1200) % 2 == 0
    corrupted = np.where(wrong, SORTED[(np.searchsorted(SORTED, y[TRAIN]) + 1) % 10], y[TRAIN])
    classifier = easynas.ImageClassifier(time_budget=20, random_state=0, verbose=0)
    classifier.fit(
        x[TRAIN],
        corrupted,
        sample_weight=np.where(wrong, 0.0, 1.0),
        validation_data=(x[VALIDATION], y[VALIDATION]),
    )
    assert classifier.score(x[TEST], y[TEST]) >= 0.9
    # The held-out images are the given ones: no others could give this very score.
    assert classifier.best_score_ == pytest.approx(classifier.score(x[VALIDATION], y[VALIDATION]), abs=0.005)


def images(count: int = 20) -> np.ndarray:
    return np.random.default_rng(0).uniform(0, 255, (count, 8, 8))


def labels(count: int = 20) -> np.ndarray:
    return np.arange(count) % 2


def with_pixel(value: float) -> np.ndarray:
    x = images()
    x[3, 2, 1] = value
    return x


def unequal() -> np.ndarray:
    x = np.empty(20, dtype=object)
    x[:] = [np.zeros((8, 8 + index % 2)) for index in range(20)]
    return x


BAD_DATA: dict[str, tuple[Callable[[], tuple[Any, Any]], str]] = {
    "NaN": (lambda: (with_pixel(np.nan), labels()), "Received 1 NaN or infinite pixels .* image 3"),
    "infinity": (lambda: (with_pixel(np.inf), labels()), "Received 1 NaN or infinite pixels .* image 3"),
    "rank 2": (lambda: (images().reshape(20, 64), labels()), r"Received shape \(20, 64\).*reshape\(-1, 8, 8\)"),
    "rank 5": (lambda: (np.zeros((20, 2, 8, 8, 3)), labels()), r"Received shape \(20, 2, 8, 8, 3\)"),
    "one class": (lambda: (images(), np.zeros(20)), "at least two classes. Received 20 labels of 1 class"),
    "continuous labels": (lambda: (images(), np.linspace(0, 1, 20)), "look like a regression target"),
    "missing labels": (lambda: (images(), ["a", None] * 10), "Received 10 missing labels"),
    "other lengths": (lambda: (images(), labels(19)), "Received 20 samples and 19 labels"),
    "empty": (lambda: (np.zeros((0, 8, 8)), []), r"Received an empty array of shape \(0, 8, 8\)"),
    "unequal images": (lambda: (unequal(), labels()), r"Received \(8, 8\) at index 0 and \(8, 9\) at index 1"),
    "paths": (lambda: (["a.png", "b.png"], [0, 1]), "2 of 2 that cannot: 'a.png'"),
    "equal pixels": (lambda: (np.ones((20, 8, 8)), labels()), "all pixels are the same"),
}


@pytest.mark.parametrize("case", BAD_DATA)
def test_unusable_data_is_refused_at_once_with_what_was_received(case: str) -> None:
    make, message = BAD_DATA[case]
    x, y = make()
    started = time.monotonic()
    with pytest.raises(easynas.InputError, match=message):
        easynas.ImageClassifier().fit(x, y)
    assert time.monotonic() - started < AT_ONCE


BAD_SETTINGS: dict[str, tuple[dict[str, Any], str]] = {
    "metric": ({"metric": "precisely"}, "Received: 'precisely'"),
    "metric of another task": ({"metric": "r2_score"}, "Received: 'r2_score'"),
    "strategy": ({"search": "magic"}, r"one of \[.*'auto'.*Received: 'magic'"),
    "space": ({"space": "outer"}, r"one of \['auto'.*Received: 'outer'"),
    "short budget": ({"time_budget": 5}, "at least 10 seconds.*Received: 5"),
    "budget in words": ({"time_budget": "soon"}, "Received: 'soon'"),
    "no number as budget": ({"time_budget": float("nan")}, "Received: nan"),
    "pruning": ({"pruning": 1.5}, "`pruning` must be None, .*Received: 1.5"),
    "quantization": ({"quantization": "int4"}, "`quantization` must be None or one of.*Received: 'int4'"),
    "limit": ({"max_size_kb": 0}, "`max_size_kb` must be None or a number above 0.*Received: 0"),
    "engine": ({"engine": "cluster"}, r"one of \['local'.*Received: 'cluster'"),
    "trials": ({"max_trials": 0}, "`max_trials` .* Received: 0"),
    "seed": ({"random_state": -1}, "Received: -1"),
}


@pytest.mark.parametrize("case", BAD_SETTINGS)
def test_an_unusable_setting_is_refused_by_fit_at_once(case: str) -> None:
    settings, message = BAD_SETTINGS[case]
    classifier = easynas.ImageClassifier(**settings)
    started = time.monotonic()
    with pytest.raises(easynas.InputError, match=message):
        classifier.fit(images(), labels())
    assert time.monotonic() - started < AT_ONCE


@pytest.mark.parametrize(
    ("held_out", "message"),
    [
        (images(), "pair"),
        ((images(), labels(19)), "Received 20 samples and 19 labels"),
        ((images()[:, :7], labels()), r"Received \(20, 7, 8\)"),
        ((images(), labels() + 5), "Received 5 at row 0"),
    ],
)
def test_unusable_validation_data_are_refused(held_out: Any, message: str) -> None:
    with pytest.raises(easynas.InputError, match=message):
        easynas.ImageClassifier().fit(images(), labels(), validation_data=held_out)


USES: dict[str, Callable[[easynas.ImageClassifier], Any]] = {
    "predict": lambda classifier: classifier.predict(images()),
    "predict_proba": lambda classifier: classifier.predict_proba(images()),
    "score": lambda classifier: classifier.score(images(), labels()),
    "leaderboard": lambda classifier: classifier.leaderboard(),
    "export": lambda classifier: classifier.export("model.tflite"),
    "export_model": lambda classifier: classifier.export_model(),
    "save": lambda classifier: classifier.save("folder"),
    "report": lambda classifier: classifier.report(),
    "explain_search": lambda classifier: classifier.explain_search(),
}


@pytest.mark.parametrize("use", USES)
def test_whoever_uses_an_unfitted_estimator_is_told_to_fit(use: str) -> None:
    with pytest.raises(easynas.NotFittedError, match="call `fit"):
        USES[use](easynas.ImageClassifier())


def test_a_clone_has_the_same_settings_and_no_model() -> None:
    original = easynas.ImageClassifier("90s", metric="f1_macro", space="resnet", random_state=0)
    copy = clone(original)
    assert copy is not original
    assert copy.get_params() == original.get_params()
    assert copy.get_params()["time_budget"] == "90s"


def test_an_unfitted_estimator_can_be_pickled() -> None:
    original = easynas.ImageClassifier("90s", max_trials=3, random_state=0)
    assert pickle.loads(pickle.dumps(original)).get_params() == original.get_params()  # noqa: S301


@pytest.mark.slow
def test_numbers_are_predicted_in_their_units(digits: tuple[np.ndarray, np.ndarray], tmp_path: Path) -> None:
    x, _ = digits
    ink = x.reshape(len(x), -1).sum(axis=1)
    y = np.stack([100.0 + ink, -ink / 50.0], axis=1)  # two numbers of very different size
    regressor = easynas.ImageRegressor(20.0, random_state=0, verbose=0).fit(x[:1500], y[:1500])
    assert regressor.predict(x[1500:]).shape == (297, 2)
    assert regressor.score(x[1500:], y[1500:]) >= 0.8
    assert regressor.export(tmp_path / "a.tflite", quantization="dynamic").agreement >= 0.9
    regressor.save(tmp_path / "saved")
    np.testing.assert_array_equal(easynas.load(tmp_path / "saved").predict(x[:9]), regressor.predict(x[:9]))


@pytest.mark.slow
def test_any_number_of_labels_can_be_predicted(digits: tuple[np.ndarray, np.ndarray]) -> None:
    x, names = digits
    numbers = np.array([NAMES.tolist().index(name) for name in names])
    y = np.stack([numbers % 2 == 0, numbers > 4, numbers == 8], axis=1).astype(int)
    classifier = easynas.ImageClassifier(20.0, random_state=0, verbose=0).fit(x[:1500], y[:1500])
    assert classifier.predict(x[1500:]).dtype == y.dtype
    assert classifier.score(x[1500:], y[1500:]) >= 0.85
    assert len(classifier.bundle_.target.thresholds) == 3


@pytest.mark.slow
def test_few_images_end_in_a_training_for_each_fold(digits: tuple[np.ndarray, np.ndarray], tmp_path: Path) -> None:
    """Networks are solved instead of trained, so it takes no time; what is judged and shipped is the same."""
    x, y = digits
    fitted = easynas.ImageClassifier(
        600, engine=Exact(), space="vgg", max_trials=1, directory=tmp_path, random_state=0, verbose=0
    ).fit(x[:300], y[:300])
    trials = fitted.study_.with_weights
    networks = {trial.job.origin: len(load(fitted.study_.weights_path(trial.job.id))) for trial in trials}
    judged = {trial.job.origin: len(load_answers(fitted.study_.weights_path(trial.job.id))) for trial in trials}
    [final] = [origin for origin in networks if origin.startswith("final training")]
    assert networks == {"baseline": 1, "portfolio": 1, final: FOLDS}
    assert judged == {"baseline": 60, "portfolio": 60, final: 300}
    notes = " ".join(fitted.study_.notes)
    assert "is the average of the 5" in notes
    assert re.search(r"On 60 samples that neither saw, trial [01] scores .* and the network of the first fold", notes)
    assert fitted.best_score_ == pytest.approx(fitted.score(x[TEST], y[TEST]), abs=0.1)


def test_the_start_of_a_fit_trains_nothing() -> None:
    division = Division(np.arange(40_000), np.arange(4_000), None)
    shortest, short, long = (
        compute_of(seconds, Machine(1e11, bfloat16=False), division).seconds for seconds in (10.0, 20.0, 600.0)
    )
    assert 0 < shortest < short < 0.4 * 20  # of which loading, the baseline and the graph of a network take most
    assert 0.6 * 600 < long < 0.7 * 600


def test_a_budget_that_is_short_for_folds_keeps_one_split() -> None:
    division = Division(np.arange(1_000), np.arange(1_000), np.arange(1_000) % 5)
    slow, fast = Machine(1e8, bfloat16=False), Machine(1e11, bfloat16=False)
    assert worthwhile(60.0, fast, division) is division
    short = worthwhile(60.0, slow, division)
    assert short.folds is None
    assert short.validation.tolist() == list(range(0, 1_000, 5))
