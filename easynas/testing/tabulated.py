"""A benchmark in a table: what takes thousands of GPU hours is looked up, and its time goes by on a simulated clock."""

import math
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from easynas.search.budget import Deadline
from easynas.search.loop import Strategy
from easynas.search.trial import Done, Failed, Job, Trial
from easynas.space.dimension import Value
from easynas.space.space import SearchSpace


@dataclass(frozen=True)
class Row:
    """One entry of a table: a genotype trained to one fidelity, perhaps several times.

    Attributes:
        scores: what the repetitions scored, larger is better; at least one.
        seconds: what one such training took.
        fidelity: share of a full training in (0, 1].
        metrics: what else is known, e.g. `{"latency_ms": 12.5}`.
    """

    scores: Sequence[float]
    seconds: float
    fidelity: float = 1.0
    metrics: Mapping[str, float] = field(default_factory=dict)


LookUp = Callable[[Mapping[str, Value]], Sequence[Row]]
"""The rows of a genotype, of rising fidelity; none: it could not be trained."""


@dataclass(frozen=True)
class TabulatedEvaluator:
    """Evaluates jobs as an engine would have them evaluated, by looking them up.

    A job gets the row of the lowest fidelity that is not below its own, and the score of one of the repetitions, drawn
    once for each genotype: who trains a network twice with the same seed learns nothing new.

    Attributes:
        space: what the genotypes belong to.
        rows: the table.
        seed: which repetitions are drawn.
        continued: whether longer trainings of the table go on from shorter ones; a job that continues a trial then
            takes only the time that is missing.
    """

    space: SearchSpace
    rows: LookUp
    seed: int = 0
    continued: bool = False

    def __call__(self, job: Job, *, deadline: Deadline, bar: float) -> Trial:
        """The trial of a job; the engine sees to the deadline, and nothing is dropped before its end."""
        rows = self.rows(job.values)
        row = _row(rows, job.fidelity)
        if row is None:
            return Failed(job, "the table does not have it", 0.0)
        before = _row(rows, job.trained) if self.continued and job.continues is not None else None
        seconds = row.seconds - (0.0 if before is None else before.seconds)
        return Done(job, self._score(row, job), seconds, row.metrics, fidelity=job.fidelity)

    def _score(self, row: Row, job: Job) -> float:
        if len(row.scores) == 1:
            return float(row.scores[0])
        drawn = np.random.default_rng((self.seed, zlib.crc32(self.space.key(job.values).encode())))
        return float(row.scores[int(drawn.integers(len(row.scores)))])


def _row(rows: Sequence[Row], fidelity: float) -> Row | None:
    """The one of the lowest fidelity that is not below."""
    return next((row for row in rows if row.fidelity >= fidelity - 1e-9), None)


def simulate(
    strategy: Strategy,
    evaluate: Callable[..., Trial],
    *,
    trials: float = math.inf,
    seconds: float = math.inf,
) -> list[Trial]:
    """What a strategy finds, one job at a time and without a study on disk.

    Args:
        strategy: what to run.
        evaluate: such as a `TabulatedEvaluator`.
        trials: most jobs.
        seconds: simulated time; a job that would end later is not counted.

    Returns:
        The trials in their order.
    """
    told: list[Trial] = []
    left = seconds
    while len(told) < trials and (job := strategy.ask(len(told))) is not None:
        trial = evaluate(job, deadline=Deadline.after(left), bar=-math.inf)
        left -= trial.seconds
        if left < 0:
            break
        told.append(trial)
        strategy.tell(trial)
    return told
