"""How the time of a fit is divided.

Where networks are trained as long as there is time (`divide`), a third of what is left after the start goes into the
search, the rest into one long training; and none into a search whose trials would be too short to compare. Where
networks are trained after a few epochs (`spread`), nearly all goes into the search, whose best networks are then
combined. Shares as in findings on short budgets (docs/findings.md): at most
10 % for preparation, 25 to 35 % for the search.
"""

import math
from dataclasses import dataclass

_BASELINE_SHARE, _BASELINE_LEAST, _BASELINE_MOST = 0.05, 2.0, 10.0
SEARCH_SHARE = 0.3
TUNE_SHARE = 0.6
_STARTS = 3.0  # a candidate is larger than the baseline and has one core: so many times as long until its first step
USEFUL_SECONDS, _USEFUL_EPOCHS = 5.0, 0.5
"""Training, after the first step, that says something about a network; less ranks networks by chance."""

_TRIAL_SHARE = 1 / 6
"""A trial as a share of the final training: shorter ones rank networks by how they start, not by how they end."""

_LATE, _LATE_SHARE = 0.5, 0.7
"""With less than the first share of the budget left there is time for one network only, which gets the second share of
that: such a machine is busy, and what is planned there comes late."""

_FINAL_STARTS, _FINAL_SECONDS = 2.0, 2.0
"""A final training has all cores, and is worth it from so many seconds on."""

_ROUNDS = 6
"""Trials that follow each other on one core, at least, where networks are combined: fewer leave nothing to choose."""


@dataclass(frozen=True)
class Rules:
    """What every fit goes by and no argument of an estimator changes.

    An estimator has them as its class attribute `_rules`. `benchmarks/ablation.py` gives a subclass others, to measure
    what each is worth.

    Attributes:
        search_share: of the time after the baseline that is searched where the best network is then trained long, in
            (0, 1]; 1 leaves no time for that training, and the best trial is the result.
        combined: most networks that are combined, from 1, where the kind of data combines several; None: as many as it
            says.
        tune_share: of the time after the baseline, for training a pretrained network itself, in [0, 1).
        annealed: whether the learning rate falls to zero as the time of a training runs out; if not, it stays at its
            peak.
    """

    search_share: float = SEARCH_SHARE
    combined: int | None = None
    tune_share: float = TUNE_SHARE
    annealed: bool = True

    def members(self, usual: int) -> int:
        """Most networks that are combined of a kind of data that usually combines so many."""
        return usual if self.combined is None else min(usual, self.combined)


@dataclass(frozen=True)
class Plan:
    """Seconds of the phases that follow the baseline.

    Attributes:
        search: all trials together; 0 for no search.
        trial: one trial.
        reason: why, as a sentence.
        start: of a trial, until its first step.
        final: whether there is time for another network than the baseline, beside the search.
        tune: training of a pretrained network with the best head on it; 0 for none.
    """

    search: float
    trial: float
    reason: str
    start: float = 0.0
    final: bool = True
    tune: float = 0.0


def baseline_seconds(total: float, left: float) -> float:
    """Time for the baseline in a budget of `total` seconds, of which some are `left`: most of them, if they are few."""
    usual = min(max(_BASELINE_SHARE * total, _BASELINE_LEAST), _BASELINE_MOST)
    return max(usual, _LATE_SHARE * left) if left < _LATE * total else usual


def _only_baseline(left: float, start_seconds: float) -> Plan | None:
    """The plan where no other network would learn enough."""
    least = _FINAL_STARTS * start_seconds + _FINAL_SECONDS
    if left >= least:
        return None
    return Plan(
        0.0,
        0.0,
        f"The baseline is the result: another network takes {least:.0f} s here, and {max(left, 0.0):.0f} s are left.",
        final=False,
    )


def divide(left: float, *, start_seconds: float, epoch_seconds: float, search_share: float = SEARCH_SHARE) -> Plan:
    """Divides the seconds that are left after the baseline.

    Args:
        left: seconds for the search and the final training together.
        start_seconds: what a network takes before its first step, as the baseline took it.
        epoch_seconds: what a candidate takes to see all samples once.
        search_share: see `Rules`.
    """
    if plan := _only_baseline(left, start_seconds):
        return plan
    search = search_share * left
    start = _STARTS * start_seconds
    least = start + max(USEFUL_SECONDS, _USEFUL_EPOCHS * epoch_seconds)
    if search < least:
        return Plan(
            0.0,
            0.0,
            f"No search: a trial worth comparing takes {least:.0f} s here, and of the {left:.0f} s that are left a "
            f"search may have {search:.0f} s. The best known design is trained all the time.",
        )
    rounds = max(1, math.floor(search / max(least, _TRIAL_SHARE * (1.0 - SEARCH_SHARE) * left)))
    final = search < left
    then = "the final training has the rest" if final else "the best one is the result"
    return Plan(
        search,
        search / rounds,
        f"Of {left:.0f} s, {search:.0f} s are searched in trials of {search / rounds:.0f} s; {then}.",
        start,
        final=final,
    )


def spread(
    left: float,
    *,
    start_seconds: float,
    combine_seconds: float,
    tune_seconds: float = 0.0,
) -> Plan:
    """Divides the seconds that are left after the baseline where the best networks of the search are combined.

    Args:
        left: seconds for the search and the combination together.
        start_seconds: what a network takes before its first step, as the baseline took it.
        combine_seconds: what building the combination may take.
        tune_seconds: of a training after the search, for what is below the networks.
    """
    if plan := _only_baseline(left, start_seconds):
        return plan
    search = left - combine_seconds - tune_seconds
    start = _STARTS * start_seconds
    if search < start + USEFUL_SECONDS:
        return Plan(
            0.0,
            0.0,
            f"No search: a trial takes {start + USEFUL_SECONDS:.0f} s here, and {left:.0f} s are left. "
            "The best known design is trained all the time.",
        )
    trial = min(max(search / _ROUNDS, start + USEFUL_SECONDS), search)
    tuning = f"for {tune_seconds:.0f} s the pretrained network is trained with the best; " if tune_seconds else ""
    return Plan(
        search,
        trial,
        f"Of {left:.0f} s, {search:.0f} s are searched in trials of {trial:.0f} s at most; {tuning}"
        "then the best networks are combined.",
        start,
        tune=tune_seconds,
    )
