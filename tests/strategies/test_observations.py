"""Losses as ranks, and back; what a model is told."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from easynas.search.objective import SCORE, SCORE_ALONE, Constraint, Goal, Objective
from easynas.search.trial import Done, Failed, Job
from easynas.strategies.observations import Observations, Scale
from tests.strategies import landscape

SPACE = landscape.space()
LOSSES = st.lists(st.integers(-1000, 1000).map(float) | st.just(math.inf), min_size=1, max_size=30).filter(
    lambda losses: any(map(math.isfinite, losses))
)


@given(LOSSES)
def test_smaller_losses_have_larger_scores(losses: list[float]) -> None:
    given_, scores = np.array(losses), Scale(np.array(losses)).scores
    assert np.isfinite(scores).all()
    np.testing.assert_array_equal(given_[:, None] < given_[None], scores[:, None] > scores[None])


@given(LOSSES)
def test_what_was_told_comes_back(losses: list[float]) -> None:
    scale, finite = Scale(np.array(losses)), np.isfinite(losses)
    np.testing.assert_allclose(scale.losses(scale.scores[finite]), np.array(losses)[finite], atol=1e-9)


@given(LOSSES)
def test_a_draw_above_the_best_is_a_smaller_loss_than_any(losses: list[float]) -> None:
    scale = Scale(np.array(losses))
    better = scale.losses(scale.scores.max() + np.array([0.5, 1.0]))
    assert min(losses) > better[0] > better[1]


@given(LOSSES)
def test_losses_fall_where_scores_rise(losses: list[float]) -> None:
    back = Scale(np.array(losses)).losses(np.linspace(-4.0, 4.0, 50))
    assert (np.diff(back) <= 1e-9).all()
    assert back.max() <= max(filter(math.isfinite, losses))


@given(LOSSES)
def test_units_do_not_matter(losses: list[float]) -> None:
    np.testing.assert_array_equal(Scale(np.array(losses)).scores, Scale(1e250 * np.array(losses) + 7.0).scores)


def test_how_bad_the_worst_is_does_not_matter() -> None:
    losses = np.arange(20.0)
    np.testing.assert_array_equal(Scale(losses).scores, Scale(np.append(losses[:-1], np.inf)).scores)


def told(goal: Goal = SCORE_ALONE) -> Observations:
    observations = Observations(SPACE, goal)
    genotypes = [{**SPACE.default(), "width0": width} for width in range(5)]
    observations.add(Done(Job(0, genotypes[0]), 0.5, 10.0, {"latency_ms": 3.0}))
    observations.add(Failed(Job(1, genotypes[1]), "out of memory", 2.0))
    observations.add(Done(Job(2, genotypes[2]), 0.9, 20.0, {"latency_ms": 9.0}))
    observations.add(Done(Job(3, genotypes[3]), math.nan, 0.0, {"latency_ms": 1.0}))
    observations.add(Done(Job(4, genotypes[4]), 0.7, 30.0))
    return observations


def test_a_measure_that_is_missing_is_infinite() -> None:
    goal = Goal((SCORE, Objective("latency_ms")), (Constraint("latency_ms", 6.0),))
    expected = [[-0.5, 3, -0.5], [np.inf] * 3, [-0.9, 9, 0.5], [np.inf, 1, -5 / 6], [-0.7, np.inf, np.inf]]
    np.testing.assert_allclose(told(goal).measures, expected)


def test_the_best_come_first_and_the_failed_last() -> None:
    assert list(told().best_first()) == [2, 4, 0, 1, 3]
    limited = told(Goal((SCORE,), (Constraint("latency_ms", 6.0),))).best_first()
    assert list(limited[:2]) == [0, 2]


def test_the_time_of_a_failed_trial_is_not_known() -> None:
    np.testing.assert_allclose(told().log_seconds, np.log([10.0, np.nan, 20.0, 1e-3, 30.0]))


def test_nothing_told_has_the_shape_of_nothing() -> None:
    assert Observations(SPACE, Goal((SCORE,), (Constraint("latency_ms", 6.0),))).measures.shape == (0, 2)


@pytest.mark.parametrize("losses", [[3.0], [3.0, 3.0], [3.0, 5.0], [3.0, np.inf]])
def test_few_losses_are_enough(losses: list[float]) -> None:
    scale = Scale(np.array(losses))
    assert scale.losses(scale.scores)[0] == 3.0
