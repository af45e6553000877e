"""From which probability on something is decided."""

import warnings

import numpy as np
import pytest
from scipy.special import softmax

from easynas.schema import Answer
from easynas.train.scoring import Scoring


def drawn(classes: int, count: int = 1200, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Rare and frequent classes that overlap, and their true probabilities."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0.0, 1.2, (count, classes)) - 1.3 * np.arange(classes)
    probabilities = softmax(logits, axis=1)
    y = (probabilities.cumsum(axis=1) < rng.random((count, 1))).sum(axis=1)
    return probabilities, np.minimum(y, classes - 1)


@pytest.mark.parametrize(
    ("metric", "classes"), [("f1", 2), ("balanced_accuracy", 2), ("balanced_accuracy", 4), ("f1_macro", 4)]
)
def test_decisions_are_better_on_other_samples(metric: str, classes: int) -> None:
    scoring = Scoring(metric, Answer("classes", classes))
    found = scoring.decision(*drawn(classes))
    others, y = drawn(classes, seed=1)
    plain, decided = scoring.score(others, y), scoring.score(others, y, thresholds=found.thresholds)
    assert decided > plain + 0.02
    assert found.score == pytest.approx(decided, abs=0.04)  # it was measured on samples that did not choose
    assert sum(found.thresholds) == pytest.approx(1.0)


def test_the_threshold_of_two_classes_is_that_of_the_second() -> None:
    probabilities, y = drawn(2)
    found = Scoring("balanced_accuracy", Answer("classes", 2)).decision(probabilities, y)
    assert found.thresholds[1] == pytest.approx(y.mean(), abs=0.08)  # in theory it is its share
    assert found.thresholds[0] == pytest.approx(1 - found.thresholds[1])


@pytest.mark.parametrize("metric", ["accuracy", "neg_log_loss", "roc_auc", "recall", "precision"])
def test_other_metrics_decide_for_what_is_most_probable(metric: str) -> None:
    assert Scoring(metric, Answer("classes", 2)).decision(*drawn(2, count=300)).thresholds == ()


def test_what_gains_nothing_is_left_alone() -> None:
    y = np.arange(300) % 3
    certain = 0.98 * np.eye(3)[y] + 0.02 / 3
    found = Scoring("f1_macro", Answer("classes", 3)).decision(certain, y)
    assert found == ((), 1.0)


def test_a_class_with_a_single_sample_warns_nobody() -> None:
    probabilities, y = drawn(4, count=120)
    y[y == 3] = 2
    y[0] = 3
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Scoring("balanced_accuracy", Answer("classes", 4)).decision(probabilities, y)


def test_every_label_has_its_own_threshold_and_rare_ones_the_common_one() -> None:
    rng = np.random.default_rng(0)
    y = (rng.random((2000, 3)) < [0.4, 0.4, 0.001]).astype(np.float32)
    centre = np.array([0.2, 0.6, 0.9])
    probabilities = np.clip(centre + 0.2 * (y - 0.5) + rng.normal(0.0, 0.03, y.shape), 0.01, 0.99)
    thresholds = Scoring("f1_macro", Answer("labels", 3)).decision(probabilities, y).thresholds
    assert thresholds[:2] == pytest.approx((0.2, 0.6), abs=0.05)
    assert thresholds[2] < 0.8
