"""How the time of a fit is divided."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from easynas.search.plan import Plan, Rules, baseline_seconds, divide, spread

SECONDS = st.floats(0.0, 1e5)
STARTS = st.floats(0.1, 60.0)
EPOCHS = st.floats(0.1, 600.0)


def plan(left: float, *, start: float = 4.0, epoch: float = 5.0) -> Plan:
    return divide(left, start_seconds=start, epoch_seconds=epoch)


@given(SECONDS, STARTS, EPOCHS)
def test_the_search_gets_about_a_third_or_nothing(left: float, start: float, epoch: float) -> None:
    search = plan(left, start=start, epoch=epoch).search
    assert search == 0.0 or 0.25 * left <= search <= 0.35 * left


@given(SECONDS, STARTS, EPOCHS)
def test_a_whole_number_of_useful_trials_fills_the_search(left: float, start: float, epoch: float) -> None:
    planned = plan(left, start=start, epoch=epoch)
    if planned.search > 0:
        trained = planned.trial - 3.0 * start
        assert trained >= 0.99 * max(5.0, 0.5 * epoch)
        assert planned.search / planned.trial == pytest.approx(round(planned.search / planned.trial))


def test_a_search_of_all_the_time_has_trials_as_long_and_no_final_training() -> None:
    usual, whole = plan(600.0), divide(600.0, start_seconds=4.0, epoch_seconds=5.0, search_share=1.0)
    assert (usual.final, whole.final) == (True, False)
    assert whole.search == 600.0
    assert whole.trial == pytest.approx(usual.trial, rel=0.3)
    assert "the best one is the result" in whole.reason


def test_rules_combine_as_many_networks_as_usual_or_fewer() -> None:
    assert [Rules().members(5), Rules(combined=1).members(5), Rules(combined=9).members(5)] == [5, 1, 5]


@given(SECONDS, STARTS, EPOCHS)
def test_more_time_never_means_less_search(left: float, start: float, epoch: float) -> None:
    assert plan(2.0 * left, start=start, epoch=epoch).search >= plan(left, start=start, epoch=epoch).search


@pytest.mark.parametrize(("left", "start", "epoch"), [(25.0, 4.0, 5.0), (100.0, 12.0, 5.0), (100.0, 4.0, 60.0)])
def test_where_no_trial_would_say_anything_nothing_is_searched(left: float, start: float, epoch: float) -> None:
    planned = plan(left, start=start, epoch=epoch)
    assert (planned.search, planned.trial) == (0.0, 0.0)
    assert planned.final
    assert planned.reason.startswith("No search")
    assert f"{left:.0f} s that are left" in planned.reason


@pytest.mark.parametrize("left", [-3.0, 0.0, 9.0])
def test_where_no_other_network_would_learn_the_baseline_is_the_result(left: float) -> None:
    for planned in (plan(left, start=4.0), spread(left, start_seconds=4.0, combine_seconds=1.0)):
        assert (planned.search, planned.final) == (0.0, False)
        assert f"{max(left, 0.0):.0f} s are left" in planned.reason


def test_a_long_budget_affords_several_trials_and_says_so() -> None:
    planned = plan(600.0)
    assert planned.search / planned.trial >= 2
    assert f"{planned.search:.0f} s are searched in trials of {planned.trial:.0f} s" in planned.reason


@pytest.mark.parametrize(("total", "seconds"), [(10, 2.0), (60, 3.0), (100, 5.0), (3600, 10.0)])
def test_the_baseline_takes_a_small_share(total: float, seconds: float) -> None:
    assert baseline_seconds(total, 0.7 * total) == pytest.approx(seconds)


def test_after_a_slow_start_the_baseline_takes_most_of_what_is_left() -> None:
    assert 6.0 < baseline_seconds(30.0, 9.0) < 9.0
    assert baseline_seconds(30.0, -1.0) == 2.0  # it is late, but without it there is no model


def test_where_networks_are_combined_nearly_all_time_is_searched() -> None:
    planned = spread(100.0, start_seconds=1.0, combine_seconds=8.0)
    assert planned.search == pytest.approx(92.0)
    assert 6 <= planned.search / planned.trial < 12
    assert f"{planned.search:.0f} s are searched" in planned.reason


@pytest.mark.parametrize("left", [4.5, 6.0, 8.0])
def test_without_time_for_a_single_trial_nothing_is_searched(left: float) -> None:
    planned = spread(left, start_seconds=1.0, combine_seconds=1.0)
    assert planned.search == 0.0
    assert "No search" in planned.reason


@given(st.floats(0.0, 1e4), st.floats(0.0, 20.0), st.floats(0.0, 100.0))
def test_no_trial_is_longer_than_the_search(left: float, start: float, combine: float) -> None:
    planned = spread(left, start_seconds=start, combine_seconds=combine)
    assert 0.0 <= planned.trial <= planned.search <= max(left, 0.0)
