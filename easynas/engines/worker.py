"""What runs inside a worker process before and around every job."""

import multiprocessing
import os
import signal
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cloudpickle

from easynas.search.budget import Deadline
from easynas.search.trial import Job, Trial

_OOM_SCORE = 500  # of 1000: out of memory, the kernel takes a worker and not the user's process


def prepare(threads: int, log: Path) -> None:
    """Limits the threads of this process, sends what libraries print to `log`, and ties its life to the parent's."""
    set_environment(threads)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if sys.platform == "linux":
        Path("/proc/self/oom_score_adj").write_text(str(_OOM_SCORE))
    if hasattr(signal, "SIGUSR1"):
        signal.signal(signal.SIGUSR1, _give_up)
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.close(descriptor)


def set_environment(threads: int) -> None:
    """What TensorFlow reads when a worker first uses it: how many threads, and to share the GPUs with other workers."""
    for name in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = str(threads)
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    os.environ["TF_FORCE_GPU_ALLOW_GROWTH"] = "true"


def run(evaluate: bytes, job: Job, deadline: Deadline, bar: float, pid_file: Path) -> Trial:
    """Evaluates one job with a function that travelled by value; `pid_file` tells the parent which worker has it."""
    pid_file.write_text(str(os.getpid()))
    function: Any = cloudpickle.loads(evaluate)
    _state.busy = True
    try:
        trial: Trial = function(job, deadline=deadline, bar=bar)
    finally:
        _state.busy = False
    return trial


def pid_in(pid_file: Path) -> int | None:
    """The process that `run` told of; None if its job has not begun."""
    text = pid_file.read_text() if pid_file.is_file() else ""
    return int(text) if text else None


def interrupt(pid: int) -> None:
    """Lets the job of a worker end in a `MemoryError`, where the system can tell it."""
    if hasattr(signal, "SIGUSR1"):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGUSR1)


def call(task: bytes) -> Any:
    """Computes a function and its arguments that travelled by value."""
    function, arguments = cloudpickle.loads(task)
    return function(*arguments)


@dataclass
class _State:
    busy: bool = False


_state = _State()


def _give_up(*_: object) -> None:
    if _state.busy:
        raise MemoryError("the worker came close to the memory that it may hold")


def _end_with_parent() -> None:
    """Ends this worker with the user's process, however that ends.

    The fork server does not see to it: it lives as long as one of its workers does.
    """
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
