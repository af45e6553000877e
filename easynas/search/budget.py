"""The clock: a budget in words becomes one `Deadline` that goes down through every phase."""

import numbers
import re
import time
from collections.abc import Callable
from dataclasses import dataclass

from easynas.errors import BudgetError

Clock = Callable[[], float]

SHORTEST = 10.0
"""Seconds below which `fit` refuses: importing TensorFlow and tracing one network take most of that."""

_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0}


def parse_budget(budget: float | str) -> float:
    """Seconds in a budget given as a number of seconds or as "90s", "10m", "1h30m".

    Raises:
        BudgetError: not such a budget, or less than `SHORTEST` seconds.
    """
    seconds = _seconds(budget)
    if not seconds >= SHORTEST or seconds == float("inf"):
        raise BudgetError(
            f"`time_budget` must be a finite time of at least {SHORTEST:g} seconds: loading TensorFlow and preparing "
            f'one network take most of that. Received: {budget!r}. Try 60, or "10m" for a good result.'
        )
    return seconds


def _seconds(budget: float | str) -> float:
    if isinstance(budget, numbers.Real) and not isinstance(budget, bool):
        return float(budget)
    text = budget.strip().lower().replace(" ", "") if isinstance(budget, str) else ""
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return float(text)
    if not re.fullmatch(r"(\d+(\.\d+)?h)?(\d+(\.\d+)?m)?(\d+(\.\d+)?s)?", text) or not text:
        raise BudgetError(
            '`time_budget` must be a number of seconds or a text such as "90s", "10m" or "1h30m". '
            f"Received: {budget!r}."
        )
    return sum(float(number) * _UNITS[unit] for number, unit in re.findall(r"(\d+(?:\.\d+)?)([hms])", text))


@dataclass(frozen=True)
class Deadline:
    """A moment on a clock.

    Attributes:
        at: the moment, in the clock's seconds.
        started: when the time that it bounds began.
        clock: a function that returns the present; by default `time.monotonic`, which all processes of a machine share
            and which no change of the wall clock disturbs.
    """

    at: float
    started: float
    clock: Clock = time.monotonic

    @classmethod
    def after(cls, seconds: float, clock: Clock = time.monotonic) -> "Deadline":
        now = clock()
        return cls(now + seconds, now, clock)

    @property
    def left(self) -> float:
        """Seconds left; negative when it is past."""
        return self.at - self.clock()

    @property
    def elapsed(self) -> float:
        return self.clock() - self.started

    @property
    def total(self) -> float:
        return self.at - self.started

    @property
    def passed(self) -> bool:
        return self.left <= 0

    @property
    def tolerance(self) -> float:
        """Seconds by which a fit may overrun its budget: the larger of 2 s and 2 %."""
        return max(2.0, 0.02 * self.total)

    def within(self, seconds: float) -> "Deadline":
        """A deadline that many seconds from now, but never after this one."""
        now = self.clock()
        return Deadline(min(self.at, now + seconds), now, self.clock)

    def before(self, reserve: float) -> "Deadline":
        """The same start, ending `reserve` seconds earlier."""
        return Deadline(self.at - reserve, self.started, self.clock)
