"""The clock, and budgets in words."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from easynas.errors import BudgetError
from easynas.search.budget import Deadline, parse_budget
from easynas.testing import FakeClock


@pytest.mark.parametrize(
    ("budget", "seconds"),
    [
        (60, 60.0),
        (12.5, 12.5),
        (np.int64(60), 60.0),
        (np.float32(60), 60.0),
        ("60", 60.0),
        ("90s", 90.0),
        ("10m", 600.0),
        ("1h30m", 5400.0),
        ("1h 30m 5s", 5405.0),
        ("1.5H", 5400.0),
        (" 10 m ", 600.0),
    ],
)
def test_a_budget_is_seconds_or_words(budget: float | str, seconds: float) -> None:
    assert parse_budget(budget) == seconds


@given(st.integers(0, 99), st.integers(0, 99), st.integers(10, 99))
def test_hours_minutes_and_seconds_add_up(hours: int, minutes: int, seconds: int) -> None:
    assert parse_budget(f"{hours}h{minutes}m{seconds}s") == 3600 * hours + 60 * minutes + seconds


@pytest.mark.parametrize(
    "budget",
    ["", "fast", "m", "10x", "5s10m", "-10m", "1e3", "10 minutes", None, True, [60], float("nan")],
)
def test_anything_else_is_refused(budget: object) -> None:
    with pytest.raises(BudgetError, match="`time_budget`") as error:
        parse_budget(budget)  # type: ignore[arg-type]
    assert repr(budget) in str(error.value)


@pytest.mark.parametrize("budget", [0, -60, 9.9, "9s", float("inf")])
def test_too_short_and_endless_budgets_are_refused(budget: float | str) -> None:
    with pytest.raises(BudgetError, match="at least 10 seconds"):
        parse_budget(budget)


def test_a_deadline_counts_down_on_its_clock() -> None:
    clock = FakeClock(1000.0)
    deadline = Deadline.after(60.0, clock)
    clock.sleep(20.0)
    assert (deadline.total, deadline.elapsed, deadline.left, deadline.passed) == (60.0, 20.0, 40.0, False)
    clock.sleep(50.0)
    assert (deadline.left, deadline.passed) == (-10.0, True)


def test_a_part_begins_now_and_never_ends_later_than_the_whole() -> None:
    clock = FakeClock()
    whole = Deadline.after(60.0, clock)
    clock.sleep(10.0)
    part = whole.within(20.0)
    assert (part.total, part.elapsed, part.left) == (20.0, 0.0, 20.0)
    assert whole.within(100.0).at == whole.at
    clock.sleep(5.0)
    assert (part.left, whole.left) == (15.0, 45.0)


def test_a_reserve_is_kept_free_at_the_end() -> None:
    clock = FakeClock()
    whole = Deadline.after(60.0, clock)
    clock.sleep(10.0)
    earlier = whole.before(5.0)
    assert (earlier.left, earlier.elapsed) == (45.0, 10.0)
