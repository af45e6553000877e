"""Laws of several losses: who beats whom, and how much a front is worth."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from easynas.search.front import crowding, dominates, front, hypervolume, improvement, knee, ranks

LOSSES = st.one_of(st.integers(0, 6).map(float), st.floats(0.0, 6.0), st.just(math.inf))


@st.composite
def points(
    draw: st.DrawFn, objectives: int | None = None, most: int = 12, losses: st.SearchStrategy = LOSSES
) -> np.ndarray:
    """Losses `(points, objectives)` with ties, equal points and missing measures."""
    width = objectives or draw(st.integers(1, 4))
    rows = draw(st.lists(st.lists(losses, min_size=width, max_size=width), max_size=most))
    return np.array(rows, float).reshape(-1, width)


def reference(losses: np.ndarray, at: float = 5.0) -> np.ndarray:
    return np.full(losses.shape[1], at)


def measured(losses: np.ndarray) -> np.ndarray:
    return np.isfinite(losses).all(axis=1)


def test_a_point_dominates_what_is_worse_somewhere_and_better_nowhere() -> None:
    others = np.array([[1.0, 3.0], [1.0, 2.0], [0.5, 9.0], [2.0, 2.5], [1.0, math.inf]])
    assert dominates(np.array([1.0, 2.0]), others).tolist() == [True, False, False, True, True]


@given(points())
def test_the_front_is_what_no_measured_point_dominates(losses: np.ndarray) -> None:
    beaten = dominates(losses[:, None], losses[None])[measured(losses)].any(axis=0)
    assert front(losses).tolist() == (measured(losses) & ~beaten).tolist()


@given(points(), st.randoms(use_true_random=False))
def test_ranks_do_not_depend_on_the_order_of_the_points(losses: np.ndarray, random: object) -> None:
    order = np.random.default_rng(random.getrandbits(32)).permutation(len(losses))  # type: ignore[attr-defined]
    assert ranks(losses[order]).tolist() == ranks(losses)[order].tolist()


@given(points())
def test_each_rank_is_the_front_without_the_ranks_before(losses: np.ndarray) -> None:
    rank = ranks(losses)
    for level in range(int(rank[measured(losses)].max(initial=-1)) + 1):
        left = rank >= level
        assert (front(losses[left]) == (rank[left] == level) & measured(losses[left])).all()
    assert (rank[~measured(losses)] > rank[measured(losses)].max(initial=-1)).all()


@given(points(), st.data())
def test_feasible_points_rank_before_infeasible_ones_and_these_by_violation(
    losses: np.ndarray, data: st.DataObject
) -> None:
    amount = st.sampled_from([0.0, 0.0, 0.5, 1.0, math.inf])
    violations = np.array(data.draw(st.lists(amount, min_size=len(losses), max_size=len(losses))), float)
    rank, known = ranks(losses, violations), measured(losses) & np.isfinite(violations)
    feasible = known & (violations == 0.0)
    assert rank[feasible].tolist() == ranks(losses[feasible]).tolist()
    for i in np.flatnonzero(known & ~feasible):
        assert (rank[feasible] < rank[i]).all()
        assert (
            np.sign(rank[known & ~feasible] - rank[i]) == np.sign(violations[known & ~feasible] - violations[i])
        ).all()
        assert (rank[~known] > rank[i]).all()


def test_crowding_is_the_gap_around_a_point_as_a_share_of_the_extent() -> None:
    losses = np.array([[0.0, 10.0], [10.0, 0.0], [1.0, 5.0], [4.0, 4.0]])
    assert crowding(losses).tolist() == pytest.approx([math.inf, math.inf, 0.4 + 0.6, 0.9 + 0.5])


def test_crowding_of_equal_and_of_missing_points_is_nothing() -> None:
    assert crowding(np.array([[1.0, 2.0]] * 3)).tolist() == [0.0, 0.0, 0.0]
    assert crowding(np.array([[1.0, math.inf], [math.inf, 0.0]])).tolist() == [0.0, 0.0]
    assert crowding(np.empty((0, 2))).tolist() == []
    twins = crowding(np.array([[0.0, 4.0], [2.0, 2.0], [2.0, 2.0], [2.0, 2.0], [4.0, 0.0]]))
    assert twins[2] == 0.0


@given(points(losses=st.integers(0, 6).map(float)), st.sampled_from([0.25, 8.0]), st.integers(-3, 3))
def test_units_change_neither_ranks_nor_crowding_nor_the_knee(losses: np.ndarray, scale: float, shift: int) -> None:
    units = np.where(np.arange(losses.shape[1]) == 0, scale, 1.0)
    assert ranks(losses * units + shift).tolist() == ranks(losses).tolist()
    assert crowding(losses * units + shift).tolist() == crowding(losses).tolist()
    if len(losses):
        assert knee(losses * units + shift) == knee(losses)


def test_the_knee_is_farthest_from_the_line_between_the_ends() -> None:
    losses = np.array([[0.0, 100.0], [1.0, 40.0], [2.0, 10.0], [6.0, 8.0], [10.0, 0.0], [3.0, 30.0], [0.0, math.inf]])
    line = np.array([losses[4] - losses[0]]) / [10.0, 100.0]
    offsets = (losses[:5] - losses[0]) / [10.0, 100.0]
    distances = np.abs(offsets[:, 0] * line[0, 1] - offsets[:, 1] * line[0, 0])
    assert knee(losses) == int(distances.argmax()) == 2


def test_the_knee_of_one_objective_is_its_best_point() -> None:
    assert knee(np.array([[math.inf], [3.0], [1.0], [2.0]])) == 2


def test_a_knee_needs_a_measured_point() -> None:
    with pytest.raises(ValueError, match="finite"):
        knee(np.array([[math.inf, 1.0]]))


def test_the_hypervolume_of_known_fronts() -> None:
    assert hypervolume(np.array([[1.0], [2.0]]), np.array([5.0])) == 4.0
    assert hypervolume(np.array([[1.0, 3.0], [2.0, 1.0]]), np.array([4.0, 4.0])) == 1.0 * 3.0 + 3.0 * 2.0 - 2.0 * 1.0
    # Three boxes of 3 × 1 × 1 on the axes, which share a cube of 1.
    corners = 3.0 - np.array([[3.0, 1.0, 1.0], [1.0, 3.0, 1.0], [1.0, 1.0, 3.0]])
    assert hypervolume(corners, np.full(3, 3.0)) == 7.0
    assert hypervolume(np.empty((0, 2)), np.array([4.0, 4.0])) == 0.0


@pytest.mark.parametrize("objectives", [1, 2, 3, 4])
def test_the_hypervolume_is_the_share_of_random_points_that_are_dominated(objectives: int) -> None:
    rng = np.random.default_rng(objectives)
    losses = rng.random((12, objectives)) ** 0.5
    drawn = rng.random((40_000, objectives))
    share = (losses[None] <= drawn[:, None]).all(axis=2).any(axis=1).mean()
    assert hypervolume(losses, np.ones(objectives)) == pytest.approx(share, abs=0.012)


@given(points(), st.data())
def test_another_point_never_makes_the_hypervolume_smaller(losses: np.ndarray, data: st.DataObject) -> None:
    more = np.concatenate([losses, data.draw(points(objectives=losses.shape[1], most=1))])
    assert hypervolume(more, reference(losses)) >= hypervolume(losses, reference(losses)) - 1e-9


@given(points(losses=st.integers(0, 6).map(float)), st.sampled_from([0.5, 4.0]))
def test_the_hypervolume_scales_with_the_units_and_ignores_order_and_dominated_points(
    losses: np.ndarray, scale: float
) -> None:
    volume = hypervolume(losses, reference(losses))
    assert hypervolume(losses[::-1], reference(losses)) == volume
    assert hypervolume(losses[:, ::-1], reference(losses)) == pytest.approx(volume)
    assert hypervolume(losses[front(losses)], reference(losses)) == volume
    assert hypervolume(losses * scale - 1.0, reference(losses) * scale - 1.0) == volume * scale ** losses.shape[1]


@given(points(), st.data())
def test_the_improvement_is_the_hypervolume_with_a_candidate_minus_that_without(
    losses: np.ndarray, data: st.DataObject
) -> None:
    candidates = data.draw(points(objectives=losses.shape[1], most=4))
    limit = reference(losses)
    before = hypervolume(losses, limit)
    each = [hypervolume(np.concatenate([losses, [one]]), limit) - before for one in candidates]
    assert improvement(candidates, losses, limit).tolist() == pytest.approx(each, abs=1e-9)


def test_the_improvements_of_many_candidates_take_milliseconds() -> None:
    rng = np.random.default_rng(0)
    angles = np.linspace(0.01, 1.5, 60)
    losses = 1.0 - 0.5 * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    gains = improvement(rng.random((20_000, 2)), losses, np.ones(2))
    assert gains.shape == (20_000,)
    assert 0.1 < (gains > 0.0).mean() < 0.9
