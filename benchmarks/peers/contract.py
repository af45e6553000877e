"""What a method is given, and what it gives back."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]
Answers = Sequence[Any] | Array


@dataclass(frozen=True)
class Settings:
    """What is to be learned.

    Attributes:
        problem: its name.
        kind: `"images"`, `"texts"` or `"table"`.
        target: `"classes"`, `"labels"` (a list for each sample) or `"number"`.
        metric: name of a scikit-learn scorer.
        budget: seconds that the method may take.
        seed: an integer from 0.
        setting: which of several methods in one module is meant.
    """

    problem: str
    kind: str
    target: str
    metric: str
    budget: float
    seed: int
    setting: str = ""


@dataclass(frozen=True)
class Task:
    """Samples and settings. The labels of the test samples are not among them: the parent process keeps those.

    Attributes:
        settings: what is to be learned.
        x: images `(n, height, width)` or `(n, height, width, channels)`, a list of texts, or a data frame.
        y: a label, a list of labels or a number for each.
        x_test: samples to predict, of the same kind.
        folder: for whatever the method wants to keep while it works; empty at first.
        began: `time.monotonic()` when the seconds began to count.
    """

    settings: Settings
    x: Any
    y: Any
    x_test: Any
    folder: Path
    began: float

    @property
    def deadline(self) -> float:
        """`time.monotonic()` at which the budget is used up."""
        return self.began + self.settings.budget


@dataclass(frozen=True)
class Fitted:
    """A fitted model.

    Attributes:
        predict: labels, lists of labels or numbers for samples, as the training had them.
        save: writes into an empty folder what a user needs to predict elsewhere.
        probabilities: `(n, classes)` for samples.
        classes: what the columns of the probabilities stand for.
        curve: seconds since the beginning, and the score of the best model by then on samples that the method held out;
            larger is better.
        others: further ways in which a user would predict with the same fit.
        figures: whatever else is worth keeping.
    """

    predict: Callable[[Any], Answers]
    save: Callable[[Path], object]
    probabilities: Callable[[Any], Array] | None = None
    classes: Sequence[Any] = ()
    curve: Sequence[tuple[float, float]] = ()
    others: Mapping[str, Callable[[Any], Answers]] = field(default_factory=dict)
    figures: Mapping[str, Any] = field(default_factory=dict)


def write(folder: Path, settings: Settings, *, x: Any, y: Any, x_test: Any) -> None:
    """Puts a task where the process of a method reads it, in files that depend on no version of anything."""
    (folder / "settings.json").write_text(json.dumps(asdict(settings)), encoding="utf-8")
    (folder / "y.json").write_text(json.dumps(np.asarray(y, object).tolist()), encoding="utf-8")
    if settings.kind == "images":
        np.save(folder / "x.npy", x)
        np.save(folder / "x_test.npy", x_test)
    elif settings.kind == "texts":
        (folder / "texts.json").write_text(json.dumps([list(x), list(x_test)]), encoding="utf-8")
    else:
        import pandas as pd

        # One file, so that a column has the same type in both parts.
        pd.concat([x, x_test]).to_csv(folder / "table.csv", index=False)


def read_settings(folder: Path) -> Settings:
    """The settings that `write` put there."""
    return Settings(**json.loads((folder / "settings.json").read_text(encoding="utf-8")))


def read(folder: Path, work: Path, began: float) -> Task:
    """The task that `write` put there."""
    settings = read_settings(folder)
    y = json.loads((folder / "y.json").read_text(encoding="utf-8"))
    if settings.kind == "images":
        x, x_test = np.load(folder / "x.npy"), np.load(folder / "x_test.npy")
    elif settings.kind == "texts":
        x, x_test = json.loads((folder / "texts.json").read_text(encoding="utf-8"))
    else:
        import pandas as pd

        table = pd.read_csv(folder / "table.csv")
        x, x_test = table.iloc[: len(y)], table.iloc[len(y) :].reset_index(drop=True)
    return Task(settings, x, y if settings.target == "labels" else np.asarray(y), x_test, work, began)
