"""The local engine: killable worker processes on this machine.

Pebble's pool runs on a fork server that has TensorFlow imported already. Whatever happens to a worker, its job comes
back as `Failed` with a reason.
"""

import itertools
import shutil
import signal
import tempfile
import time
from concurrent.futures import FIRST_COMPLETED, CancelledError, wait
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any

import cloudpickle
import pebble

from easynas.engines import worker
from easynas.engines.memory import available_mb, held_mb
from easynas.engines.warm import cores, warm_context
from easynas.errors import InputError
from easynas.search.budget import Deadline
from easynas.search.loop import GRACE, Evaluate, Handle
from easynas.search.trial import Failed, Job, Trial

_TERM_SECONDS = 0.2  # from asking a worker to end to killing it; its deadline was over long before
_RECYCLE = 10  # jobs of one worker: every training leaves about 10 MB behind
_LOOK_SECONDS = 0.2  # between two looks at the workers' memory: a hog takes a gigabyte in that time
_MEMORY_SHARE = 0.9  # of what is free belongs to the workers
_RETRY_SHARE = 0.5  # of a job's time that must be left to try it again
_SOFT = 0.85  # of the limit, from which a worker is asked to give up by itself


@dataclass(frozen=True)
class Local:
    """The engine of this machine, as `engine=` takes it.

    Args:
        memory_mb: most megabytes that a worker may hold for itself, mapped data not counted; None: an equal share of
            nine tenths of what is free when a phase begins.

    Raises:
        InputError: a limit that is no positive number.
    """

    memory_mb: float | None = None

    def __post_init__(self) -> None:
        if self.memory_mb is not None and not self.memory_mb > 0:
            raise InputError(f"`memory_mb` must be None or a positive number. Received: {self.memory_mb!r}.")

    def start(
        self, evaluate: Evaluate, *, workers: int | None, threads: int | None, log: Path, grace: float = GRACE
    ) -> "LocalEngine":
        """Brings up the workers; see `easynas.search.loop.Launcher`."""
        workers = workers or cores()
        limit = self.memory_mb or _MEMORY_SHARE * available_mb() / workers
        return LocalEngine(evaluate, workers=workers, threads=threads or cores(), log=log, grace=grace, memory_mb=limit)


@dataclass(frozen=True)
class _Running:
    job: Job
    deadline: Deadline
    bar: float
    started: float
    future: Any
    lighter: bool


class LocalEngine:
    """Runs jobs in `workers` processes of `threads` threads each; use it as a context, or close it.

    A job that runs out of memory is tried once more with `evaluate.lighter()`, where `evaluate` has that.

    Args:
        evaluate: a function `(job, *, deadline, bar) -> Trial`; it travels by value, so it may be defined anywhere.
        workers: processes; at least 1.
        threads: threads of each for numerical work.
        log: a file that collects what the workers' libraries print.
        grace: seconds that a job may be late before it is ended.
        memory_mb: megabytes that a worker may hold before it is ended. A little earlier it is interrupted by a
            `MemoryError`.
    """

    def __init__(
        self,
        evaluate: Evaluate,
        *,
        workers: int,
        threads: int,
        log: Path,
        grace: float = GRACE,
        memory_mb: float = float("inf"),
    ) -> None:
        self._workers = workers
        self._grace = grace
        self._memory_mb = memory_mb
        self._evaluate = cloudpickle.dumps(evaluate)
        lighter = getattr(evaluate, "lighter", None)
        self._lighter = None if lighter is None else cloudpickle.dumps(lighter())
        self._running: dict[Handle, _Running] = {}
        self._answers: list[tuple[Handle, Trial]] = []
        self._ended: dict[Handle, str] = {}
        self._large: dict[Handle, float] = {}
        self._ids = itertools.count()
        self._pids = Path(tempfile.mkdtemp(prefix="easynas-workers-"))
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
        self._schedule(handle, _Running(job, deadline, bar, time.monotonic(), None, lighter=False))
        return handle

    def poll(self, timeout: float) -> list[tuple[Handle, Trial]]:
        patience = Deadline.after(timeout)
        while self._running and not self._answers:
            futures = [running.future for running in self._running.values()]
            wait(futures, timeout=max(0.0, min(_LOOK_SECONDS, patience.left)), return_when=FIRST_COMPLETED)
            for handle, running in self._running.items():
                if not running.future.done():
                    self._look(handle, running)
            for handle in [handle for handle, running in self._running.items() if running.future.done()]:
                self._settle(handle)
            if self._answers or patience.passed:
                break
        answers, self._answers = self._answers, []
        return answers

    def kill(self, handle: Handle) -> None:
        self._end(handle, "stopped on request")

    def close(self) -> None:
        self._pool.stop()
        self._pool.join()
        self._running.clear()
        self._answers.clear()
        shutil.rmtree(self._pids, ignore_errors=True)

    def __enter__(self) -> "LocalEngine":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _schedule(self, handle: Handle, running: _Running) -> None:
        evaluate = self._lighter if running.lighter else self._evaluate
        arguments = (evaluate, running.job, running.deadline, running.bar, self._pids / str(handle))
        self._running[handle] = replace(running, future=self._pool.schedule(worker.run, args=arguments))

    def _look(self, handle: Handle, running: _Running) -> None:
        """Ends a job that is late or too large, and warns one that is about to become it."""
        if running.deadline.left < -self._grace:
            self._end(handle, f"deadline: it did not stop {self._grace:.0f} s after its time was over")
        pid = worker.pid_in(self._pids / str(handle))
        soft = _SOFT * self._memory_mb
        held = 0.0 if pid is None else held_mb(pid, suspicious=soft)
        if held > self._memory_mb:
            self._large[handle] = held
            running.future.cancel()
        elif pid is not None and held > soft and handle not in self._large:
            self._large[handle] = held
            worker.interrupt(pid)

    def _end(self, handle: Handle, reason: str) -> None:
        self._ended.setdefault(handle, reason)
        self._running[handle].future.cancel()

    def _settle(self, handle: Handle) -> None:
        """Answers for a job that ended, or starts it again. A bug in `evaluate` is raised here."""
        running = self._running.pop(handle)
        (self._pids / str(handle)).unlink(missing_ok=True)
        ended, held = self._ended.pop(handle, None), self._large.pop(handle, None)
        try:
            trial: Trial = running.future.result()
        except CancelledError:
            shortage, reason = ended is None, self._too_large(held)
        except MemoryError as error:
            shortage, reason = True, f"out of memory: {error}" if held is None else self._too_large(held)
        except pebble.ProcessExpired as expired:
            shortage, reason = expired.exitcode == -signal.SIGKILL, _death(expired.exitcode)
        else:
            self._answers.append((handle, trial))
            return
        if shortage and ended is None and self._can_be_lighter(running):
            self._schedule(handle, replace(running, lighter=True))
            return
        suffix = ", with half the batch too" if running.lighter else ""
        failed = Failed(running.job, ended or reason + suffix, time.monotonic() - running.started)
        self._answers.append((handle, failed))

    def _can_be_lighter(self, running: _Running) -> bool:
        enough = running.deadline.left > _RETRY_SHARE * running.deadline.total
        return self._lighter is not None and not running.lighter and enough

    def _too_large(self, held_mb: float | None) -> str:
        return f"out of memory: a worker may hold {self._memory_mb:,.0f} MB, and this one held {held_mb or 0.0:,.0f}"


def _death(exitcode: int) -> str:
    if exitcode == -signal.SIGKILL:
        return "killed by the system (SIGKILL), most likely because memory ran out"
    if exitcode < 0:
        return f"the worker crashed with {signal.Signals(-exitcode).name}"
    return f"the worker ended with exit code {exitcode}"
