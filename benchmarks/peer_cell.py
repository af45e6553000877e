"""One cell of the comparison: a method on a problem, for a budget and a seed, in a process that is watched from here.

The process gets samples without the answers of the test. Its seconds begin when its libraries and data are loaded. A
fit that takes a fifth more than the budget is killed with everything it started, and counts as what it left behind, if
the method can make a model of that, or as a failure.
"""

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import judge
import peer_problems
from cell import machine
from environments import python
from memory import Memory
from peers import contract
from peers.methods import METHODS, Method
from runner import Record, ending, error_of

HERE = Path(__file__).parent
PATIENCE = 1.2
"""Of the budget; then a fit is killed."""

IMPORTING, MEASURING = 300.0, 600.0
"""Seconds for libraries and data before the budget begins, and for predicting, saving and timing after the fit."""

_LOOK = 0.05


@dataclass(frozen=True, order=True)
class PeerCell:
    """What is run: a problem, a method, a budget in seconds and a seed."""

    problem: str
    method: str
    budget: float
    seed: int

    @classmethod
    def of(cls, record: Record) -> "PeerCell":
        """The cell that a record belongs to."""
        return cls(record["problem"], record["method"], record["budget"], record["seed"])


@dataclass(frozen=True)
class Watched:
    """What was seen of a process from outside.

    Attributes:
        error: why there is nothing to judge; empty if there is.
        killed: whether its fit was still going on after its time.
        fit_seconds: of the fit, as far as it came.
        memory_mb: peak of the resident memory of the process and all that it started, pages that they share counted
            once for each.
    """

    error: str
    killed: bool
    fit_seconds: float
    memory_mb: float


def run(cell: PeerCell, data: Path | None, environments: Path, method: Method | None = None) -> Record:
    """The record of one cell, with an `error` where there is no score.

    Args:
        cell: what is run.
        data: folder of data.
        environments: folder of the environments.
        method: None for the one that the cell names.
    """
    method = method or METHODS[cell.method]
    problem = peer_problems.load(cell.problem, data or Path(), seed=cell.seed)
    settings = contract.Settings(
        cell.problem, problem.kind, problem.target, problem.metric, cell.budget, cell.seed, method.setting
    )
    with tempfile.TemporaryDirectory(prefix="easynas-peer-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        contract.write(folder, settings, x=problem.x, y=problem.y, x_test=problem.x_test)
        watched = watch(method, folder, python(environments, method.environment), cell.budget, "fit")
        if watched.killed:
            again = watch(method, folder, python(environments, method.environment), cell.budget, "recover")
            error = f"killed at {PATIENCE:.0%} of the budget, and nothing was left to use" if again.error else ""
            watched = replace(watched, error=error)
        places = {environments.absolute(): "environments", folder: "cell", HERE.parent: "repository"}
        error = _without_places(watched.error, places)
        seen = _seen(replace(watched, error=error))
        record = {**asdict(cell), "metric": problem.metric, **seen, "machine": machine()}
        return record | _told(folder) | (_judged(folder, problem) if not watched.error else {})


def watch(method: Method, folder: Path, interpreter: Path, budget: float, way: str) -> Watched:
    """Runs a method on the task in a folder and kills it when a phase takes too long.

    Args:
        method: which.
        folder: with the task; gets what the method answers.
        interpreter: of its environment.
        budget: seconds.
        way: "fit", or "recover" after a fit was killed.
    """
    allowed = PATIENCE * budget if way == "fit" else MEASURING
    with _started(method, folder, interpreter, way) as process, Memory(process.pid) as memory:
        late = _wait(process, folder / "started.json", IMPORTING)
        began = time.monotonic()
        late_fit = not late and _wait(process, folder / "fitted.json", allowed)
        seconds = time.monotonic() - began
        late_end = not late and not late_fit and _wait(process, None, MEASURING)
    errors = (folder / "errors.txt").read_text(encoding="utf-8", errors="replace")
    error = error_of(process.returncode, errors)
    if late or late_end:
        error = f"killed after {IMPORTING:g} s of imports" if late else f"killed {MEASURING:g} s after its fit"
    fit_seconds = _content(folder, "fitted").get("seconds", seconds)
    return Watched(error, late_fit, fit_seconds, memory.figures()["memory_peak_tree_mb"])


@contextmanager
def _started(method: Method, folder: Path, interpreter: Path, way: str) -> Iterator["subprocess.Popen[bytes]"]:
    """The process, in a group of its own, with a folder of its own for temporary files."""
    for name in ("started.json", "fitted.json"):
        (folder / name).unlink(missing_ok=True)
    (folder / "tmp").mkdir(exist_ok=True)
    # Without an environment of its own it is this checkout of easynas that is measured.
    paths = [str(HERE), *([] if method.environment else [str(HERE.parent)]), *filter(None, [method.folder])]
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(paths),
        "TMPDIR": str(folder / "tmp"),
        "TF_CPP_MIN_LOG_LEVEL": "2",
    }
    command = [str(interpreter), "-m", "peers.child", method.module, str(folder), way]
    with (folder / "errors.txt").open("wb") as errors:
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=errors, cwd=folder, env=environment, process_group=0
        )
        with ending(process):
            yield process


def _wait(process: "subprocess.Popen[bytes]", file: Path | None, seconds: float) -> bool:
    """Waits until a file is there or the process has ended; True if neither came in time."""
    until = time.monotonic() + seconds
    while process.poll() is None and not (file is not None and file.exists()):
        if time.monotonic() > until:
            return True
        time.sleep(_LOOK)
    return False


def _seen(watched: Watched) -> Record:
    return {
        "killed": watched.killed,
        "fit_wall_seconds": watched.fit_seconds,
        "memory_peak_tree_mb": watched.memory_mb,
        **({"error": watched.error} if watched.error else {}),
    }


def _without_places(error: str, places: Mapping[Path, str]) -> str:
    """An error that says the same wherever the folders are."""
    for folder, name in places.items():
        error = error.replace(f"{folder}{os.sep}", f"{name}{os.sep}")
    return error


def _told(folder: Path) -> Record:
    """What the process said about itself."""
    return _content(folder, "started") | _content(folder, "figures")


def _judged(folder: Path, problem: peer_problems.PeerProblem) -> Record:
    """Score and size of what the process left, or the error that judging them gave."""
    files = [path for path in (folder / "artefact").rglob("*") if path.is_file()]
    size = {"artefact_kb": sum(path.stat().st_size for path in files) / 1024, "artefact_files": len(files)}
    try:
        score, others = judge.read(folder, problem.metric, list(problem.y_test))
    except ValueError as error:
        return {**size, "error": f"its predictions cannot be judged: {error}"}
    return {**size, "score": score, "others": others}


def _content(folder: Path, name: str) -> Record:
    path = folder / f"{name}.json"
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return content
