"""What counting tells of n-grams."""

import numpy as np
import pytest

from easynas.nets.text.statistics import GramStatistics
from easynas.schema import Answer

GRAMS = np.array([[1, 2, 0], [1, 3, 0], [1, 2, 3], [1, 0, 0]], np.int32)


def learn(y: list[object], answer: Answer) -> GramStatistics:
    return GramStatistics.learn(GRAMS, np.array(y), answer, vocabulary=5)


def test_rare_ids_weigh_more_and_nothing_weighs_nothing() -> None:
    idf = learn([0, 1, 0, 1], Answer("classes", 2)).idf
    assert idf[0] == 0.0
    assert idf[1] == pytest.approx(1.0)
    assert idf[1] < idf[2] == idf[3] < idf[4]


def test_an_id_speaks_for_the_class_of_its_texts() -> None:
    evidence = learn([0, 1, 0, 1], Answer("classes", 2)).evidence
    assert evidence[2, 0] > 0 > evidence[2, 1]
    np.testing.assert_allclose(evidence[:, 0], -evidence[:, 1], atol=1e-6)
    np.testing.assert_array_equal(evidence[0], 0)


def test_the_ratio_is_that_of_the_paper() -> None:
    # How many texts of class 0, and of class 1, hold the ids 1 to 4.
    p, q = np.array([2, 2, 1, 0]) + 1, np.array([2, 0, 1, 0]) + 1
    expected = np.log(p / (p.sum() + 1)) - np.log(q / (q.sum() + 1))  # id 0 is smoothed too, and in no text
    np.testing.assert_allclose(learn([0, 1, 0, 1], Answer("classes", 2)).evidence[1:, 0], expected, rtol=1e-5)


def test_labels_are_counted_one_by_one_and_the_prior_is_their_share() -> None:
    learned = learn([[1, 0], [0, 0], [1, 1], [1, 0]], Answer("labels", 2))
    assert learned.evidence.shape == (5, 2)
    np.testing.assert_allclose(learned.prior, np.log([4 / 2, 2 / 4]), rtol=1e-6)


def test_numbers_are_means_that_few_texts_shrink() -> None:
    learned = learn([[1.0], [-1.0], [1.0], [-1.0]], Answer("numbers", 1))
    assert learned.evidence[2, 0] == pytest.approx(2 / 12)
    assert learned.prior == pytest.approx(0.0)


def test_what_a_text_repeats_counts_once() -> None:
    answer, y = Answer("classes", 2), np.array([0, 1])
    once = GramStatistics.learn(np.array([[1, 2, 0], [2, 0, 0]]), y, answer, vocabulary=3)
    repeated = GramStatistics.learn(np.array([[2, 1, 2], [2, 2, 0]]), y, answer, vocabulary=3)
    np.testing.assert_array_equal(repeated.idf, once.idf)
    np.testing.assert_array_equal(repeated.evidence, once.evidence)
