"""New genotypes from any strategy, which learns from trials of one fidelity.

Scores of different fidelities cannot be compared. So the strategy is told the trials of the highest fidelity that has
enough of them, and is made anew when that changes: the rule of BOHB (Falkner, Klein & Hutter 2018, section 3.2). What
differs from it: while no fidelity has enough, the strategy learns from the one that has the most.
"""

from collections.abc import Callable

from easynas.search.loop import Strategy
from easynas.search.trial import Done, Job, Trial
from easynas.space.space import SearchSpace
from easynas.strategies.fresh import TRIES

MORE = 3
"""Trials that a model needs beyond one a choice: BOHB needs N_min + 2, and N_min is choices + 1."""


class Source:
    """Draws genotypes that were seen at no fidelity yet.

    What it draws depends on the job's number and on what was told: a strategy that proposed what was then trained at
    another fidelity than its own would remember a proposal that a continued study does not know, so it is made anew.

    Args:
        space: where the strategy searches.
        around: makes the strategy.
        levels: number of fidelities.
    """

    def __init__(self, space: SearchSpace, around: Callable[[], Strategy], *, levels: int) -> None:
        self._space = space
        self._around = around
        self._enough = len(space.names) + MORE
        self._told: list[list[Trial]] = [[] for _ in range(levels)]
        self._ended = [0] * levels
        self._level = 0
        self._strategy: Strategy | None = None
        self._out: set[str] = set()
        self._seen: set[str] = set()

    def draw(self, job_id: int) -> Job | None:
        """A job with a new genotype; None if the strategy has none left."""
        job, tries = self._learned().ask(job_id), 1
        while job is not None and self._space.key(job.values) in self._seen and tries < TRIES:
            job, tries = self._learned().ask(job_id), tries + 1
        if tries > 1:
            self._strategy = None
        key = None if job is None else self._space.key(job.values)
        if key is None or key in self._seen:
            return None
        self._out.add(key)
        self._seen.add(key)
        return job

    def tell(self, trial: Trial, level: int | None) -> None:
        """Learns from a trial of the fidelity `level`; of a trial of no fidelity here, only that it was seen."""
        key = self._space.key(trial.job.values)
        self._seen.add(key)
        strayed = key in self._out and level != self._level
        self._out.discard(key)
        if level is None:
            return
        self._told[level].append(trial)
        self._ended[level] += isinstance(trial, Done) and not trial.dropped
        highest = self._highest()
        if strayed or highest != self._level:
            self._level, self._strategy = highest, None
        elif self._strategy is not None and level == highest:
            self._strategy.tell(trial)

    def _highest(self) -> int:
        """The highest level with enough trials that ended; else the one with the most, the lowest of these."""
        enough = [level for level, ended in enumerate(self._ended) if ended >= self._enough]
        return max(enough, default=self._ended.index(max(self._ended)))

    def _learned(self) -> Strategy:
        if self._strategy is None:
            self._strategy = self._around()
            for trial in self._told[self._level]:
                self._strategy.tell(trial)
        return self._strategy
