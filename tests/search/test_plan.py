"""How the time of a fit is divided."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from easynas.search.plan import baseline_seconds, divide

SECONDS = st.floats(1.0, 1e5)
STARTS = st.floats(0.1, 60.0)


@given(SECONDS, STARTS)
def test_the_search_gets_about_a_third_or_nothing(left: float, start: float) -> None:
    plan = divide(left, start_seconds=start)
    assert plan.search == 0.0 or 0.25 * left <= plan.search <= 0.35 * left


@given(SECONDS, STARTS)
def test_a_whole_number_of_useful_trials_fills_the_search(left: float, start: float) -> None:
    plan = divide(left, start_seconds=start)
    if plan.search > 0:
        assert plan.trial >= 2.0 * start + 5.0
        assert plan.search / plan.trial == pytest.approx(round(plan.search / plan.trial))


@given(SECONDS, STARTS)
def test_more_time_never_means_less_search(left: float, start: float) -> None:
    assert divide(2.0 * left, start_seconds=start).search >= divide(left, start_seconds=start).search


def test_a_short_budget_is_not_searched_and_says_so() -> None:
    plan = divide(25.0, start_seconds=3.0)
    assert (plan.search, plan.trial) == (0.0, 0.0)
    assert plan.reason.startswith("No search: of 25 s")


def test_a_long_budget_affords_several_trials_and_says_so() -> None:
    plan = divide(600.0, start_seconds=4.0)
    assert plan.search / plan.trial >= 2
    assert f"{plan.search:.0f} s are searched in trials of {plan.trial:.0f} s" in plan.reason


@pytest.mark.parametrize(("total", "seconds"), [(10, 2.0), (60, 3.0), (100, 5.0), (3600, 10.0)])
def test_the_baseline_takes_a_small_share(total: float, seconds: float) -> None:
    assert baseline_seconds(total) == pytest.approx(seconds)
