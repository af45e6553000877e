"""One temperature for what a model answers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import softmax

from easynas.schema import Answer
from easynas.train.calibration import calibration_error, fit_temperature, tempered
from easynas.train.scoring import loss

THREE, TWO_LABELS = Answer("classes", 3), Answer("labels", 2)


def drawn(temperature: float, count: int = 800, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities whose logits are too large by the factor `temperature`, and classes as they really occur."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0.0, 1.5, (count, 3))
    y = np.array([rng.choice(3, p=row) for row in softmax(logits, axis=1)])
    return softmax(temperature * logits, axis=1), y


@pytest.mark.parametrize("temperature", [0.4, 2.5])
def test_the_temperature_that_was_there_is_found_and_helps_other_samples(temperature: float) -> None:
    found = fit_temperature(*drawn(temperature), THREE)
    assert found == pytest.approx(temperature, rel=0.15)
    answers, y = drawn(temperature, seed=1)
    after = tempered(answers, THREE, found)
    assert loss(after, y, THREE) < loss(answers, y, THREE) - 0.02
    assert calibration_error(after, y) < 0.5 * calibration_error(answers, y)


@pytest.mark.parametrize("seed", range(5))
def test_good_probabilities_are_left_alone(seed: int) -> None:
    assert fit_temperature(*drawn(1.0, seed=seed), THREE) == 1.0


def test_few_samples_do_not_suffice() -> None:
    assert fit_temperature(*drawn(1.3, count=12), THREE) == 1.0
    assert fit_temperature(np.array([[0.5, 0.5]]), np.array([1]), Answer("classes", 2)) == 1.0


@given(st.integers(0, 1000), st.floats(0.2, 5.0))
def test_the_most_probable_class_stays_the_same(seed: int, temperature: float) -> None:
    answers, _ = drawn(1.0, count=20, seed=seed)
    after = tempered(answers, THREE, temperature)
    np.testing.assert_array_equal(after.argmax(axis=1), answers.argmax(axis=1))
    np.testing.assert_allclose(after.sum(axis=1), 1.0)


def test_labels_have_a_temperature_and_keep_their_sides() -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(0.0, 2.0, (600, 2))
    y = (rng.random((600, 2)) < 1 / (1 + np.exp(-logits))).astype(np.float32)
    answers = 1 / (1 + np.exp(-2.0 * logits))
    found = fit_temperature(answers, y, TWO_LABELS)
    assert found == pytest.approx(2.0, rel=0.2)
    np.testing.assert_array_equal(tempered(answers, TWO_LABELS, found) > 0.5, answers > 0.5)


def test_numbers_have_none() -> None:
    answers = np.arange(6.0).reshape(3, 2)
    answer = Answer("numbers", 2, (0.0, 0.0), (1.0, 1.0))
    assert fit_temperature(answers, answers, answer) == 1.0
    assert tempered(answers, answer, 2.0) is answers


def test_certain_and_wrong_answers_stay_finite() -> None:
    answers = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]] * 50)
    y = np.array([0, 2] * 50)
    found = fit_temperature(answers, y, THREE)
    assert found > 2.0
    assert np.isfinite(tempered(answers, THREE, found)).all()


def test_the_calibration_error_is_that_of_its_definition() -> None:
    probabilities = np.array([[0.9, 0.1], [0.9, 0.1], [0.3, 0.7], [0.3, 0.7]])
    assert calibration_error(probabilities, np.array([0, 1, 1, 1])) == pytest.approx(0.5 * 0.4 + 0.5 * 0.3)
