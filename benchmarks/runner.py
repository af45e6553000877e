"""Runs cells that a file of results lacks, each in a process of its own, and appends a JSON line for each.

A file of results is only ever appended to. A run that was killed may leave half a line at its end, which is cut.
"""

import json
import os
import signal
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import psutil

Record = dict[str, Any]
Cell = TypeVar("Cell")

_ERROR_LENGTH = 2_000


@dataclass(frozen=True)
class Ended:
    """How a process ended.

    Attributes:
        output: what it printed.
        error: why it gave no result, from the end of what it said to standard error; empty if it did.
    """

    output: str
    error: str


def run_missing(
    cells: Sequence[Cell], *, of: Callable[[Record], Cell], run: Callable[[Cell], Record], out: Path
) -> Iterator[tuple[Cell, Record]]:
    """Runs the cells that `out` lacks and appends their records, in order.

    Args:
        cells: what is wanted.
        of: the cell that a record belongs to.
        run: makes the record of a cell.
        out: the file of results; made with its folder if it does not exist.

    Yields:
        each cell that was run and its record, which is in the file by then.
    """
    known = {of(record) for record in read_results(out)}
    missing = [cell for cell in cells if cell not in known]
    print(f"{len(missing)} of {len(cells)} cells to run", flush=True)
    for cell in missing:
        record = run(cell)
        append(record, out)
        yield cell, record


def read_results(path: Path) -> Iterator[Record]:
    """All records of a file of results; none if it does not exist, and not half a line at its end."""
    if path.exists():
        lines = path.read_text(encoding="utf-8").splitlines()
        yield from map(json.loads, lines[:-1])
        if lines and _is_whole(lines[-1]):
            yield json.loads(lines[-1])


def append(record: Record, path: Path) -> None:
    """Adds a record, in place of half a line that a killed run left."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8") as file:
        file.seek(0)
        before, _, last = file.read().rpartition("\n")
        if last and not _is_whole(last):
            file.truncate(len((before + "\n").encode()) if before else 0)
        elif last:
            file.write("\n")
        file.write(json.dumps(record) + "\n")


def call(command: Sequence[str], *, seconds: float, too_late: str) -> Ended:
    """Runs a command for at most so many seconds; nothing that it started lives on afterwards.

    Args:
        command: program and arguments.
        seconds: after these everything is killed.
        too_late: the error then.
    """
    # A group of its own, so that nothing that a cell started can disturb the next one.
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, process_group=0)
    with ending(process):
        try:
            output, errors = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            return Ended("", too_late)
    return Ended(output, error_of(process.returncode, errors))


def error_of(status: int, errors: str) -> str:
    """The error of a process that ended with this status, empty for 0."""
    return "" if status == 0 else errors.strip()[-_ERROR_LENGTH:] or f"exit status {status}"


@contextmanager
def ending(process: "subprocess.Popen[Any]") -> Iterator[None]:
    """Kills the process afterwards with its group and all its descendants, some of which may have left the group."""
    try:
        yield
    finally:
        try:
            descendants = psutil.Process(process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            descendants = []
        with suppress(ProcessLookupError):  # everything of it has ended by itself
            os.killpg(process.pid, signal.SIGKILL)
        for descendant in descendants:
            with suppress(psutil.NoSuchProcess):  # it ended with its group
                descendant.kill()
        process.wait()


def _is_whole(line: str) -> bool:
    try:
        json.loads(line)
    except json.JSONDecodeError:
        return False
    return True
