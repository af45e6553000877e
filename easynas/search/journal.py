"""The journal: an append-only file of JSON records, one a line, written by one process at a time.

Each record is on the disk before `append` returns. A last line that was torn by a crash is cut when the journal is
opened again; anything else that cannot be read is an error that names the line.
"""

import json
import os
from pathlib import Path
from typing import Any

import filelock

from easynas.errors import StudyError

FILE = "study.jsonl"
LOCK = "study.lock"
STOP = "stop"
"""A file beside the journal that asks the fit to end as after one Ctrl-C."""
STOPPED = "stopped on request"
"""How the phase begins that a fit enters then, if it has a model."""

Record = dict[str, Any]


class Journal:
    """Opens the journal in `directory` for writing; no other process can until `close`, or until this one ends.

    Attributes:
        path: the file.
        records: what it holds, in order.

    Raises:
        StudyError: another process has it open, or a line is damaged.
    """

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.path = directory / FILE
        # The kernel frees this lock when its holder ends, however that happens, so there are no stale ones.
        self._lock = filelock.FileLock(directory / LOCK)
        try:
            self._lock.acquire(timeout=0)
        except filelock.Timeout as error:
            raise StudyError(_in_use(directory)) from error
        try:
            _cut_torn_line(self.path)
            self.records = read(self.path)
        except StudyError:
            self.close()
            raise

    def append(self, record: Record) -> None:
        """Adds a record and syncs it to the disk.

        Raises:
            StudyError: it could not be written; the file is as it was.
        """
        line = json.dumps(record, allow_nan=False).encode() + b"\n"
        file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        whole = os.fstat(file).st_size
        try:
            while line:
                line = line[os.write(file, line) :]
            os.fsync(file)
        except OSError as error:
            os.ftruncate(file, whole)
            raise StudyError(
                f"Every trial must be written to {self.path}. Received: {error.strerror}. What was written before is "
                "safe: make room on that disk, then fit again with the same directory to go on."
            ) from error
        finally:
            os.close(file)
        self.records.append(record)

    def close(self) -> None:
        """Another process may open it."""
        self._lock.release()


def read(path: Path) -> list[Record]:
    """All whole records of a journal; none if there is no such file.

    Raises:
        StudyError: a line is damaged.
    """
    if not path.exists():
        return []
    lines = path.read_bytes().split(b"\n")[:-1]
    return [_parse(line, number, path) for number, line in enumerate(lines, start=1)]


def damaged(path: Path, number: int, line: object) -> StudyError:
    """The error for a line, counted from 1, that is no record."""
    return StudyError(
        f"Every line of {path} must be a JSON record. Line {number} is not: {str(line)[:80]}. "
        "Restore the file, or delete that line to go on without its trial."
    )


def _parse(line: bytes, number: int, path: Path) -> Record:
    try:
        record = json.loads(line)
    except ValueError:
        record = None
    if not isinstance(record, dict) or (number > 1 and "status" not in record):
        raise damaged(path, number, line)
    return record


def _cut_torn_line(path: Path) -> None:
    """Only who appends may cut: somebody who looks at a study that is running would cut what is being written."""
    if not path.exists():
        return
    content = path.read_bytes()
    whole = content.rfind(b"\n") + 1
    if whole < len(content):
        os.truncate(path, whole)


def _in_use(directory: Path) -> str:
    runs = [record for record in read(directory / FILE) if record.get("status") == "run"]
    holder = f"process {runs[-1]['pid']} on {runs[-1]['host']}" if runs else "another process"
    return (
        f"One process at a time may work on the study in {directory}, and {holder} does. "
        "Wait for it, end it, or use another directory."
    )
