"""Prints what runs on tables found, a table a problem, and draws the curves.

    python benchmarks/nas/analyse_tables.py benchmarks/results/nas.jsonl --plots benchmarks/results

Means are over seeds, with their standard errors. Drawing needs `easynas[bench]`.
"""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table
from run import HERE, read_results
from tables import EPOCHS, Array

Record = Mapping[str, Any]
Curves = Mapping[str, Sequence[Record]]
"""The runs of each method on one problem."""

_SPENT = {
    "queries": ("trials", (20, 50, 100, 150)),
    "clock": ("simulated seconds", (2_000, 5_000, 10_000, 20_000)),
    "epochs": ("epochs", (5 * EPOCHS, 10 * EPOCHS, 20 * EPOCHS, 50 * EPOCHS)),
    "tradeoff": ("trials", (20, 50, 100)),
}
"""By the end of a problem's name: what is spent, and where the table looks."""
_FOUND = {"tradeoff": "share of the best hypervolume"}
_ACCURACY = "test accuracy of the incumbent, %"


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints the tables and writes the plots; `arguments` are those of the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("results", type=Path, nargs="*", default=[HERE.parent / "results" / "nas.jsonl"])
    parser.add_argument("--methods", nargs="+", help="only these")
    parser.add_argument("--plots", type=Path, help="folder for a PNG a problem")
    options = parser.parse_args(arguments)
    records = [
        each for each in read_results(options.results) if not options.methods or each["method"] in options.methods
    ]
    console = Console(width=160)
    for problem in sorted({record["problem"] for record in records}):
        curves = by_method([record for record in records if record["problem"] == problem])
        console.print(_table(problem, curves))
        if options.plots is not None:
            from curves import draw

            spent, points = spending(problem)
            path = options.plots / f"{problem}.png"
            everyone = sorted({record["method"] for record in records})
            draw(path, curves, everyone=everyone, title=problem, spent=spent, points=points, found=finding(problem))
            console.print(f"{path}\n")


def by_method(records: Sequence[Record]) -> Curves:
    """The runs of each method, the best method first."""
    found: dict[str, list[Record]] = {}
    for record in records:
        found.setdefault(record["method"], []).append(record)
    return dict(sorted(found.items(), key=lambda each: -np.mean([run["curve"][-1][1] for run in each[1]])))


def spending(problem: str) -> tuple[str, tuple[int, ...]]:
    """What is spent on a problem, and where its table looks."""
    return _SPENT[problem.rpartition("-")[2]]


def finding(problem: str) -> str:
    """What the curves of a problem measure."""
    return _FOUND.get(problem.rpartition("-")[2], _ACCURACY)


def values_at(runs: Sequence[Record], points: Sequence[float] | Array) -> Array:
    """What runs had found when so much was spent, `(runs, points)`; NaN where nothing was."""
    rows = []
    for run in runs:
        spent, found = np.array(run["curve"], dtype=float).reshape(-1, 2).T
        place = np.searchsorted(spent, np.asarray(points) + 1e-9, side="right") - 1
        rows.append(np.where(place >= 0, found[np.maximum(place, 0)], np.nan))
    return np.array(rows)


def mean_and_error(values: Array) -> tuple[Array, Array]:
    """Mean and standard error over runs, `(points,)`; NaN where a run has nothing, and of the error of a single run."""
    runs = len(values)
    error = values.std(axis=0, ddof=1) / np.sqrt(runs) if runs > 1 else np.full(values.shape[1], np.nan)
    return values.mean(axis=0), error


def _table(problem: str, curves: Curves) -> Table:
    spent, points = spending(problem)
    table = Table(title=f"{problem}: {finding(problem)}", caption=f"after so many {spent}; mean ± standard error")
    table.add_column("method")
    for heading in ("runs", *(f"{point:,}" for point in points), "trials", "ms a trial"):
        table.add_column(heading, justify="right")
    for method, runs in curves.items():
        mean, error = mean_and_error(values_at(runs, points))
        trials = np.mean([run["trials"] for run in runs])
        milliseconds = 1e3 * np.mean([run["seconds_a_trial"] for run in runs])
        cells = (_cell(*each) for each in zip(mean, error, strict=True))
        table.add_row(method, str(len(runs)), *cells, f"{trials:,.0f}", f"{milliseconds:.2g}")
    return table


def _cell(mean: float, error: float) -> str:
    if np.isnan(mean):
        return "–"
    digits = 2 if mean > 2.0 else 3  # percent, or a share
    return f"{mean:.{digits}f}" + ("" if np.isnan(error) else f" ± {error:.{digits}f}")


if __name__ == "__main__":
    main()
