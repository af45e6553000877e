"""The loop that joins a strategy, which proposes, with an engine, which evaluates."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from easynas.search.budget import Deadline
from easynas.search.incumbent import first_slice_bar
from easynas.search.study import Study
from easynas.search.trial import Job, Trial

Handle = int

GRACE = 2.0
"""Seconds that a job may be late; trainers stop on a batch, so a later one hangs."""

Evaluate = Callable[..., Trial]
"""`evaluate(job, *, deadline, bar) -> Trial`, called where the engine runs it; a `MemoryError` is out of memory."""

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
    """Knows where trials can run and brings up an engine there; what `engine=` of an estimator takes."""

    def start(
        self, evaluate: Evaluate, *, workers: int | None, threads: int | None, log: Path, grace: float = GRACE
    ) -> Engine:
        """An engine for one phase of a fit.

        Args:
            evaluate: what to do with a job. It may offer `lighter()`, the same with less memory, to try again when
                memory ran out; and, for engines on other machines, `detached()`, the same without files of this one,
                whose results `attached(result)` makes trials.
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
    check: Callable[[], None] = lambda: None,
) -> None:
    """Evaluates what `strategy` proposes until `deadline`, or until `max_trials` more were started.

    Every trial is in the study before the strategy learns of it. A full training gets `trial_seconds`, stretched or
    squeezed a little so that the last ones end together with the search, and a job of lower fidelity its share of that.
    What the loop itself takes, proposals included, is in `study.timings["bookkeeping"]`. `check` is called now and
    then, and what it raises ends the search.
    """
    waited, began = 0.0, deadline.elapsed
    running: set[Handle] = set()
    started, next_id = 0, study.next_id
    exhausted = False
    while True:
        while not exhausted and len(running) < engine.workers and started < max_trials:
            seconds = _share(deadline.left, trial_seconds)
            job = strategy.ask(next_id) if seconds is not None else None
            if job is None or seconds is None:
                exhausted = not running or seconds is None
                break
            bar = first_slice_bar(study.front_runner)
            running.add(engine.submit(job, deadline=deadline.within(seconds * job.fidelity), bar=bar))
            started, next_id = started + 1, next_id + 1
        if not running:
            study.timings["bookkeeping"] = deadline.elapsed - began - waited
            return
        check()
        asked = deadline.elapsed
        ended = engine.poll(timeout=1.0)
        waited += deadline.elapsed - asked
        for handle, trial in ended:
            running.remove(handle)
            study.append(trial)
            strategy.tell(trial)


def _share(left: float, trial_seconds: float) -> float | None:
    """The time of a trial started now, such that a whole number of trials fills what is left; None if too little is."""
    if left < _WORTHWHILE * trial_seconds:
        return None
    return left / max(1, round(left / trial_seconds))
