"""Which of two trials is better, and which trial can still become the best."""

import heapq
import math
from collections.abc import Callable, Container, Iterable

from easynas.search.trial import Done, Trial

CATCH_UP = 1.5
"""A candidate is expected to gain at most this multiple of what the incumbent gained after the same first slice.

Learning curves of different networks cross, and larger ones start slower; successive halving (Jamieson & Talwalkar
2016) ignores this, median stopping (Golovin et al. 2017) ignores the incumbent. The factor leaves room for the
crossing.
"""


CERTAIN = 2.0
"""Standard errors by which another trial must be ahead of the final training on the same samples.

It was chosen as the best of some by these very samples, which flatters it by one standard error if they were five; and
of a final training in folds a single network is judged, which the average of all is not worse than in general: its log
loss and squared error are at most the mean of theirs (Jensen's inequality).
"""

PROMOTED, LATEST = 9, 40
"""Most trials that go on from a rung, and trials of lower fidelity among which they are: a third of a rung of 27, with
which a bracket starts at 1 / 27, and room for what ends while they go on."""

_FIRST = "first_slice_score"


def rank_key(done: Done) -> tuple[float, float]:
    """Sorts trials from worst to best: by score, equal scores by validation loss (many small sets end in ties)."""
    score = done.score if math.isfinite(done.score) else -math.inf
    return score, -done.metrics.get("loss", math.inf)


def incumbent(trials: Iterable[Trial]) -> Done | None:
    """The best finished trial that was not dropped, if there is one.

    One of a lower fidelity counts like any other: its score is that of a network that is there.
    """
    finished = [t for t in trials if isinstance(t, Done) and not (t.dropped or t.job.reference)]
    return max(finished, key=rank_key, default=None)


def to_ship(final: Trial, trials: Iterable[Trial], *, lead: Callable[[Done, Done], tuple[float, float]]) -> Done | None:
    """The trial whose network should be the result: the final training, unless another is certainly better.

    What an earlier fit made of other trials, an average of them for instance, has no network of its own.

    Args:
        final: the final training.
        trials: those that may be shipped.
        lead: by how much the first of two trials is ahead of the second on samples that both were judged on, and the
            standard error of that.
    """
    rival = incumbent(trial for trial in trials if not trial.job.members and trial is not final)
    if not isinstance(final, Done) or final.dropped:
        return rival
    if rival is None:
        return final
    ahead, error = lead(rival, final)
    return rival if ahead > CERTAIN * error else final


def promotable(trials: Iterable[Done], continued: Container[int]) -> list[Done]:
    """Those of a lower fidelity that a strategy may still train on: the best of the latest on each rung.

    Args:
        trials: the `LATEST` of lower fidelity that finished.
        continued: numbers of the trials that were trained on already.
    """
    rungs: dict[float, list[Done]] = {}
    for trial in trials:
        if trial.job.id not in continued:
            rungs.setdefault(trial.job.fidelity, []).append(trial)
    return [trial for rung in rungs.values() for trial in heapq.nlargest(PROMOTED, rung, key=rank_key)]


def front_runner(trials: Iterable[Trial]) -> Done | None:
    """The best full training that was judged after its first slice, if there is one; a slice of another is no such."""
    return incumbent(
        trial for trial in trials if isinstance(trial, Done) and trial.job.whole and _FIRST in trial.metrics
    )


def first_slice_bar(best: Done | None) -> float:
    """The score that a new candidate must have after its first slice to be trained on; `-inf` while nothing is known.

    It is the front runner's score minus `CATCH_UP` times what that trial gained after its own first slice, minus two
    standard errors of a score (`metrics["standard_error"]`).
    """
    if best is None:
        return -math.inf
    # A slice is scored as a network, before it is a file.
    score = best.metrics.get("float_score", best.score)
    gain = max(score - best.metrics[_FIRST], 0.0)
    return score - CATCH_UP * gain - 2.0 * best.metrics.get("standard_error", 0.0)
