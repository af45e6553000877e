"""The local engine: killable worker processes on this machine.

Pebble's pool runs on a fork server that has TensorFlow imported already, so that a worker is killed and replaced in a
tenth of a second. Whatever happens to a worker, its job comes back as `Failed` with a reason.
"""

import itertools
import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, CancelledError, wait
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import cloudpickle
import pebble

from easynas.engines import worker
from easynas.search.budget import Deadline
from easynas.search.loop import Handle
from easynas.search.trial import Failed, Job, Trial

Evaluate = Callable[..., Trial]
"""`evaluate(job, *, deadline, bar) -> Trial`, in a worker process."""

GRACE = 2.0
"""Seconds that a job may be late; trainers stop on a batch, so a later one hangs."""

_TERM_SECONDS = 0.2  # from asking a worker to end to killing it; its deadline was over long before
_RECYCLE = 10  # jobs of one worker: every training leaves about 10 MB behind


@dataclass(frozen=True)
class _Running:
    job: Job
    deadline: Deadline
    started: float
    future: Any


class Local:
    """Runs jobs in `workers` processes of `threads` threads each.

    Args:
        evaluate: a function `(job, *, deadline, bar) -> Trial`; it travels by value, so it may be defined anywhere.
        workers: processes; at least 1.
        threads: threads of each for numerical work.
        log: a file that collects what the workers' libraries print.
        grace: seconds that a job may be late before it is ended.
    """

    def __init__(self, evaluate: Evaluate, *, workers: int, threads: int, log: Path, grace: float = GRACE) -> None:
        self._workers = workers
        self._grace = grace
        self._evaluate = cloudpickle.dumps(evaluate)
        self._running: dict[Handle, _Running] = {}
        self._killed: dict[Handle, str] = {}
        self._ids = itertools.count()
        pebble.CONSTS.term_timeout = _TERM_SECONDS
        self._pool = pebble.ProcessPool(
            max_workers=workers,
            max_tasks=_RECYCLE,
            initializer=worker.prepare,
            initargs=(threads, log),
            context=warm_context(),
        )

    @property
    def workers(self) -> int:
        return self._workers

    def submit(self, job: Job, *, deadline: Deadline, bar: float) -> Handle:
        handle = next(self._ids)
        future = self._pool.schedule(worker.run, args=(self._evaluate, job, deadline, bar))
        self._running[handle] = _Running(job, deadline, time.monotonic(), future)
        return handle

    def poll(self, timeout: float) -> list[tuple[Handle, Trial]]:
        if not self._running:
            return []
        wait([running.future for running in self._running.values()], timeout=timeout, return_when=FIRST_COMPLETED)
        for handle, running in self._running.items():
            if not running.future.done() and running.deadline.left < -self._grace:
                self._end(handle, f"deadline: it did not stop {self._grace:g} s after its time was over")
        ended = [handle for handle, running in self._running.items() if running.future.done()]
        return [(handle, self._outcome(handle, self._running.pop(handle))) for handle in ended]

    def kill(self, handle: Handle) -> None:
        self._end(handle, "stopped on request")

    def close(self) -> None:
        self._pool.stop()
        self._pool.join()
        self._running.clear()

    def __enter__(self) -> "Local":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _end(self, handle: Handle, reason: str) -> None:
        self._killed.setdefault(handle, reason)
        self._running[handle].future.cancel()

    def _outcome(self, handle: Handle, running: _Running) -> Trial:
        """The trial that a finished future holds; an error that is nobody's known failure is raised here."""
        seconds = time.monotonic() - running.started
        reason = self._killed.pop(handle, None)
        try:
            trial: Trial = running.future.result()
        except CancelledError:
            return Failed(running.job, reason or "stopped", seconds)
        except pebble.ProcessExpired as expired:
            return Failed(running.job, reason or _death(expired.exitcode), seconds)
        return trial


def warm_context() -> Any:
    """A start method with a fork server that imports what workers need; plain spawning where there is none."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["easynas.engines.preload"])
    return context


def warm_up() -> None:
    """Starts the fork server now, so that it imports TensorFlow while the caller looks at the data."""
    if "forkserver" in multiprocessing.get_all_start_methods():
        from multiprocessing import forkserver

        warm_context()
        forkserver.ensure_running()


def cores() -> int:
    """Processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _death(exitcode: int) -> str:
    if exitcode == -signal.SIGKILL:
        return "killed by the system (SIGKILL), most likely because memory ran out"
    if exitcode < 0:
        return f"the worker crashed with {signal.Signals(-exitcode).name}"
    return f"the worker ended with exit code {exitcode}"
