"""How the time of a fit is divided.

A third of what is left after the start goes into the search, the rest into one long training; and none into a search
that could not afford two trainings worth comparing. Shares as in findings on short budgets (docs/findings.md): at most
10 % for preparation, 25 to 35 % for the search.
"""

import math
from dataclasses import dataclass

_BASELINE_SHARE, _BASELINE_LEAST, _BASELINE_MOST = 0.05, 2.0, 10.0
_SEARCH_SHARE = 0.3
_USEFUL = 5.0  # seconds of training, after the network is built, that say something about it
_TRIAL_SHARE = 1 / 6
"""A trial as a share of the final training: shorter ones rank networks by how they start, not by how they end."""


@dataclass(frozen=True)
class Plan:
    """Seconds of the phases that follow the baseline.

    Attributes:
        search: all trials together; 0 for no search.
        trial: one trial.
        reason: why, as a sentence.
    """

    search: float
    trial: float
    reason: str


def baseline_seconds(total: float) -> float:
    """Time for the baseline in a budget of `total` seconds."""
    return min(max(_BASELINE_SHARE * total, _BASELINE_LEAST), _BASELINE_MOST)


def divide(left: float, *, start_seconds: float) -> Plan:
    """Divides the seconds that are left after the baseline.

    Args:
        left: seconds for the search and the final training together.
        start_seconds: what a network takes before its first step, as the baseline took it.
    """
    search = _SEARCH_SHARE * left
    least = 2.0 * start_seconds + _USEFUL  # a candidate is larger than the baseline, and its cores are shared
    if search < least:
        return Plan(
            0.0,
            0.0,
            f"No search: of {left:.0f} s, {search:.0f} s would not suffice to compare networks; "
            "the best known design gets all of them.",
        )
    rounds = max(1, math.floor(search / max(least, _TRIAL_SHARE * (left - search))))
    return Plan(
        search,
        search / rounds,
        f"Of {left:.0f} s, {search:.0f} s are searched in trials of {search / rounds:.0f} s; "
        "the final training has the rest.",
    )
