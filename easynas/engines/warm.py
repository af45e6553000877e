"""A fork server that has TensorFlow imported already: a worker is killed and replaced in a tenth of a second."""

import multiprocessing
import os
from typing import Any


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
