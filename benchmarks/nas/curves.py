"""Draws what methods found over what they spent."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from analyse_tables import mean_and_error, values_at
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from tables import Array

_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""Distinct for the colour-blind too (Okabe & Ito 2008); their yellow is too pale for a line on white."""
_DASHES = ("-", (0, (5, 2)), (0, (1.5, 1.5)))
_APART = 0.048  # of the height of the axes, between the names of two curves
_POINTS = 300

Look = tuple[str, Any]
"""Colour and dashes."""


def draw(
    path: Path,
    curves: Mapping[str, Sequence[Mapping[str, Any]]],
    *,
    everyone: Sequence[str],
    title: str,
    spent: str,
    points: Sequence[float],
    found: str,
) -> None:
    """Writes a PNG with a curve a method: the mean over its runs, and a band of one standard error.

    Args:
        path: where; its folder is made.
        curves: the runs of each method.
        everyone: the methods of all plots, so that each has the same look in all of them.
        title: above the plot.
        spent: what the horizontal axis is, on a logarithmic scale.
        points: where it has ticks, rising; it begins at half the first, because what comes before is a random start.
        found: what the vertical axis is; larger is better.
    """
    figure = Figure(figsize=(8.0, 5.0), layout="constrained", dpi=150)
    axes = figure.add_subplot()
    at = np.geomspace(points[0] / 2.0, points[-1], _POINTS)
    looks = {method: _look(everyone.index(method)) for method in curves}
    means = {}
    for method, runs in curves.items():
        colour, dashes = looks[method]
        mean, error = mean_and_error(values_at(runs, at))
        axes.plot(at, mean, color=colour, linestyle=dashes, linewidth=1.8)
        axes.fill_between(at, mean - error, mean + error, color=colour, alpha=0.13, linewidth=0)
        means[method] = mean
    _frame(axes, (points[0] / 2.0, *points), np.array([mean[at >= points[0]] for mean in means.values()]))
    axes.set_title(title, loc="left", fontweight="bold")
    axes.set_xlabel(f"{spent} (log scale)")
    axes.set_ylabel(found)
    _name(axes, {method: float(mean[-1]) for method, mean in means.items()}, looks)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)


def _look(number: int) -> Look:
    return _COLOURS[number % len(_COLOURS)], _DASHES[number // len(_COLOURS) % len(_DASHES)]


def _frame(axes: Axes, ticks: Sequence[float], means: Array) -> None:
    """The vertical axis begins where the better half of the curves is at the first point of interest."""
    starts, ends = means[:, 0], means[:, -1]
    low = np.nanmin(ends) if np.isnan(starts).all() else min(np.nanmedian(starts), np.nanmin(ends))
    margin = 0.06 * max(np.nanmax(ends) - low, 1e-6)
    axes.set_ylim(low - margin, np.nanmax(ends) + 1.5 * margin)
    axes.set_xscale("log")
    axes.set_xlim(ticks[0], ticks[-1])
    axes.set_xticks(ticks, labels=[f"{tick:,.0f}" for tick in ticks])
    axes.minorticks_off()
    axes.grid(visible=True, color="#e5e5e5", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def _name(axes: Axes, ends: Mapping[str, float], looks: Mapping[str, Look]) -> None:
    """Writes each method's name and final value beside the end of its curve, moved apart where they would overlap."""
    low, high = axes.get_ylim()
    order = sorted(ends, key=lambda method: ends[method])
    heights = _spread([(ends[method] - low) / (high - low) for method in order], apart=_APART)
    for method, height in zip(order, heights, strict=True):
        colour, dashes = looks[method]
        beside = axes.get_yaxis_transform()
        end = (ends[method] - low) / (high - low)
        axes.plot(
            (1.0, 1.03, 1.075),
            [low + (high - low) * each for each in (end, height, height)],
            transform=beside,
            color=colour,
            linestyle=dashes,
            linewidth=1.3,
            clip_on=False,
        )
        label = f"{method}  {ends[method]:.{2 if ends[method] > 2.0 else 3}f}"
        axes.text(1.085, height, label, transform=axes.transAxes, color="#333333", va="center", fontsize=9)


def _spread(heights: Sequence[float], *, apart: float) -> list[float]:
    """Rising heights at least so far apart, moved as little as a pass upwards and one downwards allow."""
    moved: list[float] = []
    for height in heights:
        moved.append(max(height, moved[-1] + apart) if moved else height)
    excess = (moved[-1] - heights[-1]) / 2.0
    moved = [height - excess for height in moved]
    for index in reversed(range(len(moved) - 1)):
        moved[index] = min(moved[index], moved[index + 1] - apart)
    return moved
