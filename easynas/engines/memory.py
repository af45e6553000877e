"""How much memory a process holds, and how much there is to hold.

A worker's memory is limited by looking at it from outside: limits of the operating system make TensorFlow abort
instead of raising an error.
"""

from pathlib import Path

import psutil

_CGROUP = Path("/sys/fs/cgroup")
_MB = 1e6


def held_mb(pid: int, *, suspicious: float) -> float:
    """Megabytes that a process holds for itself; 0 if it is gone.

    Mapped files do not count, the data among them, nor what it shares with the fork server. The last takes the system
    milliseconds to find out, so it is asked only about a process that may hold more than `suspicious` megabytes.
    """
    try:
        process = psutil.Process(pid)
        memory = process.memory_info()
        held = float(memory.rss - getattr(memory, "shared", 0))
        if held > suspicious * _MB:
            held = min(held, float(process.memory_full_info().uss))
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return 0.0
    return held / _MB


def available_mb() -> float:
    """Megabytes that can still be had, by this machine's measure and by that of the container that it may be."""
    free = float(psutil.virtual_memory().available)
    limit = _number(_CGROUP / "memory.max")
    used = _number(_CGROUP / "memory.current")
    if limit is not None and used is not None:
        free = min(free, limit - used + _cached())
    return max(free, 0.0) / _MB


def _number(path: Path) -> float | None:
    text = path.read_text().strip() if path.is_file() else ""
    return float(text) if text.isdigit() else None


def _cached() -> float:
    """Bytes of files that the container only keeps because nobody else needs the room."""
    path = _CGROUP / "memory.stat"
    lines = path.read_text().splitlines() if path.is_file() else []
    return next((float(line.split()[1]) for line in lines if line.startswith("inactive_file ")), 0.0)
