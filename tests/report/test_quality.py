"""Confusion, certainty and distances, on answers that were invented."""

import numpy as np
import pytest

from easynas.report.mistakes import examples
from easynas.report.quality import confusion, distances, label_qualities, reliability
from easynas.schema import Answer


def test_the_most_frequent_confusion_is_named() -> None:
    y = np.array([0, 0, 0, 1, 1, 2])
    found = confusion(np.array([0, 1, 1, 1, 1, 2]), y, ["cat", "dog", "cow"])
    assert found.counts.tolist() == [[1, 2, 0], [0, 2, 0], [0, 0, 1]]
    assert found.pairs == (("cat", "dog", 2),)
    assert found.left_out == 0


def test_of_many_classes_those_that_are_confused_are_shown() -> None:
    y = np.arange(30).repeat(3)
    said = y.copy()
    said[y == 17] = 23
    found = confusion(said, y, [str(each) for each in range(30)])
    assert len(found.labels) == 12
    assert {"17", "23"} <= set(found.labels)
    assert found.left_out == 18


def test_honest_certainty_has_a_small_error_and_vanity_a_large_one() -> None:
    rng = np.random.default_rng(0)
    sure = rng.uniform(0.5, 1.0, 20_000)
    y = (rng.random(20_000) > sure).astype(int)
    honest = np.stack([sure, 1 - sure], axis=1)
    first = np.zeros(20_000, int)
    assert reliability(honest, first, y).error < 0.02
    vain = np.tile([0.99, 0.01], (20_000, 1))
    found = reliability(vain, first, y)
    assert found.error == pytest.approx(0.24, abs=0.02)
    assert found.tendency > 0.2


def test_a_class_that_thresholds_decided_for_counts_with_its_own_probability() -> None:
    answers, y = np.tile([0.7, 0.3], (200, 1)), np.arange(200) % 10 < 7
    found = reliability(answers, np.ones(200, int), y.astype(int))
    assert found.confidence == pytest.approx(0.3)
    assert found.tendency == pytest.approx(-0.4)
    [wrong, *_], [right, *_] = examples(
        np.arange(200), answers, y.astype(int), Answer("classes", 2), ["cat", "dog"], np.ones(200, int)
    )
    assert (wrong.truth, wrong.answered, wrong.certainty) == ("cat", "dog", 0.3)
    assert (right.answered, right.output) == ("dog", 1)


def test_precision_and_recall_of_labels() -> None:
    y = np.array([[1, 0], [1, 0], [1, 1], [0, 1]])
    given = np.array([[1, 1], [0, 0], [1, 0], [0, 1]], bool)
    often, rare = label_qualities(given, y, ["often", "rare"])
    assert (often.label, often.count, often.precision, often.recall) == ("often", 3, 1.0, pytest.approx(2 / 3))
    assert (rare.precision, rare.recall) == (0.5, 0.5)


def test_distances_are_in_the_units_of_the_user() -> None:
    y = np.zeros((100, 1))
    [found] = distances(y + 0.5, y, Answer("numbers", 1, (10.0,), (4.0,)), ["price"])
    assert found.typical == pytest.approx(2.0)
    assert set(found.true) == {10.0}
    assert set(found.predicted) == {12.0}


def test_the_surest_mistakes_come_first_and_right_answers_are_apart() -> None:
    y = np.array([0, 1, 0, 1])
    answers = np.array([[0.1, 0.9], [0.45, 0.55], [0.4, 0.6], [0.02, 0.98]])
    samples = np.array(["a", "b", "c", "d"], dtype=object)
    wrong, right = examples(samples, answers, y, Answer("classes", 2), ["cat", "dog"], answers.argmax(axis=1))
    assert [(each.sample[0], each.truth, each.answered, each.certainty) for each in wrong] == [
        ("a", "cat", "dog", 0.9),
        ("c", "cat", "dog", 0.6),
    ]
    assert [each.sample[0] for each in right] == ["d"]


def test_the_largest_errors_of_numbers_come_first() -> None:
    y, answers = np.zeros((9, 1)), np.arange(9.0)[:, None]
    samples = np.arange(9)
    wrong, _ = examples(samples, answers, y, Answer("numbers", 1, (100.0,), (10.0,)), ["the number"], answers)
    assert (wrong[0].sample[0], wrong[0].truth, wrong[0].answered) == (8, "100", "180")
