"""Scores of probabilities, by scikit-learn's names."""

import math

import numpy as np
import pytest
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import get_scorer

from easynas.errors import InputError
from easynas.train.scoring import Scoring, log_loss

METRICS = ["accuracy", "balanced_accuracy", "f1_macro", "f1_weighted", "neg_log_loss", "roc_auc_ovr"]


@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize("metric", METRICS)
def test_a_score_is_that_of_scikit_learn(metric: str, classes: int) -> None:
    x, y = make_classification(300, n_informative=5, n_classes=classes, flip_y=0.3, random_state=0)
    model = LogisticRegression().fit(x, y)
    expected = get_scorer(metric)(model, x, y)
    assert Scoring(metric).score(model.predict_proba(x), y) == pytest.approx(expected)
    Scoring(metric).check(y, classes)


@pytest.mark.parametrize("metric", ["average_precision", "roc_auc", "f1"])
def test_metrics_of_two_classes_are_scored_too(metric: str) -> None:
    x, y = make_classification(200, flip_y=0.3, random_state=0)
    model = LogisticRegression().fit(x, y)
    assert Scoring(metric).score(model.predict_proba(x), y) == pytest.approx(get_scorer(metric)(model, x, y))
    Scoring(metric).check(y, 2)


@pytest.mark.parametrize("metric", [*METRICS, "matthews_corrcoef"])
def test_better_probabilities_score_higher(metric: str) -> None:
    labels = np.arange(30) % 3
    right, even = np.eye(3)[labels], np.full((30, 3), 1 / 3)
    assert Scoring(metric).score(0.9 * right + 0.1 * even, labels) > Scoring(metric).score(even, labels)


@pytest.mark.parametrize("metric", ["roc_auc", "f1"])
def test_a_metric_of_two_classes_is_refused_for_three(metric: str) -> None:
    with pytest.raises(InputError, match=f"of 3 classes. Received: '{metric}'.*'accuracy'"):
        Scoring(metric).check(np.arange(9) % 3, 3)


@pytest.mark.parametrize("metric", ["acuracy", "loss", ""])
def test_an_unknown_metric_is_answered_with_usual_ones(metric: str) -> None:
    with pytest.raises(InputError, match=f"'accuracy', 'balanced_accuracy'.* Received: '{metric}'"):
        Scoring(metric).check(np.arange(9) % 3, 3)


@pytest.mark.parametrize("metric", ["r2", "neg_mean_squared_error"])
def test_a_metric_for_numbers_is_refused(metric: str) -> None:
    with pytest.raises(InputError, match="must not depend on the order of the classes"):
        Scoring(metric).check(np.arange(30) % 3, 3)


def test_a_metric_that_needs_every_class_is_refused_when_one_is_not_held_out() -> None:
    with pytest.raises(InputError, match="8 held-out samples of 3 classes, 1 of which have none there"):
        Scoring("neg_log_loss").check(np.arange(8) % 2, 3)
    Scoring("accuracy").check(np.arange(8) % 2, 3)


def test_the_standard_error_of_an_accuracy_is_binomial() -> None:
    right = np.random.default_rng(0).random((4000, 400)) < 0.8
    assert Scoring().standard_error(0.8, 400) == pytest.approx(right.mean(axis=1).std(), rel=0.05)


@pytest.mark.parametrize("score", [0.0, 1.0])
def test_a_perfect_score_is_not_certain(score: float) -> None:
    assert Scoring().standard_error(score, 100) == pytest.approx(0.01)


def test_the_standard_error_of_other_metrics_is_an_upper_bound() -> None:
    assert Scoring("f1_macro").standard_error(0.99, 100) == pytest.approx(0.05)


def test_log_loss_is_finite_and_that_of_its_definition() -> None:
    probabilities = np.array([[0.5, 0.5], [0.25, 0.75], [1.0, 0.0]])
    assert log_loss(probabilities[:2], np.array([0, 1])) == pytest.approx(-(math.log(0.5) + math.log(0.75)) / 2)
    assert 0.0 <= log_loss(probabilities[2:], np.array([0])) < 1e-6
    assert 10.0 < log_loss(probabilities[2:], np.array([1])) < 20.0
