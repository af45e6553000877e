"""The linear model is a fair rival: it learns, and never sees what it answers for."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from easynas.report.linear import linear_answers
from easynas.schema import Answer
from tests.report.made import fitted


@pytest.mark.parametrize(("kind", "least"), [("images", 0.85), ("texts", 0.9), ("tables", 0.75)])
def test_it_learns_what_is_simple(tmp_path: Path, kind: str, least: float) -> None:
    made = fitted(kind, tmp_path)
    specimens, bundle = made.specimens, made.bundle
    answers = linear_answers(specimens, bundle.encoder, bundle.target.answer, specimens.held_out, crossed=True)
    assert answers is not None
    assert np.allclose(answers.sum(axis=1), 1)
    assert (answers.argmax(axis=1) == specimens.y[specimens.rows]).mean() >= least


def test_numbers_are_predicted_in_standard_units(tmp_path: Path) -> None:
    made = fitted("numbers", tmp_path)
    specimens, bundle = made.specimens, made.bundle
    answers = linear_answers(specimens, bundle.encoder, bundle.target.answer, specimens.held_out, crossed=True)
    assert answers is not None
    y = specimens.y[specimens.rows]
    assert 1 - ((answers - y) ** 2).mean() / y.var() > 0.8


def test_labels_that_every_sample_has_or_none_need_no_model(tmp_path: Path) -> None:
    made = fitted("labels", tmp_path)
    y = np.stack([made.specimens.y_train[:, 0], np.ones(30), np.zeros(30)], axis=1)
    specimens, encoder = replace(made.specimens, y_train=y), made.bundle.encoder
    answers = linear_answers(specimens, encoder, Answer("labels", 3), specimens.held_out, crossed=True)
    assert answers is not None
    assert answers.shape == (30, 3)
    assert (answers[:, 1:] == [1.0, 0.0]).all()
    assert 0 < answers[:, 0].min() < answers[:, 0].max() < 1


def test_in_folds_no_sample_is_answered_by_a_model_that_knows_it(tmp_path: Path) -> None:
    made = fitted("tables", tmp_path)
    count = len(made.specimens.held_out)
    chance = np.random.default_rng(3).integers(0, 2, count)  # which nothing tells
    crossed = replace(
        made.specimens, train=made.specimens.held_out, y_train=chance, folds=np.arange(count, dtype=np.int8) % 5
    )
    answer, encoder = made.bundle.target.answer, made.bundle.encoder
    held_out = linear_answers(crossed, encoder, answer, crossed.held_out, crossed=True)
    known = linear_answers(crossed, encoder, answer, crossed.held_out, crossed=False)
    assert held_out is not None
    assert known is not None
    assert (known.argmax(axis=1) == chance).mean() > (held_out.argmax(axis=1) == chance).mean() + 0.1


def test_of_a_single_class_there_is_no_model(tmp_path: Path) -> None:
    made = fitted("images", tmp_path)
    single = replace(made.specimens, y_train=np.zeros(30, int))
    assert linear_answers(single, made.bundle.encoder, Answer("classes", 2), single.held_out, crossed=True) is None
