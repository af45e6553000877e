"""From a path on the command line to samples: what kind of data lies there, and what is to be learned from it."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from easynas.cli.options import Task

if TYPE_CHECKING:
    import pandas as pd

    from easynas.data.infer import Inferred
    from easynas.tasks.base import Estimator


@dataclass(frozen=True)
class Source:
    """Samples that were found at a path.

    Attributes:
        x: as estimators take them.
        y: what to predict; None where it is not known.
        kind: "images", "texts" or "tables".
        target: names of the columns to predict; none in folders.
        column: name of the column of a table that holds the texts or images; None: all are used.
        names: of the samples, to tell predictions apart; None where their order has to do.
        notes: what was decided and left out, as sentences.
    """

    x: Any
    y: Any
    kind: str
    target: tuple[str, ...] = ()
    column: str | None = None
    names: Any = None
    notes: tuple[str, ...] = ()


def training_source(path: Path, *, target: list[str], drop: list[str], task: Task) -> Source:
    """Samples to learn from.

    Raises:
        InputError: there are none, or it is not clear what to predict.
    """
    from easynas.errors import InputError

    if path.is_dir():
        if target or drop:
            raise InputError(
                f"A folder has no columns: its subfolders are the classes. Received {[*target, *drop]!r}; leave out "
                "--target and --drop, or give a table."
            )
        return _folder(path, task)
    from easynas.data.tabular import read_table, split_target

    table, _ = read_table(path)
    if not target:
        raise InputError(
            f"`--target` must name the column to predict, one of {', '.join(map(str, table.columns))}. Received none."
        )
    x, _ = split_target(_without(table, drop), target)
    rows, notes = _labelled(table[target])
    y = table[target][rows]
    return _of_table(
        x[rows], y.iloc[:, 0] if len(target) == 1 else y, path=path, target=tuple(target), task=task, notes=notes
    )


def known_source(path: Path, *, kind: str, target: tuple[str, ...], column: str | None) -> Source:
    """Samples for a model that was fitted on such a source, with what is to be predicted where the path tells.

    Raises:
        InputError: there are none of that kind.
    """
    from easynas import data
    from easynas.data.tabular import is_table, read_table

    if is_table(path):
        table, _ = read_table(path)
        present = [name for name in target if name in table.columns]
        y = (table[present] if len(present) > 1 else table[present[0]]) if present == list(target) and present else None
        x = table.drop(columns=present)
        return Source(_chosen(x, kind, column, path), y, kind, target, column)
    if kind == "tables":
        from easynas.errors import InputError

        raise InputError(f"This model predicts the rows of a table. Received {str(path)!r}; give a .csv or the like.")
    files = data.image_files(path) if kind == "images" else data.text_files(path)
    return Source(files, None, kind, names=files if kind == "images" else None)


def labelled_source(path: Path, *, kind: str, target: tuple[str, ...], column: str | None) -> Source:
    """Samples as of `known_source`, with what is to be predicted; a folder has a subfolder a class.

    Raises:
        InputError: it is not known what is to be predicted.
    """
    from easynas.errors import InputError

    if path.is_dir() and kind != "tables":
        return _folder(path, Task.AUTO)
    source = known_source(path, kind=kind, target=target, column=column)
    if source.y is None:
        raise InputError(f"The data must have what is to be predicted, {' and '.join(target) or 'as subfolders'}.")
    rows, notes = _labelled(source.y)
    return Source(source.x[rows], source.y[rows], kind, target, column, notes=notes)


def estimator_of(source: Source, task: Task, settings: dict[str, Any]) -> tuple["Estimator", str]:
    """The estimator for a source, not fitted yet, and why it is that one."""
    import easynas
    from easynas.data.infer import infer_goal

    goal, why = (task.rpartition("-")[2], "As --task says.") if task != Task.AUTO else infer_goal(source.y)[:2]
    name = f"{_PREFIXES[source.kind]}{goal.capitalize()}"
    made: Estimator = getattr(easynas, name)(**settings)
    return made, why


def trained_before(source: Source, pretrained: str | None) -> dict[str, Any]:
    """The setting of the estimator for a source that says what was trained before on other data.

    Raises:
        InputError: tables have no such setting.
    """
    from easynas.errors import InputError

    if pretrained is None:
        return {}
    if source.kind not in _PRETRAINED:
        raise InputError(
            f"`--pretrained` must be left out for {source.kind}: there are networks for images and encoders of texts. "
            f"Received: {pretrained!r}."
        )
    return {_PRETRAINED[source.kind]: pretrained}


_PRETRAINED = {"images": "weights", "texts": "encoder"}
_PREFIXES = {"images": "Image", "texts": "Text", "tables": "Tabular"}
_KINDS = {"image": "images", "text": "texts", "tabular": "tables"}


def _folder(path: Path, task: Task) -> Source:
    from easynas import data
    from easynas.data.files import IMAGES, TEXTS, below
    from easynas.errors import InputError

    told = _KINDS.get(task.partition("-")[0])
    if told == "tables":
        raise InputError(f"`--task {task}` needs a file with a table. Received the folder {str(path)!r}.")
    if told == "texts" or (told is None and len(below(path, TEXTS)) > len(below(path, IMAGES))):
        x, y = data.text_folder(path)
        return Source(x, y, "texts", notes=_found(path, "texts", TEXTS, x, y))
    x, y = data.image_folder(path)
    return Source(x, y, "images", names=x, notes=_found(path, "images", IMAGES, x, y))


def _found(path: Path, what: str, suffixes: frozenset[str], x: Any, y: Any) -> tuple[str, ...]:
    """What is in a folder, and what of it is not used."""
    from easynas.data.files import endings

    notes = [f"{len(x):,} {what} in {len(set(y))} folders."]
    others = {suffix: count for suffix, count in endings(path).items() if suffix not in suffixes}
    if others:
        named = ", ".join(sorted(suffix or "no ending" for suffix in others))
        notes.append(f"Files of other kinds are left out: {sum(others.values()):,} ({named}).")
    return tuple(notes)


def _of_table(
    x: "pd.DataFrame", y: Any, *, path: Path, target: tuple[str, ...], task: Task, notes: tuple[str, ...]
) -> Source:
    from easynas.data.infer import Inferred, infer_kind

    told = _KINDS.get(task.partition("-")[0]) if "-" in task else None
    said = told and Inferred(told, "", None if told == "tables" else _only_column(x, told))
    found = said or infer_kind(x)
    samples = _chosen(x, found.what, found.column, path)
    notes = (*notes, found.why) if found.why else notes
    return Source(samples, y, found.what, target, found.column, notes=notes)


def _only_column(x: "pd.DataFrame", kind: str) -> str:
    """The column with the texts or files: the only one, or the only one that the data suggest."""
    from easynas.data.infer import infer_kind
    from easynas.errors import InputError

    if x.shape[1] == 1:
        return str(x.columns[0])
    found: Inferred = infer_kind(x)
    if found.column is None or found.what != kind:
        raise InputError(
            f"A table of {kind} must have one column beside the target. Received {', '.join(map(str, x.columns))}; "
            "leave columns out with --drop."
        )
    return found.column


def _chosen(x: "pd.DataFrame", kind: str, column: str | None, path: Path) -> Any:
    """The table, or one of its columns; paths in it are meant from where the table lies."""
    from easynas.errors import InputError

    if column is None:
        return x
    if column not in x.columns:
        raise InputError(f"The table must have the column {column!r}. Received {', '.join(map(str, x.columns))}.")
    if kind != "images":
        return x[column]
    nameless = int(x[column].isna().sum())
    if nameless:
        raise InputError(f"Column {column!r} must name an image in every row. Received {nameless:,} without.")
    return x[column].map(lambda each: str(path.parent / each))


def _without(table: "pd.DataFrame", drop: list[str]) -> "pd.DataFrame":
    from easynas.errors import InputError

    absent = [name for name in drop if name not in table.columns]
    if absent:
        raise InputError(f"`--drop` must name columns: {', '.join(map(str, table.columns))}. Received {absent[0]!r}.")
    return table.drop(columns=drop)


def _labelled(y: Any) -> tuple[Any, tuple[str, ...]]:
    """Which rows have what is to be predicted, and what is said of the others."""
    import numpy as np

    absent = np.any(np.asarray(y.isna()).reshape(len(y), -1), axis=1)
    count = int(np.count_nonzero(absent))
    note = f"{count:,} of {len(y):,} rows have no target and are left out."
    return ~absent, (note,) if count else ()
