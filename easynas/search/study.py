"""The study: an append-only journal of trials, and the only state of a search.

One JSON object a line: first a header, then a record a trial, each synced to the disk before anybody learns from it. A
last line that was torn by a crash is cut; anything else that cannot be read is an error that names the line.
"""

import json
import math
import os
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from easynas.errors import StudyError
from easynas.search.objective import incumbent
from easynas.search.trial import Done, Failed, Job, Trial

FILE = "study.jsonl"
FORMAT = 1
_SHIPPED = "shipped"


class Study:
    """Trials of one data set under one metric.

    Attributes:
        directory: where the journal and the weights lie.
        header: what the trials have in common, e.g. `{"data": fingerprint, "metric": "accuracy", "seed": 0}`.
        trials: all trials in the order of their records.
        timings: seconds of the phases of the present run, by name.
        notes: choices that were made automatically in the present run, as sentences, in order.
        shipped: the trial whose network is the result, once it is decided.
    """

    def __init__(self, directory: Path, records: list[dict[str, Any]]) -> None:
        self.directory = directory
        self.header = records[0]
        self.trials = [_trial(record) for record in records[1:] if record["status"] != _SHIPPED]
        self.shipped: Done | None = None
        self.timings: dict[str, float] = {}
        self.notes: list[str] = []
        self._listeners: list[Callable[[Trial], None]] = []
        for record in records[1:]:
            if record["status"] == _SHIPPED:
                self.shipped = self._done(record["trial"])

    @classmethod
    def open(cls, directory: Path, header: dict[str, Any]) -> "Study":
        """Starts a study, or continues the one in `directory`.

        Raises:
            StudyError: the journal there is damaged or belongs to other data or another metric.
        """
        directory.mkdir(parents=True, exist_ok=True)
        path = directory / FILE
        records = []
        if path.exists():
            _cut_torn_line(path)
            records = _read(path)
        if records:
            _check_same(records[0], header, path)
        study = cls(directory, records or [{"format": FORMAT, **header}])
        if not records:
            study._write(study.header)
        return study

    @classmethod
    def read(cls, directory: Path) -> "Study":
        """The study in `directory`, to look at.

        Raises:
            StudyError: there is none, or it is damaged.
        """
        path = directory / FILE
        records = _read(path) if path.exists() else []
        if not records:
            raise StudyError(f"{directory} must hold a study. Received a folder without {FILE}, or with an empty one.")
        return cls(directory, records)

    def copy_to(self, directory: Path) -> None:
        """Writes the journal anew into another directory."""
        records = [self.header, *(_record(trial) for trial in self.trials)]
        if self.shipped is not None:
            records.append({"status": _SHIPPED, "trial": self.shipped.job.id})
        (directory / FILE).write_bytes(b"".join(json.dumps(record).encode() + b"\n" for record in records))

    @property
    def next_id(self) -> int:
        return 1 + max((trial.job.id for trial in self.trials), default=-1)

    @property
    def best(self) -> Done | None:
        return incumbent(self.trials)

    def subscribe(self, listener: Callable[[Trial], None]) -> None:
        """Calls `listener(trial)` after every trial that is recorded from now on."""
        self._listeners.append(listener)

    def append(self, trial: Trial) -> None:
        """Records a trial on the disk, then tells the listeners."""
        self._write(_record(trial))
        self.trials.append(trial)
        for listener in self._listeners:
            listener(trial)

    def ship(self, trial: Done) -> None:
        """Records that the network of `trial` is the result."""
        self._write({"status": _SHIPPED, "trial": trial.job.id})
        self.shipped = trial

    @property
    def weights_folder(self) -> Path:
        return self.directory / "weights"

    def weights_path(self, job_id: int) -> Path:
        """Where the weights of a trial are kept, whether or not it has any."""
        return self.weights_folder / f"{job_id}.npz"

    def close(self) -> None:
        """Nobody listens any more."""
        self._listeners.clear()

    def _done(self, job_id: int) -> Done | None:
        return next((trial for trial in self.trials if isinstance(trial, Done) and trial.job.id == job_id), None)

    def _write(self, record: dict[str, Any]) -> None:
        with (self.directory / FILE).open("ab") as file:
            file.write(json.dumps(record, allow_nan=False).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())


def _cut_torn_line(path: Path) -> None:
    """Only who appends may cut: somebody who looks at a study that is running would cut what is being written."""
    content = path.read_bytes()
    whole = content.rfind(b"\n") + 1
    if whole < len(content):
        os.truncate(path, whole)


def _read(path: Path) -> list[dict[str, Any]]:
    """All whole records, the header first."""
    lines = path.read_bytes().split(b"\n")[:-1]
    return [_parse(line, number, path) for number, line in enumerate(lines, start=1)]


def _parse(line: bytes, number: int, path: Path) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except ValueError:
        record = None
    if not isinstance(record, dict) or (number > 1 and "status" not in record):
        raise StudyError(
            f"Every line of {path} must be a JSON record. Line {number} is not: {line[:80]!r}. "
            "Restore the file, or delete that line to go on without its trial."
        )
    return record


def _check_same(found: dict[str, Any], wanted: dict[str, Any], path: Path) -> None:
    if found.get("format") != FORMAT:
        raise StudyError(
            f"{path} must be a journal of format {FORMAT}. Received: format {found.get('format')!r}. "
            "Use another directory."
        )
    for name in ("task", "data", "validation", "metric"):
        if found.get(name) != wanted.get(name):
            raise StudyError(
                f"A directory holds one study, and the one in {path.parent} has other {name}: {found.get(name)!r}. "
                f"Received: {wanted.get(name)!r}. Use another directory."
            )


def _record(trial: Trial) -> dict[str, Any]:
    if isinstance(trial, Failed):
        return {"status": "failed", **asdict(trial)}
    record = {"status": "done", **asdict(trial)}
    record["metrics"] = {name: value for name, value in trial.metrics.items() if math.isfinite(value)}
    return record


def _trial(record: dict[str, Any]) -> Trial:
    fields = {name: value for name, value in record.items() if name != "status"}
    job = Job(**fields.pop("job"))
    return Done(job=job, **fields) if record["status"] == "done" else Failed(job=job, **fields)
