"""What is being trained now: a small file for each job, written by its worker beside the weights.

Whoever looks at a study sees them there; they say nothing that the trial will not say, so losing one loses nothing.
The search writes the first one of a job; workers on other machines add no curve to it.
"""

import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from easynas.search.trial import Job

SUFFIX = ".running"


@dataclass(frozen=True)
class Running:
    """A job that is being trained.

    Attributes:
        number: of the job in its study.
        network: the kind of network, empty if there is no such choice.
        origin: why it was proposed.
        curve: mean training loss in each twentieth of the training that is over.
    """

    number: int
    network: str
    origin: str
    curve: tuple[float, ...] = ()


def announce(folder: Path, job: Job, curve: list[float]) -> None:
    """Says in `folder` that a job is being trained, and how its loss fell so far."""
    folder.mkdir(parents=True, exist_ok=True)
    path = _path(folder, job.id)
    draft = folder / f"{job.id}.curve.part"
    network = str(job.values.get("network", ""))
    with suppress(OSError):  # a full disk costs whoever looks the news, and nothing else
        draft.write_text(json.dumps({"network": network, "origin": job.origin, "curve": curve}), encoding="utf-8")
        draft.replace(path)


def withdraw(folder: Path, number: int) -> None:
    """Takes back that a job is being trained."""
    _path(folder, number).unlink(missing_ok=True)


def withdraw_all(folder: Path) -> None:
    """Takes back what a run that was killed left behind."""
    for path in folder.glob(f"*{SUFFIX}"):
        path.unlink(missing_ok=True)


def running(folder: Path) -> tuple[Running, ...]:
    """What is being trained, in the order of the jobs; with its curve if the worker can write to `folder`."""
    found = []
    for path in folder.glob(f"*{SUFFIX}"):
        try:
            told = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:  # the job ended since the folder was listed
            continue
        found.append(Running(int(path.stem), told["network"], told["origin"], tuple(told["curve"])))
    return tuple(sorted(found, key=lambda each: each.number))


def _path(folder: Path, number: int) -> Path:
    return folder / f"{number}{SUFFIX}"
