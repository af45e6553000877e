"""A fork server that has TensorFlow imported already: a worker is killed and replaced in a tenth of a second."""

import multiprocessing
import os
import tempfile
from multiprocessing import util
from typing import Any

_SOCKET_PATH = 103  # most characters of a local socket's path: macOS has room for these, Linux for four more
_SOCKET_NAME = len("/pymp-12345678/listener-12345678")


def warm_context() -> Any:
    """A start method with a fork server that imports what workers need; plain spawning where there is none."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    _keep_sockets_short()
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


def _keep_sockets_short() -> None:
    """Sockets lie in the temporary directory; where its path is too long for them, they go to one that is not.

    Python does so itself from 3.14 on.
    """
    folder = tempfile.gettempdir()
    if len(os.fsencode(folder)) + _SOCKET_NAME <= _SOCKET_PATH:
        return
    tempfile.tempdir = "/tmp"
    try:
        util.get_temp_dir()  # made now, and kept for this process and its children
    finally:
        tempfile.tempdir = folder
