"""What commands show: tables and sentences for people, JSON for programs."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from easynas.deploy.export import ExportReport
    from easynas.tasks.base import Estimator

_PIPED_WIDTH = 140  # columns where there is no terminal that has a width
_WORDS = {"trial", "status", "network", "origin"}


def results() -> Console:
    """Standard output."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=_PIPED_WIDTH)


def remarks() -> Console:
    """Standard error."""
    return Console(stderr=True, highlight=False, soft_wrap=True)


def print_json(value: Mapping[str, Any]) -> None:
    """One JSON object on standard output, and nothing else there."""
    from typer import echo

    echo(json.dumps(value, indent=2, default=_plain, allow_nan=False))


def finite(value: float) -> float | None:
    """A number for JSON, which knows neither NaN nor infinity."""
    return float(value) if value - value == 0 else None


def print_leaderboard(console: Console, estimator: "Estimator", *, samples: str) -> None:
    """A row a trial, the shipped one marked, and the reasons of those that failed."""
    board = estimator.leaderboard()
    shipped = estimator.study_.shipped
    table = Table(title=f"Leaderboard: scores on held-out {samples}", title_justify="left")
    for heading in ("trial", "status", "score", "network", "origin", "seconds", "epochs", "params"):
        table.add_column(heading, justify="left" if heading in _WORDS else "right")
    for row in board.to_dict("records"):
        is_shipped = shipped is not None and row["trial"] == shipped.job.id
        table.add_row(
            f"{'*' if is_shipped else ' '}{row['trial']}",
            row["status"],
            _number(row["score"], ".4f"),
            row["network"] or "–",
            row["origin"],
            _number(row["seconds"], ".1f"),
            _number(row["epochs"], ".1f"),
            _number(row["parameters"], ",.0f"),
            style="bold" if is_shipped else None,
        )
    console.print()
    console.print(table)
    if shipped is not None:
        console.print(f"* the model that you get; it scored {shipped.score:.4f}")
    for row in board[board["status"] == "failed"].to_dict("records"):
        console.print(f"Trial {row['trial']} failed: {row['reason']}", markup=False)


def print_files(console: Console, reports: Sequence["ExportReport"]) -> None:
    """A row a file with what was measured on it."""
    table = Table(title="Files, measured after writing", title_justify="left")
    table.add_column("file", overflow="fold")
    table.add_column("numbers")
    for heading in ("size", "latency", "agreement"):
        table.add_column(heading, justify="right")
    for report in reports:
        latency = "–" if report.latency_ms is None else f"{report.latency_ms:.3g} ms a sample"
        table.add_row(
            str(report.path), report.quantization, f"{report.size_kb:.1f} kB", latency, f"{report.agreement:.1%}"
        )
    console.print(table)
    console.print("Agreement: share of samples for which the file gives the same answer as the trained model.")
    for warning in (warning for report in reports for warning in report.warnings):
        console.print(warning, markup=False)


def print_rows(console: Console, title: str, headings: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table of texts and numbers; these are set to the right."""
    table = Table(title=title, title_justify="left")
    listed = [tuple(row) for row in rows]
    for index, heading in enumerate(headings):
        numeric = bool(listed) and all(isinstance(row[index], int | float) for row in listed)
        table.add_column(heading, justify="right" if numeric else "left", overflow="fold")
    for row in listed:
        table.add_row(*(f"{cell:.5g}" if isinstance(cell, float) else str(cell) for cell in row))
    console.print(table)


def print_lines(console: Console, lines: Iterable[str]) -> None:
    """Lines as they are, however long."""
    for line in lines:
        console.print(line, markup=False, soft_wrap=True)


def _number(value: float, form: str) -> str:
    return "–" if value != value else format(value, form)  # only NaN differs from itself


def _plain(value: Any) -> Any:
    """What JSON has for a number of numpy's or a path."""
    return value.item() if hasattr(value, "item") else str(value)
