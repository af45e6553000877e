"""How a fit stands at a moment: what the terminal, a notebook and the dashboard show, each in its own way."""

import heapq
import math
import platform
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from easynas.search.incumbent import incumbent, rank_key
from easynas.search.journal import FILE, STOPPED, Record, read
from easynas.search.running import Running, running
from easynas.search.study import Study
from easynas.search.trial import Done, Trial

PARTS = 20
"""Values of a whole curve."""

_BARS = "▁▂▃▄▅▆▇█"


@dataclass(frozen=True)
class Standing:
    """A fit at a moment.

    Attributes:
        phase: what it does, in a few words.
        then: what comes next; empty if that is not known.
        elapsed: seconds of the budget that are over.
        total: seconds of the budget.
        metric: name of the score.
        trials: all that ended, in order.
        running: what is being trained.
        state: "running", "ended" with a model, or "gone": its process ended without one.
    """

    phase: str
    then: str
    elapsed: float
    total: float
    metric: str
    trials: tuple[Trial, ...] = ()
    running: tuple[Running, ...] = ()
    state: str = "running"

    @property
    def left(self) -> float:
        """Seconds left of the budget, never less than none."""
        return max(self.total - self.elapsed, 0.0)

    @property
    def share(self) -> float:
        """Share of the budget that is over, in [0, 1]."""
        return min(max(self.elapsed / self.total, 0.0), 1.0) if self.total > 0 else 1.0

    @property
    def best(self) -> Done | None:
        return incumbent(self.trials)

    def leaders(self, count: int) -> list[Done]:
        """The best finished trials, best first; none that was dropped or is only there to compare with."""
        finished = [t for t in self.trials if isinstance(t, Done) and not (t.dropped or t.job.reference)]
        return heapq.nlargest(count, finished, key=rank_key)


def standing_of(directory: Path, *, now: float | None = None) -> Standing:
    """How the latest run of the study in `directory` stands, from what is written there.

    Args:
        directory: of the study; nothing in it is changed.
        now: the time of day in seconds; None for the present.

    Raises:
        StudyError: there is no study, or its journal is damaged.
    """
    study = Study.read(directory)
    run = _latest_run(read(directory / FILE))
    began, latest = run[0], run[-1]
    phase = next((each for each in reversed(run) if each["status"] == "phase"), {"phase": "starting", "then": ""})
    state = "ended" if any(each["status"] == "shipped" for each in run) else "running"
    moment = latest["at"] if state == "ended" else time.time() if now is None else now
    standing = Standing(
        phase["phase"] if state == "running" else _ready(run),
        phase["then"] if state == "running" else "",
        began["spent"] + moment - began["at"],
        began["time_budget"],
        str(study.header.get("metric") or "score"),
        tuple(study.trials),
        running(study.weights_folder) if state == "running" else (),
        state,
    )
    if state == "running" and _is_gone(began, standing):
        spent = began["spent"] + latest["at"] - began["at"]
        return Standing("interrupted", "", spent, standing.total, standing.metric, standing.trials, (), "gone")
    return standing


def score_text(trial: Done) -> str:
    """A score with its standard error, where that is known."""
    error = trial.metrics.get("standard_error")
    return f"{trial.score:.4f}" + (f" ± {error:.4f}" if error is not None else "")


def network_text(trial: Trial) -> str:
    """What kind of network it was, or why it was trained if there was no choice."""
    return str(trial.job.values.get("network", trial.job.origin))


def clock_text(seconds: float) -> str:
    """A time as a clock shows it, such as "2:05" or "1:00:00"."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def sparkline(curve: Sequence[float]) -> str:
    """A curve as a line of bars, the lowest value the lowest bar."""
    finite = [value for value in curve if math.isfinite(value)]
    if not finite:
        return ""
    low, width = min(finite), max(finite) - min(finite)
    return "".join(_BARS[round((len(_BARS) - 1) * (value - low) / width) if width else 0] for value in finite)


def _latest_run(records: list[Record]) -> list[Record]:
    """The records of the latest run, its own first; a journal without one is as if a run without time had begun."""
    starts = [index for index, record in enumerate(records) if record.get("status") == "run"]
    if not starts:
        return [{"status": "run", "at": 0.0, "spent": 0.0, "time_budget": 0.0, "pid": None, "host": ""}]
    return records[starts[-1] :]


def _ready(run: list[Record]) -> str:
    """What is said of a run that came to its end."""
    stopped = any(record["status"] == "phase" and record["phase"].startswith(STOPPED) for record in run)
    return f"{STOPPED}: the best model so far is ready" if stopped else "the model is ready"


def _is_gone(began: Record, standing: Standing) -> bool:
    """Whether nobody works on a run that did not end: its process is not there, or it would have ended long ago."""
    if began["host"] == platform.node():
        return not psutil.pid_exists(began["pid"])
    return standing.elapsed > _LONG * standing.total + _LATE


_LONG, _LATE = 1.02, 60.0  # a fit ends within 2 % of its budget; clocks of other machines differ
