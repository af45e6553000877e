"""The charts of a report, each from facts alone."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from easynas.report.axes import Axes, short
from easynas.report.forecast import Forecast, Step
from easynas.report.quality import Distances, Reliability
from easynas.report.words import score_words, seconds_words
from easynas.search.trial import Done

if TYPE_CHECKING:
    from easynas.report.facts import Candidate

SERIES = 5
"""How many lines have a colour of their own."""

_NARROW = 0.4


def progress(steps: Sequence[Step], more: Forecast | None, *, metric: str, spent: float) -> str:
    """The best score over time, every trial as a dot, and what a longer fit would bring."""
    unit, name = _time_unit(spent + (more.more if more else 0.0))
    times, best = [step.seconds / unit for step in steps], [step.best for step in steps]
    last = best[-1]
    x, y = [*times, spent / unit], [*best, *(step.score for step in steps)]
    if more is not None:
        x.append((spent + more.more) / unit)
        y.append(last + more.high)
    # What is past would be a narrow strip beside a long future, so that is drawn by ratios.
    narrow = more is not None and spent < _NARROW * more.more
    axes = Axes.of(
        x if narrow else [0.0, *x], _without_outliers(y), f"time of the fit ({name})", "score", logarithmic=narrow
    )
    stairs_x = [*(each for time in times for each in (time, time)), spent / unit][1:]
    stairs_y = [score for score in best for _ in range(2)]
    drawn = [axes.line(stairs_x, stairs_y, style="s1")]
    if more is not None:
        ahead = np.linspace(spent, spent + more.more, 24)
        rise = 1 - np.sqrt(spent / ahead)
        rise = rise / rise[-1]
        ahead_x = list(ahead / unit)
        low, mean, high = (list(last + rise * gain) for gain in (more.low, more.gain, more.high))
        drawn += [axes.area(ahead_x, low, high, style="s1"), axes.line(ahead_x, mean, style="s1 dashed")]
        drawn.append(axes.text(ahead_x[-1], mean[-1], "forecast", shift=0, anchor="end"))
    drawn += [
        axes.dot(
            step.seconds / unit,
            step.score,
            style="s1" if step.score == step.best else "quiet",
            words=f"trial {step.trial}: {score_words(metric, step.score)} after {seconds_words(step.seconds)}",
        )
        for step in steps
    ]
    description = f"After {seconds_words(times[-1] * unit)} the best score was {score_words(metric, last)}."
    return axes.chart(*drawn, title="Best score over time", description=description)


def trade_offs(candidates: "Sequence[Candidate]", *, metric: str, measure: str) -> str:
    """Score against cost; the front is joined, and the chosen trial marked.

    Args:
        candidates: trials with their cost.
        metric: name of the score.
        measure: "macs" for work, "size_kb" for size.
    """
    costs = [getattr(each, measure) for each in candidates]
    names = {"macs": "work: multiplications for one sample", "size_kb": "size of the weights (kB)"}
    scores = [each.score for each in candidates]
    axes = Axes.of(costs, _without_outliers(scores), names[measure], "score", logarithmic=min(costs) > 0)
    order = sorted(range(len(candidates)), key=lambda place: (costs[place], -scores[place]))
    front: list[int] = []
    for place in order:
        if not front or scores[place] > scores[front[-1]]:
            front.append(place)
    drawn = [axes.line([costs[place] for place in front], [scores[place] for place in front], style="s1 thin")]
    for place, each in enumerate(candidates):
        words = f"trial {each.trial}: {score_words(metric, each.score)}, {short(costs[place])}"
        style = "chosen" if each.chosen else "s1" if place in front else "quiet"
        drawn.append(axes.dot(costs[place], each.score, style=style, words=words, radius=7 if each.chosen else 4.5))
    chosen = next((place for place, each in enumerate(candidates) if each.chosen), None)
    if chosen is not None:
        right = axes.x(costs[chosen]) > 0.6 * (axes.x.start + axes.x.end)
        anchor, shift = ("end", -9) if right else ("start", 9)
        drawn.append(axes.text(costs[chosen], scores[chosen], "chosen", shift=shift, anchor=anchor))
    description = f"{len(candidates)} trials, {len(front)} of which no other beats in both."
    return axes.chart(*drawn, title=f"Score against {names[measure]}", description=description)


def learning_curves(trials: Sequence[Done]) -> str:
    """Training loss over each training, the best trial first."""
    losses = [value for trial in trials for value in trial.curve]
    axes = Axes.of([0.0, 100.0], _without_outliers(losses, above=True), "share of the training (%)", "training loss")
    drawn = []
    for number, trial in enumerate(trials[:SERIES], start=1):
        x = [100 * (place + 1) / 20 for place in range(len(trial.curve))]
        drawn.append(axes.line(x, trial.curve, style=f"s{number}"))
    description = "; ".join(f"trial {t.job.id} from {t.curve[0]:.3g} to {t.curve[-1]:.3g}" for t in trials)
    return axes.chart(*drawn[::-1], title="How the training loss fell", description=description)


def calibration(found: Reliability) -> str:
    """How often the model is right when it is so sure, against the diagonal of perfect honesty."""
    axes = Axes.within((0.0, 100.0), (0.0, 100.0), "how sure the model is (%)", "how often it is right (%)")
    x, y = [100 * each for each in found.confidence], [100 * each for each in found.right]
    dots = [
        axes.dot(a, b, style="s1", words=f"{count} samples: {a:.0f}% sure, {b:.0f}% right")
        for a, b, count in zip(x, y, found.count, strict=True)
    ]
    lines = [axes.line([0, 100], [0, 100], style="quiet dashed"), axes.line(x, y, style="s1")]
    pairs = ", ".join(f"{a:.0f}% sure {b:.0f}% right" for a, b in zip(x, y, strict=True))
    return axes.chart(*lines, *dots, title="Certainty against truth", description=pairs)


def true_against_predicted(found: Distances) -> str:
    """Predicted numbers over true ones, with the diagonal of perfect predictions."""
    everything = [*found.true.tolist(), *found.predicted.tolist()]
    axes = Axes.of(everything, everything, "true", "predicted")
    low, high = min(everything), max(everything)
    dots = [
        axes.dot(a, b, style="s1 faint", words=f"true {a:.4g}, predicted {b:.4g}", radius=3)
        for a, b in zip(found.true.tolist(), found.predicted.tolist(), strict=True)
    ]
    description = f"Half of the predictions are within {found.typical:.4g} of the truth."
    return axes.chart(
        axes.line([low, high], [low, high], style="quiet dashed"),
        *dots,
        title=f"Predicted against true: {found.name}",
        description=description,
    )


def _time_unit(seconds: float) -> tuple[float, str]:
    return (1.0, "seconds") if seconds < 180 else (60.0, "minutes") if seconds < 10_800 else (3600.0, "hours")


def _without_outliers(values: Sequence[float], *, above: bool = False) -> list[float]:
    """The values that decide a scale: what is far below the others, or above, is drawn at the edge."""
    low, middle, high = np.percentile(values, (25, 50, 75))
    reach = 4 * max(high - low, 1e-9)
    kept = [value for value in values if (value <= middle + reach if above else value >= middle - reach)]
    return kept or list(values)
