"""The estimators are scikit-learn's: its own checks, and what its tools do with them.

Fits here are whole ones, with an engine that solves networks instead of training them (`exact.py`).
"""

import re
from collections.abc import Callable, Iterator
from typing import Any
from unittest import SkipTest

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import get_tags
from sklearn.utils.estimator_checks import estimator_checks_generator

import easynas
from tests.tasks.exact import Exact

BUDGET = 60.0  # a bound: the only trial of the search ends at once

EXPECTED_FAILURES = {
    "check_sample_weight_equivalence_on_dense_data": (
        "Weights count in training. Medians, bins and vocabularies of columns, and the folds, are those of the rows."
    ),
}
"""Checks that fail for a reason, by name; everything else must pass."""


def exact(kind: type[Any], **settings: Any) -> Any:
    return kind(BUDGET, engine=Exact(), max_trials=1, random_state=0, verbose=0, **settings)


def checks() -> Iterator[Any]:
    """Estimators and checks; one that is expected to fail must fail."""
    for kind in (easynas.TabularClassifier, easynas.TabularRegressor):
        for number, (estimator, check) in enumerate(estimator_checks_generator(exact(kind))):
            name = getattr(check, "func", check).__name__
            marks = (
                [pytest.mark.xfail(reason=EXPECTED_FAILURES[name], strict=True)] if name in EXPECTED_FAILURES else []
            )
            yield pytest.param(estimator, check, id=f"{kind.__name__}-{number}-{name}", marks=marks)


@pytest.mark.slow
@pytest.mark.parametrize(("estimator", "check"), list(checks()))
def test_the_checks_of_scikit_learn_pass(estimator: Any, check: Callable[[Any], None]) -> None:
    try:
        check(estimator)
    except SkipTest as skipped:
        pytest.skip(str(skipped))


@pytest.mark.slow
def test_fitting_again_on_the_same_data_gives_the_same_model() -> None:
    x, y = load_iris(return_X_y=True)
    classifier = exact(easynas.TabularClassifier)
    once = classifier.fit(x, y).predict_proba(x)
    np.testing.assert_array_equal(classifier.fit(x, y).predict_proba(x), once)
    assert (once.argmax(axis=1) == y).mean() > 0.95


@pytest.mark.slow
def test_pipelines_scores_and_grids_take_an_estimator() -> None:
    x, y = load_iris(return_X_y=True, as_frame=True)
    pipeline = make_pipeline(StandardScaler().set_output(transform="pandas"), exact(easynas.TabularClassifier))
    assert cross_val_score(pipeline, x, y, cv=2).min() > 0.9
    grid = GridSearchCV(pipeline, {"tabularclassifier__space": ["mlp", "linear"]}, cv=2, error_score="raise")
    grid.fit(x, y)
    assert grid.best_params_["tabularclassifier__space"] in ("mlp", "linear")
    assert grid.score(x, y) > 0.9
    best = grid.best_estimator_[-1]
    assert best.feature_names_in_.tolist() == x.columns.tolist()
    assert best.n_features_in_ == 4
    assert best.classes_.tolist() == [0, 1, 2]


@pytest.mark.slow
def test_probabilities_are_calibrated_and_decisions_suit_the_metric() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(4000, 3))
    y = np.where(rng.random(4000) < 1 / (1 + np.exp(3.0 - 1.5 * x[:, 0])), "rare", "usual")
    classifier = exact(easynas.TabularClassifier, metric="balanced_accuracy").fit(x[:1500], y[:1500])
    _, threshold = classifier.bundle_.target.thresholds
    probabilities = classifier.predict_proba(x[1500:])
    np.testing.assert_array_equal(classifier.predict(x[1500:]) == "usual", probabilities[:, 1] >= threshold)
    assert threshold > 0.6
    plain = classifier.classes_[probabilities.argmax(axis=1)]
    decided = classifier.score(x[1500:], y[1500:])
    assert decided > np.mean([np.mean(plain[y[1500:] == each] == each) for each in classifier.classes_]) + 0.05
    assert classifier.best_score_ == pytest.approx(decided, abs=0.05)
    assert any("thresholds" in note for note in classifier.study_.notes)
    first, [made_of] = classifier.leaderboard().iloc[0], classifier.study_.shipped.job.members
    trials = {trial.job.id: trial for trial in classifier.study_.trials}
    assert first["network"] == trials[made_of].job.values.get("network", "baseline")
    assert re.fullmatch(rf"trial {made_of}(, calibrated)?, with thresholds", first["origin"])
    assert f"The result is trial {first['trial']} ({first['origin']})" in classifier.explain_search()


@pytest.mark.slow
def test_weights_decide_what_is_learned() -> None:
    x, y = load_iris(return_X_y=True)
    wrong = np.where(np.arange(len(y)) % 2, y, (y + 1) % 3)
    classifier = exact(easynas.TabularClassifier).fit(x, wrong, sample_weight=np.arange(len(y)) % 2)
    assert (classifier.predict(x) == y).mean() > 0.9


def test_tags_say_what_may_be_passed() -> None:
    table, text, image = (
        get_tags(kind()) for kind in (easynas.TabularClassifier, easynas.TextRegressor, easynas.ImageClassifier)
    )
    assert table.input_tags.two_d_array
    assert table.input_tags.allow_nan
    assert table.input_tags.categorical
    assert not table.input_tags.sparse
    assert table.classifier_tags.multi_label
    assert text.input_tags.string
    assert text.estimator_type == "regressor"
    assert image.input_tags.three_d_array
    assert not image.input_tags.two_d_array
    assert table.non_deterministic
    assert table.target_tags.required


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (sparse.csr_array(np.eye(20)), r"sparse csr_array; pass `x.toarray\(\)`"),
        (sparse.dok_matrix(np.eye(20)), "sparse dok_matrix"),
        (np.arange(20.0), r"Received shape \(20,\)\. Reshape your data"),
        (np.ones((20, 1)) * 1j, "Complex data not supported"),
        (np.ones((20, 0)), r"Received 0 feature\(s\) \(shape=\(20, 0\)\)"),
        (pd.DataFrame(index=range(20)), r"Received 0 feature\(s\)"),
    ],
)
def test_what_is_no_table_is_refused_at_once(x: Any, message: str) -> None:
    with pytest.raises(easynas.InputError, match=message):
        easynas.TabularClassifier().fit(x, [0, 1] * 10)


@pytest.mark.parametrize("kind", [easynas.TabularRegressor, easynas.TextClassifier, easynas.ImageClassifier])
def test_without_a_target_nothing_is_fitted(kind: type[Any]) -> None:
    with pytest.raises(easynas.InputError, match="requires y to be passed"):
        kind().fit([["a"]] * 20, None)
