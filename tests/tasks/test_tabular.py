"""`TabularClassifier` and `TabularRegressor` from end to end, and tables that they must refuse at once."""

import time
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.linear_model import LogisticRegression

import easynas

BUDGET = 25.0
TRAIN, TEST = slice(0, 400), slice(400, None)


def cancer() -> tuple[pd.DataFrame, pd.Series]:
    """Real measurements, one of them as a category and one with missing cells, beside a column that says nothing."""
    data = load_breast_cancer(as_frame=True)
    order = np.random.default_rng(0).permutation(len(data.data))
    x = data.data.iloc[order].reset_index(drop=True)
    x["mean radius"] = pd.cut(x["mean radius"], 5, labels=["tiny", "small", "middle", "large", "huge"]).astype(str)
    x.loc[::7, "worst area"] = np.nan
    x["source"] = "clinic"
    return x, data.target.iloc[order].map({0: "malignant", 1: "benign"}).reset_index(drop=True)


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> easynas.TabularClassifier:
    x, y = cancer()
    directory = tmp_path_factory.mktemp("study")
    classifier = easynas.TabularClassifier(
        BUDGET, metric="roc_auc", directory=directory, random_state=0, verbose=0, n_jobs=2
    )
    started = time.monotonic()
    classifier.fit(x[TRAIN], y[TRAIN])
    assert time.monotonic() - started <= BUDGET + 2.0
    return classifier


@pytest.mark.slow
@pytest.mark.alone
def test_rows_that_it_never_saw_are_told_apart(fitted: easynas.TabularClassifier) -> None:
    x, y = cancer()
    assert fitted.score(x[TEST], y[TEST]) >= 0.98
    assert fitted.evaluate(x[TEST], y[TEST])["accuracy"] >= 0.93
    assert set(fitted.predict(x[TEST])) == {"benign", "malignant"}
    assert fitted.best_score_ == pytest.approx(fitted.score(x[TEST], y[TEST]), abs=0.03)


@pytest.mark.slow
@pytest.mark.alone
def test_few_rows_are_held_out_in_turn_and_networks_are_averaged(fitted: easynas.TabularClassifier) -> None:
    board = fitted.leaderboard()
    shipped = board[board["trial"] == fitted.study_.shipped.job.id].iloc[0]
    assert any("each sample is held out once" in note for note in fitted.study_.notes)
    members = fitted.study_.shipped.job.members
    assert (shipped["network"] == "average") == (len(members) > 1)
    done = [trial for trial in fitted.study_.trials if isinstance(trial, easynas.Done) and not trial.job.reference]
    losses = {trial.job.id: trial.metrics["loss"] for trial in done}
    assert members or fitted.study_.shipped.job.id == min(losses, key=lambda number: losses[number])
    assert len(board) >= 4


@pytest.mark.slow
@pytest.mark.alone
def test_columns_say_what_they_were_taken_for(fitted: easynas.TabularClassifier) -> None:
    kinds = fitted.columns_.set_index("column")["kind"]
    assert kinds["mean radius"] == "categorical"
    assert kinds["worst area"] == "numeric"
    assert kinds["source"] == "constant"
    assert fitted.n_features_in_ == 31
    assert fitted.feature_names_in_.tolist() == cancer()[0].columns.tolist()


@pytest.mark.slow
@pytest.mark.alone
def test_missing_and_unknown_cells_are_predicted_too(fitted: easynas.TabularClassifier) -> None:
    x, _ = cancer()
    strange = x[TEST].head(3).copy()
    strange["mean radius"] = ["enormous", None, "tiny"]
    strange["worst area"] = [np.inf, np.nan, 1e30]
    probabilities = fitted.predict_proba(strange[strange.columns[::-1]])  # columns go by name
    assert np.isfinite(probabilities).all()
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0, atol=1e-5)


@pytest.mark.slow
@pytest.mark.alone
def test_files_answer_as_the_model_does(fitted: easynas.TabularClassifier, tmp_path: Path) -> None:
    x, _ = cancer()
    for name, quantization in (("a.tflite", None), ("b.tflite", "dynamic"), ("c.keras", None)):
        assert fitted.export(tmp_path / name, quantization=quantization).agreement >= 0.98
    model = keras.models.load_model(tmp_path / "c.keras")
    raw = {name: x[TEST][name].to_numpy()[:, None] for name in model.input if name in x}
    tensors = {name: tf.constant(cells.astype(str) if cells.dtype == object else cells) for name, cells in raw.items()}
    np.testing.assert_allclose(model(tensors), fitted.predict_proba(x[TEST]), atol=1e-4)
    fitted.save(tmp_path / "saved")
    again = easynas.load(tmp_path / "saved")
    np.testing.assert_array_equal(again.predict_proba(x[TEST]), fitted.predict_proba(x[TEST]))
    assert again.columns_.equals(fitted.columns_)


@pytest.mark.slow
@pytest.mark.alone
def test_a_report_judges_by_what_it_is_given(fitted: easynas.TabularClassifier, tmp_path: Path) -> None:
    x, y = cancer()
    fitted.save(tmp_path / "saved")
    again = easynas.load(tmp_path / "saved")
    path = again.report(tmp_path / "report.html", x_test=x[TEST], y_test=y[TEST])
    page = path.read_text(encoding="utf-8")
    assert f"Measured on {len(y[TEST])} rows that <code>fit</code> never saw" in page
    assert f'<div class="number">{fitted.score(x[TEST], y[TEST]):.3f}</div>' in page
    assert "A linear model" in page
    assert again.study_.notes == fitted.study_.notes
    assert "each sample is held out once" in again.explain_search()
    with pytest.raises(easynas.InputError, match="must be given together"):
        fitted.report(path, x_test=x[TEST])
    benign = y[TEST] == "benign"
    with pytest.raises(easynas.InputError, match="`metric` must"):  # an area under a curve needs both classes
        fitted.report(path, x_test=x[TEST][benign], y_test=y[TEST][benign])


@pytest.mark.slow
@pytest.mark.alone
def test_a_search_in_rungs_keeps_the_budget() -> None:
    x, y = cancer()
    classifier = easynas.TabularClassifier(BUDGET, search="bohb", space="mlp", random_state=0, verbose=0)
    started = time.monotonic()
    classifier.fit(x[TRAIN], y[TRAIN])
    assert time.monotonic() - started <= BUDGET + 2.0
    assert any(trial.job.fidelity < 1.0 for trial in classifier.study_.trials)
    assert classifier.score(x[TEST], y[TEST]) >= 0.9


@pytest.mark.slow
def test_a_number_is_predicted_in_its_units() -> None:
    x, y = load_diabetes(return_X_y=True)
    regressor = easynas.TabularRegressor(20.0, random_state=0, verbose=0).fit(x[:340], 1000.0 + 7.0 * y[:340])
    predicted = regressor.predict(x[340:])
    assert predicted.shape == (102,)
    assert 1000.0 < predicted.mean() < 1000.0 + 7.0 * y.max()
    assert regressor.score(x[340:], 1000.0 + 7.0 * y[340:]) >= 0.4  # 0.45 to 0.5 is what linear models reach
    errors = regressor.evaluate(x[340:], 1000.0 + 7.0 * y[340:])
    assert 0 < errors["mean_absolute_error"] < errors["root_mean_squared_error"] < 7.0 * y.std()


def table(rows: int = 30) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    return pd.DataFrame({"a": rng.normal(size=rows), "b": rng.choice(["x", "y"], size=rows)})


TABLES: dict[str, tuple[Any, dict[str, Any], str]] = {
    "one number": (3, {}, "Received"),
    "no column of use": (pd.DataFrame({"a": [1] * 30}), {}, "tells samples apart"),
    "lengths": (table(29), {}, "Received 29 samples and 30 labels"),
    "unknown column": (table(), {"column_types": {"c": "numeric"}}, "must name columns"),
    "unknown kind": (table(), {"column_types": {"a": "number"}}, "must be one of"),
    "an image space": (table(), {"space": "vgg"}, "'mlp', 'tabm'"),
    "several rows of one column twice": (pd.concat([table(), table()], axis=1), {}, "'a'"),
}


@pytest.mark.parametrize("case", TABLES)
def test_what_cannot_be_used_is_explained_at_once(case: str) -> None:
    x, settings, message = TABLES[case]
    started = time.monotonic()
    with pytest.raises(easynas.InputError, match=message):
        easynas.TabularClassifier(**settings).fit(x, [0, 1] * 15)
    assert time.monotonic() - started < 10.0


def test_a_clone_keeps_the_kinds_of_columns() -> None:
    assert clone(easynas.TabularClassifier(20, column_types={"a": "categorical"})).column_types == {"a": "categorical"}
    assert "column_types" not in easynas.TextClassifier().get_params()


def test_the_reference_is_no_harder_than_it_should_be() -> None:
    """What the fits above must reach is what a linear model reaches on the same rows."""
    x, y = cancer()
    numeric = x.drop(columns=["mean radius", "worst area", "source"])
    standard = (numeric - numeric[TRAIN].mean()) / numeric[TRAIN].std()
    assert LogisticRegression(max_iter=1000).fit(standard[TRAIN], y[TRAIN]).score(standard[TEST], y[TEST]) >= 0.93
