"""Stand-ins for time and for processes: what takes hours runs in milliseconds, and always in the same way."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass

from easynas.search.budget import Deadline
from easynas.search.loop import Handle
from easynas.search.trial import Failed, Job, Trial


class FakeClock:
    """A clock that stands still until somebody sleeps; it goes wherever a clock is an argument.

    >>> from easynas.search.budget import Deadline
    >>> clock = FakeClock()
    >>> deadline = Deadline.after(60, clock)
    >>> clock.sleep(45)
    >>> deadline.left
    15.0

    Args:
        now: what it shows, in seconds.
    """

    def __init__(self, now: float = 0.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        """Time goes by."""
        if seconds < 0:
            raise ValueError(f"Time goes forwards only. Received: {seconds} seconds.")
        self.now += seconds


@dataclass(frozen=True)
class _Running:
    started: float
    ends: float
    trial: Trial


class FakeEngine:
    """An engine (`easynas.search.loop.Engine`) in this process, on simulated time.

    A job is evaluated when it is submitted and its trial comes back when `trial.seconds` went by on the clock, or as
    `Failed` when its deadline comes first. `poll` moves the clock instead of waiting.

    Args:
        evaluate: a function `(job, *, deadline, bar) -> Trial`; what it raises, `submit` raises.
        clock: the clock of all deadlines.
        workers: jobs that run at the same time.
    """

    def __init__(self, evaluate: Callable[..., Trial], *, clock: FakeClock, workers: int = 1) -> None:
        self._evaluate = evaluate
        self._clock = clock
        self._workers = workers
        self._ids = itertools.count()
        self._running: dict[Handle, _Running] = {}

    @property
    def workers(self) -> int:
        return self._workers

    def submit(self, job: Job, *, deadline: Deadline, bar: float) -> Handle:
        if len(self._running) >= self._workers:
            raise RuntimeError(f"At most {self._workers} jobs run at the same time; wait for one before submitting.")
        started = self._clock()
        trial = self._evaluate(job, deadline=deadline, bar=bar)
        if started + trial.seconds > deadline.at:
            trial = Failed(job, "deadline: it did not end in time", max(deadline.at - started, 0.0))
        handle = next(self._ids)
        self._running[handle] = _Running(started, started + trial.seconds, trial)
        return handle

    def poll(self, timeout: float) -> list[tuple[Handle, Trial]]:
        if not self._running:
            return []
        first = min(running.ends for running in self._running.values())
        self._clock.sleep(min(timeout, max(first - self._clock(), 0.0)))
        ended = [handle for handle, running in self._running.items() if running.ends <= self._clock()]
        return [(handle, self._running.pop(handle).trial) for handle in ended]

    def kill(self, handle: Handle) -> None:
        running, now = self._running[handle], self._clock()
        failed = Failed(running.trial.job, "stopped on request", now - running.started)
        self._running[handle] = _Running(running.started, now, failed)

    def close(self) -> None:
        self._running.clear()
