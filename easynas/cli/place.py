"""The folder that a fit leaves behind: the saved estimator, and what its data were."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from easynas.cli.source import Source
    from easynas.tasks.base import Estimator

DATA, STUDY = "data.json", "study"


@dataclass(frozen=True)
class Fitted:
    """A saved estimator, and how to read data for it.

    Attributes:
        estimator: ready to predict.
        kind: "images", "texts" or "tables".
        target: names of the columns that it predicts; none where its data were a folder.
        column: that holds the texts or images of a table; None: all are used.
    """

    estimator: "Estimator"
    kind: str
    target: tuple[str, ...]
    column: str | None


def save(estimator: "Estimator", source: "Source", folder: Path) -> None:
    """Writes the estimator and a note of what its data were."""
    estimator.save(folder)
    known = {"kind": source.kind, "target": list(source.target), "column": source.column}
    (folder / DATA).write_text(json.dumps(known), encoding="utf-8")


def load(folder: Path) -> Fitted:
    """The estimator that `save` wrote.

    Raises:
        InputError: there is none, or its folder is damaged.
    """
    from easynas.errors import InputError

    path = folder / DATA
    if not path.is_file():
        raise InputError(f"MODEL must be a folder that `easynas fit` wrote. Received {str(folder)!r} without {DATA}.")
    try:
        known: Mapping[str, object] = json.loads(path.read_text(encoding="utf-8"))
        kind, target, column = str(known["kind"]), known["target"], known["column"]
        if not isinstance(target, list) or not isinstance(column, str | None):
            raise TypeError(f"`target` is {target!r} and `column` {column!r}")
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{str(path)!r} must be as `easynas fit` wrote it. Received: {error}.") from error
    return Fitted(_estimator(folder), kind, tuple(map(str, target)), column)


def _estimator(folder: Path) -> "Estimator":
    import easynas
    from easynas.deploy.silence import Silence

    with Silence():  # TensorFlow greets when it is imported and first used
        return easynas.load(folder)


@contextmanager
def made_folder(folder: Path) -> Iterator[None]:
    """Makes the folder now: minutes later would be too late to learn that it cannot be made.

    What ends with an error leaves no empty folder behind.

    Raises:
        InputError: it cannot be made.
    """
    from easynas.errors import EasynasError

    _make(folder)
    try:
        yield
    except EasynasError:
        if not any(folder.iterdir()):
            folder.rmdir()
        raise


def _make(folder: Path) -> None:
    from easynas.errors import InputError

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"`--out` must be a folder that can be made. Received {str(folder)!r}: {error.strerror}."
        ) from error
