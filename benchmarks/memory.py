"""How much memory a fit takes: the process that called it, and everything that it started."""

import threading
from types import TracebackType

import psutil

PERIOD = 0.5
"""Seconds between two looks; a look at a handful of processes takes about a millisecond."""


class Memory:
    """Watches the resident size of a process and of its descendants while a `with` block runs.

    Args:
        pid: its number; None for this process.
    """

    def __init__(self, pid: int | None = None) -> None:
        self._process = psutil.Process(pid)
        self._before = self._after = self._peak = self._peak_tree = 0.0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "Memory":
        self._before = self._own()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self._thread.join()
        self._after = self._own()

    def figures(self) -> dict[str, float]:
        """Megabytes; the tree counts pages that processes share once for each of them."""
        return {
            "memory_before_mb": self._before,
            "memory_after_mb": self._after,
            "memory_peak_mb": max(self._peak, self._after),
            "memory_peak_tree_mb": max(self._peak_tree, self._after),
        }

    def _watch(self) -> None:
        while not self._done.wait(PERIOD):
            own = self._own()
            self._peak = max(self._peak, own)
            self._peak_tree = max(self._peak_tree, own + sum(map(_resident, _descendants(self._process))))

    def _own(self) -> float:
        return _resident(self._process)


def _resident(process: psutil.Process) -> float:
    try:
        return float(process.memory_info().rss) / 1e6
    except psutil.NoSuchProcess:
        return 0.0  # it ended between being listed and being asked


def _descendants(process: psutil.Process) -> list[psutil.Process]:
    try:
        return list(process.children(recursive=True))
    except psutil.NoSuchProcess:
        return []
