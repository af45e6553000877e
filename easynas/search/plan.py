"""How the time of a fit is divided.

A third of what is left after the start goes into the search, the rest into one long training; and none into a search
whose trials would be too short to compare. Shares as in findings on short budgets (docs/findings.md): at most
10 % for preparation, 25 to 35 % for the search.
"""

import math
from dataclasses import dataclass

_BASELINE_SHARE, _BASELINE_LEAST, _BASELINE_MOST = 0.05, 2.0, 10.0
_SEARCH_SHARE = 0.3
_STARTS = 3.0  # a candidate is larger than the baseline and has one core: so many times as long until its first step
_USEFUL_SECONDS, _USEFUL_EPOCHS = 5.0, 0.5
"""Training, after the first step, that says something about a network; less ranks networks by chance."""

_TRIAL_SHARE = 1 / 6
"""A trial as a share of the final training: shorter ones rank networks by how they start, not by how they end."""


@dataclass(frozen=True)
class Plan:
    """Seconds of the phases that follow the baseline.

    Attributes:
        search: all trials together; 0 for no search.
        trial: one trial.
        reason: why, as a sentence.
        start: of a trial, until its first step.
    """

    search: float
    trial: float
    reason: str
    start: float = 0.0


def baseline_seconds(total: float) -> float:
    """Time for the baseline in a budget of `total` seconds."""
    return min(max(_BASELINE_SHARE * total, _BASELINE_LEAST), _BASELINE_MOST)


def divide(left: float, *, start_seconds: float, epoch_seconds: float) -> Plan:
    """Divides the seconds that are left after the baseline.

    Args:
        left: seconds for the search and the final training together.
        start_seconds: what a network takes before its first step, as the baseline took it.
        epoch_seconds: what a candidate takes to see all samples once.
    """
    left = max(left, 0.0)
    search = _SEARCH_SHARE * left
    start = _STARTS * start_seconds
    least = start + max(_USEFUL_SECONDS, _USEFUL_EPOCHS * epoch_seconds)
    if search < least:
        return Plan(
            0.0,
            0.0,
            f"No search: a trial worth comparing takes {least:.0f} s here, and of the {left:.0f} s that are left a "
            f"search may have {search:.0f} s. The best known design is trained all the time.",
        )
    rounds = max(1, math.floor(search / max(least, _TRIAL_SHARE * (left - search))))
    return Plan(
        search,
        search / rounds,
        f"Of {left:.0f} s, {search:.0f} s are searched in trials of {search / rounds:.0f} s; "
        "the final training has the rest.",
        start,
    )
