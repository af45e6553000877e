"""The loop that joins a strategy, which proposes, with an engine, which evaluates."""

import math
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from easynas.search.budget import Deadline
from easynas.search.incumbent import first_slice_bar
from easynas.search.study import Study
from easynas.search.trial import Failed, Job, Trial

Handle = int

GRACE = 2.0
"""Seconds that a job may be late; trainers stop on a batch, so a later one hangs."""

Evaluate = Callable[..., Trial]
"""`evaluate(job, *, deadline, bar) -> Trial`, called where the engine runs it; a `MemoryError` is out of memory."""

REFUSED = 20
"""Proposals in a row that are refused, after which a strategy counts as having no others."""

_WORTHWHILE = 0.6  # a last trial that gets a smaller share of its time would only lose against the others


class Strategy(Protocol):
    """Proposes architectures and learns from their results; knows nothing of training."""

    def ask(self, job_id: int) -> Job | None:
        """The next proposal, or None if there is nothing left to try."""

    def tell(self, trial: Trial) -> None:
        """Learns from a finished or failed trial, in the order of the journal."""


class Engine(Protocol):
    """Evaluates jobs somewhere else, several at a time, and answers for every one of them.

    Whatever happens to a worker, its job comes back: as `Failed` if it was late by more than the grace, killed, crashed
    or out of memory. Only a bug, an error that `evaluate` raised, is raised by `poll`.
    """

    @property
    def workers(self) -> int:
        """How many jobs run at the same time."""

    def submit(self, job: Job, *, deadline: Deadline, bar: float) -> Handle:
        """Starts a job that ends by `deadline`, and early if its first slice scores below `bar`."""

    def poll(self, timeout: float) -> list[tuple[Handle, Trial]]:
        """Trials that ended since the last call; waits up to `timeout` seconds for the first one."""

    def kill(self, handle: Handle) -> None:
        """Ends a job now; it comes back from `poll` as `Failed`."""

    def close(self) -> None:
        """Ends everything; nothing of it is left running."""


class Launcher(Protocol):
    """Knows where trials can run and brings up an engine there; what `engine=` of an estimator takes.

    One whose attribute `remote` is true brings up engines on other machines; the first seconds of a fit do without it.
    """

    def start(
        self, evaluate: Evaluate, *, workers: int | None, threads: int | None, log: Path, grace: float = GRACE
    ) -> Engine:
        """An engine for one phase of a fit.

        Args:
            evaluate: what to do with a job. It may offer `lighter()`, the same with less memory, to try again when
                memory ran out; and, for engines on other machines, `detached()`, the same without files of this one,
                whose results `attached(result)` makes trials, and `brought(job)`: what such a job needs of the files
                here, None for nothing; it is handed over as an argument `brought`.
            workers: most jobs at the same time; None: as many as there is room for.
            threads: threads for each; None: all of a machine.
            log: a file for what the workers' libraries print.
            grace: seconds that a job may be late before it is ended.
        """


def run_search(
    strategy: Strategy,
    engine: Engine,
    study: Study,
    deadline: Deadline,
    *,
    trial_seconds: float,
    max_trials: float,
    start_seconds: float = 0.0,
    drop: bool = True,
    references: Iterable[Job] = (),
    refuse: Callable[[Job], str | None] = lambda _: None,
    check: Callable[[], None] = lambda: None,
) -> None:
    """Evaluates what `strategy` proposes until `deadline`, or until `max_trials` more were started.

    Every trial is in the study before the strategy learns of it. A full training gets `trial_seconds`, stretched or
    squeezed a little so that the last ones end together with the search. A job of lower fidelity, or one that goes on
    from weights, gets `start_seconds`, which every network takes before its first step, and its share of the rest; it
    is compared with others of its rung, so nothing stretches it and no bar ends it early; without `drop` none ends any.
    `references` are evaluated first, and the strategy does not learn of them. A proposal for which `refuse` gives a
    reason fails with it at once, and does not count. What the loop itself takes, proposals included, is in
    `study.timings["bookkeeping"]`. `check` is called now and then, and what it raises ends the search.
    """
    waited, began = 0.0, deadline.elapsed
    pending = iter(references)
    running: set[Handle] = set()
    started, next_id = 0, study.next_id
    exhausted, shortest, refused = False, 0.0, 0
    while True:
        enough = deadline.left >= _WORTHWHILE * shortest
        while enough and not exhausted and len(running) < engine.workers and started < max_trials:
            compared = next(pending, None)
            asked = strategy.ask(next_id) if compared is None else replace(compared, id=next_id)
            if asked is None:
                exhausted = not running
                break
            job = _with_weights_that_are_there(asked, study)
            wanted = start_seconds + (job.fidelity - job.trained) * (trial_seconds - start_seconds)
            exhausted = deadline.left < _WORTHWHILE * wanted or refused == REFUSED
            if exhausted:
                break
            if (reason := None if job.reference else refuse(job)) is not None:
                refused, next_id = refused + 1, next_id + 1
                _record(study, strategy, Failed(job, reason, 0.0))
                continue
            refused = 0
            seconds = _stretched(wanted, deadline.left) if job.whole else wanted
            bar = first_slice_bar(study.front_runner) if job.whole and drop else -math.inf
            study.begin(job)
            running.add(engine.submit(job, deadline=deadline.within(seconds), bar=bar))
            started, next_id = started + 1, next_id + 1
            shortest = min(wanted, shortest or wanted)
            enough = deadline.left >= _WORTHWHILE * shortest
        if not running:
            study.timings["bookkeeping"] = deadline.elapsed - began - waited
            return
        check()
        before = deadline.elapsed
        ended = engine.poll(timeout=1.0)
        waited += deadline.elapsed - before
        for handle, trial in ended:
            running.remove(handle)
            _record(study, strategy, trial)


def _record(study: Study, strategy: Strategy, trial: Trial) -> None:
    """Writes a trial down, then tells the strategy, unless it is only there to compare with."""
    study.append(trial)
    if not trial.job.reference:
        strategy.tell(trial)


def _with_weights_that_are_there(job: Job, study: Study) -> Job:
    """The job; from random weights, with all of its training to do, if those that it would go on from are gone."""
    if job.continues is None or study.weights_path(job.continues).exists():
        return job
    return replace(job, continues=None, trained=0.0)


def _stretched(wanted: float, left: float) -> float:
    """About the seconds that are wanted, such that a whole number of trials fills what is left."""
    return left / max(1, round(left / wanted))
