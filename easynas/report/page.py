"""The page: facts as one HTML file that needs neither a network nor a script, and reads well in light and dark."""

import json
from pathlib import Path
from typing import Any

import jinja2
import numpy as np

from easynas.deploy.atomic import replacing
from easynas.errors import InputError
from easynas.report import charts, pictures, words
from easynas.report.axes import short
from easynas.report.facts import Facts, Look
from easynas.report.influence import Word
from easynas.report.mistakes import Example
from easynas.search.trial import Done
from easynas.train.filed import FLOAT_SCORE

TEMPLATES = Path(__file__).parent / "templates"
_MOST_ROWS, _MOST_CELLS, _LABELS = 60, 8, 40
_NOUNS = {"images": ("image", "images"), "texts": ("text", "texts"), "tables": ("row", "rows")}


def check_path(path: str | Path) -> Path:
    """Where the report goes, checked before any time is spent on it.

    Raises:
        InputError: it is no HTML file, or a folder.
    """
    place = Path(path)
    if place.suffix.lower() not in (".html", ".htm") or place.is_dir():
        raise InputError(f"`path` must be a file that ends in .html. Received: {str(path)!r}.")
    return place


def write(facts: Facts, path: Path) -> None:
    """Writes the page; it appears when it is whole, and parent folders are made."""
    with replacing(path) as draft:
        draft.write_text(render(facts), encoding="utf-8", errors="replace")


def render(facts: Facts) -> str:
    """The page as text."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "seconds": words.seconds_words,
        "count": words.count_words,
        "choice": words.choice_words,
        "short": short,
        "percent": lambda share: f"{share:.0%}",
        "sure": words.certainty_words,
        "fall": _fall,
    }
    return str(environment.get_template("report.html").render(_view(facts)))


def _view(facts: Facts) -> dict[str, Any]:
    """What the template sees: facts, charts and words."""
    fitted, verdict = facts.fitted, facts.verdict
    metric = verdict.metric
    one, many = _NOUNS[fitted.modality]

    def score(value: float) -> str:
        return words.score_words(metric, value)

    def network(row: Any) -> str:
        name = row.get("network") or row.get("origin") or ""
        return words.network_words(fitted.modality, str(name))[0]

    return {
        "facts": facts,
        "fitted": fitted,
        "verdict": verdict,
        "one": one,
        "many": many,
        "score": score,
        "network": network,
        "metric": words.metric_words(metric),
        "meaning": words.meaning(metric, verdict.score),
        "css": (TEMPLATES / "report.css").read_text(encoding="utf-8"),
        "scale": _rival_scale(facts),
        "charts": _charts(facts),
        "confusion": _confusion_cells(facts),
        "mistakes": [_card(facts, look) for look in facts.mistakes],
        "well": [_card(facts, look) for look in facts.well],
        "rows": facts.board[:_MOST_ROWS],
        "compressed": any(FLOAT_SCORE in trial.metrics for trial in fitted.study.trials if isinstance(trial, Done)),
        "shipped": None if fitted.study.shipped is None else fitted.study.shipped.job.id,
        "answer": fitted.bundle.target.answer,
        "longest_loss": max((column.loss for column in facts.columns), default=0.0),
        "snippet": _snippet(facts),
        "tint": _tint,
    }


def _charts(facts: Facts) -> dict[str, Any]:
    metric = facts.verdict.metric
    drawn: dict[str, Any] = dict.fromkeys(("progress", "work", "size", "curves", "calibration"))
    if len(facts.steps) > 1:
        drawn["progress"] = charts.progress(facts.steps, facts.forecast, metric=metric, spent=facts.fitted.seconds)
    if len(facts.candidates) > 1:
        drawn["work"] = charts.trade_offs(facts.candidates, metric=metric, measure="macs")
        drawn["size"] = charts.trade_offs(facts.candidates, metric=metric, measure="size_kb")
    if facts.curves:
        drawn["curves"] = charts.learning_curves(facts.curves)
    if facts.reliability is not None:
        drawn["calibration"] = charts.calibration(facts.reliability)
    return {**drawn, "distances": [charts.true_against_predicted(each) for each in facts.distances]}


def _rival_scale(facts: Facts) -> list[dict[str, Any]]:
    """Bars from the worst sensible score to the best, the model's own first; places in percent."""
    verdict = facts.verdict
    scores = [verdict.score, verdict.high, *(rival.score for rival in verdict.rivals)]
    finite = [each for each in scores if np.isfinite(each)]
    lowest = min(0.0, *finite) if words.most(verdict.metric) == 1.0 else min(finite)
    highest = max([*finite, *([1.0] if words.most(verdict.metric) == 1.0 else [])])
    width = max(highest - lowest, 1e-9)

    def place(value: float) -> float:
        return round(100 * (value - lowest) / width, 2) if np.isfinite(value) else 0.0

    own = {"name": "This model", "value": verdict.score, "remark": "", "own": True}
    others = [{"name": r.name, "value": r.score, "remark": r.remark, "own": False} for r in verdict.rivals]
    bars = [{**bar, "place": place(float(bar["value"]))} for bar in (own, *others)]  # type: ignore[arg-type]
    if np.isfinite(verdict.low):
        bars[0] |= {"low": place(verdict.low), "high": place(verdict.high)}
    return bars


def _confusion_cells(facts: Facts) -> list[list[tuple[int, float]]]:
    """Counts with their share of the row."""
    if facts.confusion is None:
        return []
    sums = np.maximum(facts.confusion.counts.sum(axis=1, keepdims=True), 1)
    return [
        [(int(count), float(share)) for count, share in zip(counts, shares, strict=True)]
        for counts, shares in zip(facts.confusion.counts, facts.confusion.counts / sums, strict=True)
    ]


def _card(facts: Facts, look: Look) -> dict[str, Any]:
    """One example as the template shows it."""
    example = look.example
    card: dict[str, Any] = {"example": example, "picture": None, "heat": None, "words": (), "cells": ()}
    match facts.fitted.modality:
        case "images":
            card["picture"] = pictures.picture(example.sample[0])
            card["heat"] = None if look.heat is None else pictures.heat(look.heat)
        case "texts":
            card["words"] = _weighed(look.words) or [(str(example.sample[0])[:600], 0)]
        case _:
            card["cells"] = _cells(facts, example)
    return card


def _weighed(found: tuple[Word, ...]) -> list[tuple[str, int]]:
    """Words with their weight from -5 to 5, of the strongest one."""
    strongest = max((abs(word.weight) for word in found), default=0.0)
    return [(word.text, round(5 * word.weight / max(strongest, 0.02))) for word in found]


def _cells(facts: Facts, example: Example) -> list[tuple[str, str]]:
    """The cells of a row, those of the most important columns first."""
    order = [column.name for column in facts.columns] or list(example.sample.columns)
    return [(name, _cell(example.sample.columns[name][0])) for name in order[:_MOST_CELLS]]


def _cell(value: Any) -> str:
    if isinstance(value, str):
        return value[:_LABELS] or "missing"
    return "missing" if np.isnan(value) else f"{value:.6g}"


def _fall(loss: float) -> str:
    """By how much a score falls, with its sign; no minus before zero."""
    rounded = round(loss, 3)
    if rounded == 0:
        return "0.000"
    return ("\N{MINUS SIGN}" if rounded > 0 else "+") + f"{abs(rounded):.3f}"


def _tint(share: float) -> str:
    """A share as a CSS percentage; small ones stay visible."""
    return f"{round(100 * share**0.7)}%"


def _snippet(facts: Facts) -> str:
    """The lines that repeat the fit."""
    chosen = {name: value for name, value in facts.fitted.settings.items() if value is not None and name != "directory"}
    chosen["random_state"] = facts.fitted.study.header.get("seed")
    arguments = ",\n    ".join(
        f"{name}={json.dumps(value) if isinstance(value, str) else repr(value)}" for name, value in chosen.items()
    )
    return f"import easynas\n\nmodel = easynas.{facts.fitted.task}(\n    {arguments},\n)\nmodel.fit(x, y)"
