"""Scores of probabilities, by scikit-learn's names."""

import math

import numpy as np
import pytest
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import get_scorer

from easynas.errors import InputError
from easynas.schema import Answer
from easynas.search.incumbent import CERTAIN
from easynas.train.scoring import Scoring, loss

THREE = Answer("classes", 3)
METRICS = ["accuracy", "balanced_accuracy", "f1_macro", "f1_weighted", "neg_log_loss", "roc_auc_ovr"]


@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize("metric", METRICS)
def test_a_score_is_that_of_scikit_learn(metric: str, classes: int) -> None:
    x, y = make_classification(300, n_informative=5, n_classes=classes, flip_y=0.3, random_state=0)
    model = LogisticRegression().fit(x, y)
    expected = get_scorer(metric)(model, x, y)
    scoring = Scoring(metric, Answer("classes", classes))
    assert scoring.score(model.predict_proba(x), y) == pytest.approx(expected)
    scoring.check(y)


@pytest.mark.parametrize("metric", ["average_precision", "roc_auc", "f1"])
def test_metrics_of_two_classes_are_scored_too(metric: str) -> None:
    x, y = make_classification(200, flip_y=0.3, random_state=0)
    model = LogisticRegression().fit(x, y)
    scoring = Scoring(metric, Answer("classes", 2))
    assert scoring.score(model.predict_proba(x), y) == pytest.approx(get_scorer(metric)(model, x, y))
    scoring.check(y)


@pytest.mark.parametrize("metric", [*METRICS, "matthews_corrcoef"])
def test_better_probabilities_score_higher(metric: str) -> None:
    labels = np.arange(30) % 3
    right, even = np.eye(3)[labels], np.full((30, 3), 1 / 3)
    assert Scoring(metric, THREE).score(0.9 * right + 0.1 * even, labels) > Scoring(metric, THREE).score(even, labels)


@pytest.mark.parametrize("metric", ["roc_auc", "f1"])
def test_a_metric_of_two_classes_is_refused_for_three(metric: str) -> None:
    with pytest.raises(InputError, match=f"of 3 classes. Received: '{metric}'.*'accuracy'"):
        Scoring(metric, THREE).check(np.arange(9) % 3)


@pytest.mark.parametrize("metric", ["acuracy", "loss", ""])
def test_an_unknown_metric_is_answered_with_usual_ones(metric: str) -> None:
    with pytest.raises(InputError, match=f"'accuracy', 'balanced_accuracy'.* Received: '{metric}'"):
        Scoring(metric, THREE).check(np.arange(9) % 3)


@pytest.mark.parametrize("metric", ["r2", "neg_mean_squared_error"])
def test_a_metric_for_numbers_is_refused(metric: str) -> None:
    with pytest.raises(InputError, match="must not depend on the order of the classes"):
        Scoring(metric, THREE).check(np.arange(30) % 3)


def test_a_metric_that_needs_every_class_is_refused_when_one_is_not_held_out() -> None:
    with pytest.raises(InputError, match="8 held-out samples of 3 classes, 1 of which have none there"):
        Scoring("neg_log_loss", THREE).check(np.arange(8) % 2)
    Scoring("accuracy", THREE).check(np.arange(8) % 2)


def test_the_standard_error_of_an_accuracy_is_binomial() -> None:
    right = np.random.default_rng(0).random((4000, 400)) < 0.8
    nothing = np.zeros((400, 3))
    expected = right.mean(axis=1).std()
    assert Scoring("accuracy", THREE).standard_error(0.8, nothing, nothing) == pytest.approx(expected, rel=0.05)


@pytest.mark.parametrize("score", [0.0, 1.0])
def test_a_perfect_score_is_not_certain(score: float) -> None:
    nothing = np.zeros((100, 3))
    assert Scoring("accuracy", THREE).standard_error(score, nothing, nothing) == pytest.approx(0.01)


@pytest.mark.parametrize("metric", ["f1_macro", "neg_log_loss", "roc_auc_ovr"])
def test_the_standard_error_of_other_metrics_is_their_spread_over_samples(metric: str) -> None:
    scoring = Scoring(metric, THREE)

    def drawn(seed: int) -> tuple[np.ndarray, np.ndarray]:
        rng = np.random.default_rng(seed)
        y = rng.integers(3, size=300)
        noisy = np.eye(3)[y] + rng.gumbel(size=(300, 3))
        return np.exp(noisy) / np.exp(noisy).sum(axis=1, keepdims=True), y

    scores = [scoring.score(*drawn(seed)) for seed in range(60)]
    answers, y = drawn(0)
    assert scoring.standard_error(scores[0], answers, y) == pytest.approx(np.std(scores), rel=0.5)


def test_labels_are_scored_with_the_best_threshold() -> None:
    rng = np.random.default_rng(0)
    y = (rng.random((500, 4)) < 0.1).astype(np.float32)
    probabilities = np.clip(0.1 + 0.25 * y + rng.normal(0.0, 0.02, y.shape), 0, 1)  # never above one half
    scoring = Scoring.of(None, Answer("labels", 4))
    assert scoring.metric == "f1_macro"
    assert scoring.score(probabilities, y) > 0.99
    assert 0.15 < scoring._threshold(probabilities, y) < 0.35
    scoring.check(y)


def test_numbers_are_scored_in_their_units() -> None:
    answer = Answer("numbers", 2, mean=(100.0, -5.0), scale=(20.0, 0.5))
    rng = np.random.default_rng(0)
    y = rng.normal(size=(200, 2))
    answers = y + rng.normal(0.0, 0.1, y.shape)
    errors = np.mean(np.abs(answers - y), axis=0) * answer.scale
    assert Scoring("neg_mean_absolute_error", answer).score(answers, y) == pytest.approx(-errors.mean())
    assert Scoring.of(None, answer).score(answers, y) == pytest.approx(0.99, abs=0.01)
    with pytest.raises(InputError, match=r"'accuracy'.*Try one of"):
        Scoring("accuracy", answer).check(y)


def test_log_loss_is_finite_and_that_of_its_definition() -> None:
    probabilities = np.array([[0.5, 0.5], [0.25, 0.75], [1.0, 0.0]])
    two = Answer("classes", 2)
    assert loss(probabilities[:2], np.array([0, 1]), two) == pytest.approx(-(math.log(0.5) + math.log(0.75)) / 2)
    assert 0.0 <= loss(probabilities[2:], np.array([0]), two) < 1e-6
    assert 10.0 < loss(probabilities[2:], np.array([1]), two) < 20.0


@pytest.mark.parametrize("kind", ["classes", "labels", "numbers"])
def test_answers_that_are_no_numbers_have_no_score(kind: str) -> None:
    answer = Answer("numbers", 2, (0.0, 0.0), (1.0, 1.0)) if kind == "numbers" else Answer(kind, 2)  # type: ignore[arg-type]
    y = np.array([0, 1, 1]) if kind == "classes" else np.array([[0.0, 1], [1, 0], [1, 1]])
    answers = np.full((3, 2), 0.5)
    assert math.isfinite(Scoring.of(None, answer).score(answers, y))
    for value in (np.inf, np.nan):
        answers[1, 0] = value
        assert math.isnan(Scoring.of(None, answer).score(answers, y))


def test_a_lead_is_a_matter_of_the_samples_that_only_one_has_right() -> None:
    """Recorded on scikit-learn's digits: of 288 a trial had 4 right that a fold's network had not, and 1 conversely.

    All images that were held out once gave the folds 0.9861, two standard errors below the trial's 0.9965.
    """
    y = np.zeros(288, int)
    right, wrong = np.array([1.0, 0.0]), np.array([0.0, 1.0])
    trial, fold = np.tile(right, (288, 1)), np.tile(right, (288, 1))
    fold[:4], trial[4] = wrong, wrong
    scoring = Scoring("accuracy", Answer("classes", 2))
    ahead, error = scoring.lead(trial, fold, y)
    assert ahead == pytest.approx(3 / 288)
    assert error == pytest.approx(math.sqrt(5 - 3**2 / 288) / 288)
    assert ahead < CERTAIN * error
    assert scoring.lead(fold, trial, y) == pytest.approx((-ahead, error))
    assert scoring.lead(trial, trial, y) == (0.0, 0.0)


@pytest.mark.parametrize("metric", ["neg_log_loss", "f1_macro"])
def test_the_error_of_a_lead_is_smaller_than_that_of_two_scores_apart(metric: str) -> None:
    x, y = make_classification(400, n_informative=4, flip_y=0.2, random_state=0)
    models = [LogisticRegression(C=strength).fit(x[:200], y[:200]) for strength in (0.01, 0.02)]
    weak, strong = (model.predict_proba(x[200:]) for model in models)
    scoring = Scoring(metric, Answer("classes", 2))
    ahead, error = scoring.lead(strong, weak, y[200:])
    apart = [scoring.standard_error(scoring.score(each, y[200:]), each, y[200:]) for each in (weak, strong)]
    assert ahead == pytest.approx(scoring.score(strong, y[200:]) - scoring.score(weak, y[200:]))
    assert 0.0 < error < 0.5 * math.hypot(*apart)
