"""New genotypes from any strategy, which learns from trials of one fidelity.

Scores of different fidelities cannot be compared. So the strategy is told the trials of the highest fidelity that has
enough of them, and is made anew when that changes: the rule of BOHB (Falkner, Klein & Hutter 2018, section 3.2). What
differs from it: while no fidelity has enough, the strategy learns from the one that has the most.
"""

from collections.abc import Callable
from typing import Protocol

from easynas.search.loop import Strategy
from easynas.search.trial import Done, Job, Trial
from easynas.space.space import SearchSpace
from easynas.strategies.fresh import TRIES

MORE = 3
"""Trials that a model needs beyond one a choice: BOHB needs N_min + 2, and N_min is choices + 1."""


class Learner(Strategy, Protocol):
    """A strategy that can be inside of another one."""

    def skip(self, trial: Trial) -> None:
        """Learns nothing from a trial of another fidelity but that its genotype is known."""


class Source:
    """Draws genotypes that were seen at no fidelity yet.

    What it draws depends on the job's number and on what was told, which a continued study is told again: so the
    strategy hears of every trial, and learns from those of one fidelity.

    Args:
        space: where the strategy searches.
        around: makes the strategy.
        levels: number of fidelities.
    """

    def __init__(self, space: SearchSpace, around: Callable[[], Learner], *, levels: int) -> None:
        self._space = space
        self._around = around
        self._enough = len(space.names) + MORE
        self._told: list[tuple[int | None, Trial]] = []
        self._ended = [0] * levels
        self._level = 0
        self._strategy: Learner | None = None
        self._seen: set[str] = set()

    def draw(self, job_id: int) -> Job | None:
        """A job with a new genotype; None if the strategy has none left."""
        strategy = self._learned()
        for _ in range(TRIES):  # what is out was proposed by one that was perhaps made anew
            job = strategy.ask(job_id)
            key = None if job is None else self._space.key(job.values)
            if key is None:
                return None
            if key not in self._seen:
                self._seen.add(key)
                return job
        return None

    def tell(self, trial: Trial, level: int | None) -> None:
        """Learns from a trial of the fidelity `level`; of a trial of no fidelity here, only that it was seen."""
        self._seen.add(self._space.key(trial.job.values))
        self._told.append((level, trial))
        if level is not None:
            self._ended[level] += isinstance(trial, Done) and not trial.dropped
        highest = self._highest()
        if highest != self._level:
            self._level, self._strategy = highest, None
        elif self._strategy is not None:
            self._teach(self._strategy, level, trial)

    def _highest(self) -> int:
        """The highest level with enough trials that ended; else the one with the most, the lowest of these."""
        enough = [level for level, ended in enumerate(self._ended) if ended >= self._enough]
        return max(enough, default=self._ended.index(max(self._ended)))

    def _learned(self) -> Learner:
        if self._strategy is None:
            self._strategy = self._around()
            for level, trial in self._told:
                self._teach(self._strategy, level, trial)
        return self._strategy

    def _teach(self, strategy: Learner, level: int | None, trial: Trial) -> None:
        if level == self._level:
            strategy.tell(trial)
        else:
            strategy.skip(trial)
