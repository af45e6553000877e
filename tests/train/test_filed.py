"""What compression costs: exact where all samples are judged, and never a gain by luck where some are."""

import numpy as np
import pytest

from easynas.schema import Answer
from easynas.train.filed import FLOAT_SCORE, Filed, as_file, difference
from easynas.train.scoring import Scoring

SCORING = Scoring("accuracy", Answer("classes", 2))
Y = np.array([0, 1, 0, 1])


def answers(*classes: int) -> np.ndarray:
    return np.eye(2)[list(classes)] * 0.8 + 0.1


def test_where_all_samples_were_judged_the_score_is_that_of_the_file() -> None:
    better = Filed(np.arange(4), answers(0, 0, 0, 1), answers(0, 1, 0, 1), 2.5)
    metrics = as_file(better, 0.75, Y, SCORING, of=4)
    assert metrics == {"score": 1.0, FLOAT_SCORE: 0.75, "file_seconds": 2.5, "file_samples": 4.0}


def test_where_some_were_judged_the_score_falls_by_what_they_lost() -> None:
    worse = Filed(np.array([1, 2]), answers(1, 0), answers(0, 0), 1.0)
    metrics = as_file(worse, 0.9, Y, SCORING, of=100)
    assert metrics["score"] == pytest.approx(0.4)
    assert metrics[FLOAT_SCORE] == 0.9


def test_a_file_that_happens_to_be_right_more_often_is_no_better_than_its_network() -> None:
    lucky = Filed(np.array([1, 2]), answers(0, 0), answers(1, 0), 1.0)
    assert as_file(lucky, 0.9, Y, SCORING, of=100)["score"] == 0.9


def test_samples_of_one_class_say_nothing() -> None:
    alone = Filed(np.array([0, 2]), answers(0, 0), answers(1, 1), 1.0)
    assert difference(alone, Y, SCORING) == 0.0
