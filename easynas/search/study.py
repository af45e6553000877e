"""The study: all trials of one data set, and the only state of a search.

Its journal holds a header, then in order: a record for every run (a call of `fit`), every phase, every fact that was
measured, every trial, and every model that was shipped. Whatever was recorded survives whatever happens to the process.
"""

import heapq
import json
import math
import os
import platform
import time
from collections import deque
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from types import TracebackType

import numpy as np

from easynas.errors import StudyError
from easynas.search.front import crowding, front
from easynas.search.incumbent import LATEST, front_runner, incumbent, promotable, rank_key
from easynas.search.journal import FILE, Journal, Record, damaged, read
from easynas.search.running import announce, withdraw, withdraw_all
from easynas.search.trial import Done, Failed, Job, Trial

FORMAT = 1
KEPT = 3
"""How many of the best trials keep their weights on the disk, unless told otherwise; so do what is still running, the
latest trial or those it is made of, and what may still be trained on (`promotable`)."""

FRONT = 8
"""How many trials that are smaller or cheaper than better ones keep theirs too."""

_OBJECTIVES = 3  # of the front: score, size and multiply-accumulates
_FLOAT_KB = 4 / 1024  # of a weight, unless the trial says what its weights take in a file
_SHIPPED, _RUN, _FACT, _PHASE = "shipped", "run", "fact", "phase"
_KINDS: dict[str, type[Done] | type[Failed]] = {"done": Done, "failed": Failed}
_IDENTITY = ("task", "data", "validation", "metric", "weights")


class Study:
    """Trials of one data set under one metric; `open` it, or `read` it to look at.

    Attributes:
        directory: where the journal and the weights lie.
        header: what the trials have in common, e.g. `{"data": fingerprint, "metric": "accuracy", "seed": 0}`.
        trials: all trials in the order of their records.
        timings: seconds of the phases of the present run, by name.
        notes: choices that were made automatically in the present run, as sentences, in order.
        front_runner: the best trial that was judged after its first slice.
        shipped: the trial whose network is the result, once it is decided.
        facts: what was measured once and decides about the trials, by name; a run that continues takes it from here.
        spent: seconds of its budget that the present run had behind it when it began: those of an earlier run that was
            interrupted, which it continues.
    """

    def __init__(
        self,
        directory: Path,
        records: list[Record],
        journal: Journal | None = None,
        clock: Callable[[], float] = time.time,
        keep: int = KEPT,
    ) -> None:
        self.directory = directory
        self.header = records[0]
        self.trials: list[Trial] = []
        self.shipped: Done | None = None
        self.front_runner: Done | None = None
        self.timings: dict[str, float] = {}
        self.notes: list[str] = []
        self.facts: dict[str, Record] = {}
        self.spent = 0.0
        self._records = records
        self._journal = journal
        self._clock = clock
        self._keep = keep
        self._allows: Callable[[Done], bool] = _anything
        self._barred: set[int] = set()
        self._listeners: list[Callable[[Trial], None]] = []
        self._weighty: list[Done] = []
        self._low: deque[Done] = deque(maxlen=LATEST)
        self._continued: set[int] = set()
        self._next_id = 0
        for number, record in enumerate(records[1:], start=2):
            try:
                self._replay(record)
            except (KeyError, TypeError, AttributeError, StopIteration) as error:
                raise damaged(directory / FILE, number, record) from error

    @classmethod
    def open(
        cls,
        directory: Path,
        header: Record,
        *,
        budget: float = 0.0,
        keep: int = KEPT,
        clock: Callable[[], float] = time.time,
    ) -> "Study":
        """Starts a study, or continues the one in `directory`; use it as a context, or close it.

        Args:
            directory: made if it is missing.
            header: of a new study; of one that is continued, task, data and metric must be the same.
            budget: seconds of the run that begins.
            keep: how many of the best trials keep their weights.
            clock: the time of day in seconds, for the records.

        Raises:
            StudyError: the journal there is damaged, belongs to other data or another metric, or is in use.
        """
        journal = Journal(directory)
        try:
            if journal.records:
                _check_same(journal.records[0], header, journal.path)
            else:
                journal.append({"format": FORMAT, **header})
            study = cls(directory, journal.records, journal, clock, keep)
            study._begin(budget)
        except StudyError:
            journal.close()
            raise
        return study

    @classmethod
    def read(cls, directory: Path) -> "Study":
        """The study in `directory`, to look at.

        Raises:
            StudyError: there is none, or it is damaged.
        """
        records = read(directory / FILE)
        if not records:
            raise StudyError(f"{directory} must hold a study. Received a folder without {FILE}, or with an empty one.")
        return cls(directory, records)

    def copy_to(self, directory: Path) -> None:
        """Writes the journal anew into another directory, in place of what is there."""
        (directory / FILE).unlink(missing_ok=True)
        copy = Journal(directory)
        for record in self._records:
            copy.append(record)
        copy.close()

    @property
    def next_id(self) -> int:
        return self._next_id

    @property
    def with_weights(self) -> list[Done]:
        """The trials whose weights are kept."""
        return list(self._weighty)

    @property
    def usable(self) -> list[Done]:
        """Those of them that may be shipped."""
        return [trial for trial in self._weighty if trial.job.id not in self._barred]

    @property
    def front(self) -> list[Done]:
        """Trials that may be shipped, have weights, and are beaten by no other in score, size and MACs at once.

        Of many the most different ones, best score first.
        """
        trials = sorted(self.usable, key=rank_key, reverse=True)
        costs = [_costs(trial) for trial in trials]
        losses = np.array([[-trial.score, *cost] for trial, cost in zip(trials, costs, strict=True)])
        places = np.flatnonzero(front(losses.reshape(-1, _OBJECTIVES)))
        if len(places) > FRONT:
            places = np.sort(places[np.argsort(-crowding(losses[places]), kind="stable")[:FRONT]])
        return [trials[place] for place in places]

    @property
    def best(self) -> Done | None:
        """The best trial that may be shipped."""
        return incumbent(self.usable)

    @property
    def moments(self) -> list[float]:
        """Seconds of fitting after which each trial was recorded, in order; breaks between runs do not count."""
        moments: list[float] = []
        before, began, latest = 0.0, 0.0, 0.0
        for record in self._records[1:]:
            if record["status"] == _RUN:
                before, began = before + latest - began, record["at"]
            latest = record["at"]
            if record["status"] in _KINDS:
                moments.append(before + latest - began)
        return moments

    def subscribe(self, listener: Callable[[Trial], None]) -> None:
        """Calls `listener(trial)` after every trial that is recorded from now on."""
        self._listeners.append(listener)

    def may_ship(self, trial: Trial) -> bool:
        """Whether a trial is within what `restrict` allows."""
        return isinstance(trial, Done) and trial.job.id not in self._barred

    def restrict(self, usable: Callable[[Done], bool]) -> None:
        """From now on only trials for which `usable` is true may be shipped, and set the bar for others.

        It is asked once for each trial, and no more when the study is closed.
        """
        self._allows = usable
        self._barred = {trial.job.id for trial in self.trials if isinstance(trial, Done) and not usable(trial)}
        self.front_runner = front_runner(trial for trial in self.trials if self.may_ship(trial))

    def append(self, trial: Trial) -> None:
        """Records a trial on the disk, then tells the listeners.

        Raises:
            StudyError: it could not be written.
        """
        self._write(_record(trial))
        withdraw(self.weights_folder, trial.job.id)
        self._add(trial)
        self._prune()
        for listener in self._listeners:
            listener(trial)

    def begin(self, job: Job) -> None:
        """Says beside the journal that a job is being trained, until its trial is recorded."""
        announce(self.weights_folder, job, [])

    def remember(self, name: str, fact: Record) -> None:
        """Records what was measured once, so that a run that continues decides as this one does."""
        self._write({"status": _FACT, "name": name, "fact": fact})
        self.facts[name] = fact

    def enter(self, phase: str, *, then: str = "") -> None:
        """Records that a phase begins, and which comes next, for whoever follows the study from its journal."""
        self._write({"status": _PHASE, "phase": phase, "then": then})

    def ship(self, trial: Done) -> None:
        """Records that the network of `trial` is the result."""
        self._write({"status": _SHIPPED, "trial": trial.job.id})
        self.shipped = trial

    def choose(self, trial: Done) -> None:
        """Takes another trial as the result, once the study is closed.

        Its directory is told, unless that is gone, or somebody has gone on with the study there since.

        Args:
            trial: one of the study; or one that was made of its trials.

        Raises:
            StudyError: the directory is in use, or cannot be written to; nothing was chosen.
        """
        at = self._records[-1].get("at", 0.0)
        chosen = [] if trial in self.trials else [{**_record(trial), "at": at}]
        chosen.append({"status": _SHIPPED, "trial": trial.job.id, "at": at})
        self._tell(chosen)
        if trial not in self.trials:
            self._add(trial)
        self._records += chosen
        self.shipped = trial

    def _tell(self, records: list[Record]) -> None:
        """Adds records to the journal in the directory, if that is as this study knows it."""
        if read(self.directory / FILE) != json.loads(json.dumps(self._records)):
            return
        journal = Journal(self.directory)
        try:
            for record in records:
                journal.append(record)
        finally:
            journal.close()

    @property
    def weights_folder(self) -> Path:
        return self.directory / "weights"

    def weights_path(self, job_id: int) -> Path:
        """Where the weights of a trial are kept, whether or not it has any."""
        return self.weights_folder / f"{job_id}.npz"

    def close(self) -> None:
        """Nobody listens any more, and another process may go on."""
        self._listeners.clear()
        self._allows = _anything
        if self._journal is not None:
            self._journal.close()
            self._journal = None

    def __enter__(self) -> "Study":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _begin(self, budget: float) -> None:
        self.spent = _spent(self._records, budget)
        run = {"pid": os.getpid(), "host": platform.node(), "time_budget": budget, "spent": self.spent}
        self._write({"status": _RUN, **run})
        for part in self.weights_folder.glob("*.part"):  # left by a worker that was killed while it wrote
            part.unlink()
        withdraw_all(self.weights_folder)
        self._prune()

    def _replay(self, record: Record) -> None:
        if record["status"] == _SHIPPED:
            self.shipped = next(t for t in self.trials if isinstance(t, Done) and t.job.id == record["trial"])
        elif record["status"] == _FACT:
            self.facts[record["name"]] = record["fact"]
        elif record["status"] not in (_RUN, _PHASE):
            self._add(_trial(record))

    def _add(self, trial: Trial) -> None:
        self.trials.append(trial)
        self._next_id = max(self._next_id, trial.job.id + 1)
        if isinstance(trial, Done) and not self._allows(trial):
            self._barred.add(trial.job.id)
        if self.may_ship(trial):
            self.front_runner = front_runner(each for each in (self.front_runner, trial) if each is not None)
        if trial.job.continues is not None:
            self._continued.add(trial.job.continues)
        if isinstance(trial, Done) and not (trial.dropped or trial.job.members or trial.job.reference):
            self._weighty.append(trial)
            if trial.job.fidelity < 1.0:
                self._low.append(trial)

    def _write(self, record: Record) -> None:
        if self._journal is None:
            raise StudyError(f"The study in {self.directory} is closed, or was opened to look at. Open it to go on.")
        self._journal.append({**record, "at": round(self._clock(), 3)})

    def _prune(self) -> None:
        """Deletes the weights of trials that can no longer become the result, nor be trained on."""
        best = heapq.nlargest(self._keep, self.usable, key=rank_key)
        trained_on = promotable(self._low, self._continued)
        needed = {trial.job.id for trial in (*best, *self.front, *trained_on, *self.trials[-1:])}
        needed.update(number for trial in self.trials[-1:] for number in trial.job.members)
        pruned = (trial.job for trial in (*self._weighty, *self.trials[-1:]) if trial.job.pruned)
        needed.update(job.continues for job in pruned if job.continues is not None)
        kept = [trial for trial in self._weighty if trial.job.id in needed]
        for trial in self._weighty:
            if trial not in kept:
                self.weights_path(trial.job.id).unlink(missing_ok=True)
        self._weighty = kept


def _costs(trial: Done) -> tuple[float, float]:
    """Kilobytes of the weights and multiply-accumulates; infinite if they are not known."""
    plain = trial.metrics.get("parameters", math.inf) * _FLOAT_KB
    return trial.metrics.get("weights_kb", plain), trial.metrics.get("macs", math.inf)


def _anything(_: Done) -> bool:
    return True


def _spent(records: list[Record], budget: float) -> float:
    """Seconds that the last run used, if it had the same budget and did not come to its end; else 0."""
    runs = [index for index, record in enumerate(records) if record.get("status") == _RUN]
    if not runs:
        return 0.0
    last = records[runs[-1] :]
    if last[0]["time_budget"] != budget or any(record["status"] == _SHIPPED for record in last):
        return 0.0
    used = float(last[0]["spent"] + max(0.0, last[-1]["at"] - last[0]["at"]))  # clocks of the day may be set back
    return min(used, budget)


def _check_same(found: Record, wanted: Record, path: Path) -> None:
    if found.get("format") != FORMAT:
        raise StudyError(
            f"{path} must be a journal of format {FORMAT}. Received: format {found.get('format')!r}. "
            "Use another directory."
        )
    for name in _IDENTITY:
        if found.get(name) != wanted.get(name):
            raise StudyError(
                f"A directory holds one study, and the one in {path.parent} has other {name}: {found.get(name)!r}. "
                f"Received: {wanted.get(name)!r}. Use another directory."
            )


def _record(trial: Trial) -> Record:
    if isinstance(trial, Failed):
        return {"status": "failed", **asdict(trial)}
    record = {"status": "done", **asdict(trial)}
    record["metrics"] = {name: value for name, value in trial.metrics.items() if math.isfinite(value)}
    return record


def _trial(record: Record) -> Trial:
    fields = {name: value for name, value in record.items() if name not in ("status", "at")}
    asked = fields.pop("job")
    job = Job(**{**asked, "members": tuple(asked.get("members", ()))})
    if "curve" in fields:
        fields["curve"] = tuple(fields["curve"])
    kind: type[Done] | type[Failed] = _KINDS[record["status"]]
    return kind(job=job, **fields)
