"""Every problem that methods are compared on: images, parts of them, texts and tables, under one set of names."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import problems
import row_problems

FEW = 1_000
"""Images of the problems whose names end so."""


@dataclass(frozen=True)
class PeerProblem:
    """Samples as somebody would hand them to `fit`, and those that decide.

    Attributes:
        kind: `"images"`, `"texts"` or `"table"`.
        target: `"classes"`, `"labels"` (a list for each sample) or `"number"`.
        metric: name of a scikit-learn scorer.
        x: training samples.
        y: what is true for them.
        x_test: samples that decide.
        y_test: what is true for them, which no method sees.
    """

    kind: str
    target: str
    metric: str
    x: Any
    y: Any
    x_test: Any
    y_test: Any


IMAGES = (*problems.PROBLEMS, *(f"{name}_{FEW}" for name in problems.PROBLEMS))
TEXTS = tuple(name for name, rows in row_problems.PROBLEMS.items() if rows.text)
TABLES = tuple(name for name, rows in row_problems.PROBLEMS.items() if not rows.text)
NAMES = (*IMAGES, *TEXTS, *TABLES)
WITHOUT_DATA = frozenset({"digits", f"digits_{FEW}"})
"""Problems that need no folder of data."""


def describe(name: str) -> tuple[str, str]:
    """Kind and target of a problem."""
    if name in IMAGES:
        return "images", "classes"
    rows = row_problems.PROBLEMS[name]
    kind = "texts" if rows.text else "table"
    if rows.target == row_problems.LABELS:
        return kind, "labels"
    return kind, "number" if rows.estimator.endswith("Regressor") else "classes"


def load(name: str, data: Path, *, seed: int) -> PeerProblem:
    """The problem of this name.

    Args:
        name: one of `NAMES`.
        data: folder of data; problems in `WITHOUT_DATA` need none.
        seed: decides where the data come without an official split, and which images are the few.
    """
    kind, target = describe(name)
    if kind == "images":
        whole = problems.load(name.removesuffix(f"_{FEW}"), data, seed=seed)
        given = PeerProblem(kind, target, "accuracy", whole.x_train, whole.y_train, whole.x_test, whole.y_test)
        return few(given, seed=seed) if name.endswith(f"_{FEW}") else given
    rows = row_problems.PROBLEMS[name]
    (x, y), (x_test, y_test) = row_problems.load(rows, data)
    return PeerProblem(kind, target, rows.metric, x, y, x_test, y_test)


def few(problem: PeerProblem, *, seed: int) -> PeerProblem:
    """The same with 1,000 images to learn from, every class with its share."""
    rng = np.random.default_rng(seed)
    shuffled = rng.permutation(len(problem.y))
    # In the order of their classes, evenly spaced samples take the same share of each.
    ordered = shuffled[np.argsort(problem.y[shuffled], kind="stable")]
    rows = np.sort(ordered[np.linspace(0, len(ordered) - 1, FEW).round().astype(int)])
    return replace(problem, x=problem.x[rows], y=problem.y[rows])


def need_data(names: Iterable[str]) -> bool:
    """Whether any of these problems is in the folder of data."""
    return not WITHOUT_DATA.issuperset(names)
