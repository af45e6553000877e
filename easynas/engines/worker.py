"""What runs inside a worker process before and around every job."""

import ctypes
import os
import signal
import sys
from pathlib import Path
from typing import Any

import cloudpickle

from easynas.search.budget import Deadline
from easynas.search.trial import Job, Trial

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_OOM_SCORE = 500  # of 1000: out of memory, the kernel takes a worker and not the user's process


def prepare(threads: int, log: Path) -> None:
    """Limits the threads of this process, sends what libraries print to `log`, and ties its life to the parent's."""
    for name in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = str(threads)
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        Path("/proc/self/oom_score_adj").write_text(str(_OOM_SCORE))
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.close(descriptor)


def run(evaluate: bytes, job: Job, deadline: Deadline, bar: float) -> Trial:
    """Evaluates one job with a function that travelled by value."""
    function: Any = cloudpickle.loads(evaluate)
    trial: Trial = function(job, deadline=deadline, bar=bar)
    return trial
