"""Draws the scores of compared methods over their time."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import peer_tables
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator
from runner import Record

_COLOURS = ("#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#0072B2")
"""Distinct for the colour-blind too (Okabe & Ito 2008); the first method is black."""
_DASHES, _MARKERS = ("-", (0, (5, 2))), ("o", "s")
_COLUMNS, _WIDTH, _HEIGHT = 3, 4.0, 2.9
_SPAN = 3.0  # times from the median to the best: what is as far below the median is not in the panel


def draw_tests(rows: pd.DataFrame, path: Path, methods: Sequence[str]) -> None:
    """A panel a problem: the mean test score, with its standard error, over the mean wall time of the fits."""
    with_time = rows[rows["method"] != peer_tables.GROUND]
    times = with_time.groupby([*peer_tables.KEYS, "method"])["fit_wall_seconds"].mean()
    figure = Figure(layout="constrained", dpi=120)
    table = peer_tables.means(with_time)
    for problem, axes in _panels(figure, list(dict.fromkeys(table["problem"]))):
        own = table[(table["problem"] == problem) & table["score"].notna()]
        for method, points in own.groupby("method", sort=False):
            at = [times[problem, budget, method] for budget in points["budget"]]
            look = _look(methods.index(str(method)))
            axes.errorbar(at, points["score"], points["error"], label=method, capsize=2, **look)
        _finish(axes, problem, f"test, {own['metric'].iloc[0]}" if len(own) else "test", own["score"])
    _write(figure, path)


def draw_validations(records: Sequence[Record], path: Path, methods: Sequence[str]) -> None:
    """A panel a problem: for the largest budget, what each method's best model had on data that it held out itself.

    Each holds other data out, so heights compare only roughly; when a curve stops rising compares well.
    """
    with_curve = [record for record in records if record.get("curve")]
    figure = Figure(layout="constrained", dpi=120)
    for problem, axes in _panels(figure, list(dict.fromkeys(record["problem"] for record in with_curve))):
        own = [record for record in with_curve if record["problem"] == problem]
        largest = max(record["budget"] for record in own)
        own = [record for record in own if record["budget"] == largest]
        seen: set[str] = set()
        for record in own:
            seconds, scores = zip(*record["curve"], strict=True)
            name = "" if record["method"] in seen else record["method"]
            seen.add(record["method"])
            # The last model is kept until the end of the fit.
            at, values = [*seconds, record["fit_wall_seconds"]], [*scores, scores[-1]]
            look = {**_look(methods.index(record["method"])), "marker": ""}
            axes.step(at, values, where="post", label=name, **look)
        ends = pd.Series([record["curve"][-1][1] for record in own])
        _finish(axes, problem, f"held out, budget {largest:g} s", ends)
    _write(figure, path)


def _panels(figure: Figure, problems: Sequence[str]) -> Iterator[tuple[str, Axes]]:
    columns = max(1, min(_COLUMNS, len(problems)))
    lines = max(1, -(-len(problems) // columns))
    figure.set_size_inches(columns * _WIDTH, lines * _HEIGHT + 0.8)
    for number, problem in enumerate(problems, start=1):
        yield problem, figure.add_subplot(lines, columns, number)


def _look(number: int) -> Mapping[str, Any]:
    if number == 0:
        return {"color": "#000000", "linestyle": "-", "linewidth": 2.2, "marker": "o", "markersize": 5}
    turn, place = divmod(number - 1, len(_COLOURS))
    again = turn % len(_DASHES)
    look = {"color": _COLOURS[place], "linestyle": _DASHES[again], "marker": _MARKERS[again]}
    return {**look, "linewidth": 1.2, "markersize": 4}


def _finish(axes: Axes, problem: str, found: str, scores: pd.Series) -> None:
    axes.set_title(problem, loc="left", fontweight="bold", fontsize=9)
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda seconds, _: f"{seconds:g}"))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel("seconds of the fit", fontsize=8)
    axes.set_ylabel(found, fontsize=8)
    axes.tick_params(labelsize=7, which="both")
    axes.grid(alpha=0.25)
    if len(scores) > 1 and scores.max() > scores.median():
        low = max(scores.min(), scores.median() - _SPAN * (scores.max() - scores.median()))
        margin = 0.08 * (scores.max() - low)
        axes.set_ylim(float(low - margin), float(scores.max() + margin))


def _write(figure: Figure, path: Path) -> None:
    labels = {
        label: line for axes in figure.axes for line, label in zip(*axes.get_legend_handles_labels(), strict=True)
    }
    if labels:
        figure.legend(list(labels.values()), list(labels), loc="outside lower center", ncols=6, fontsize=8)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)
