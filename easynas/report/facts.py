"""`Facts`: everything that a report says, as plain values; `gather` computes them, `page` draws them."""

import platform
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from easynas.data.frame import Table
from easynas.deploy.bundle import Bundle
from easynas.errors import InputError
from easynas.report import blueprint, deployment, forecast, importance, influence, quality
from easynas.report.checks import Check, check_data
from easynas.report.leaderboard import leaderboard
from easynas.report.mistakes import Example, examples
from easynas.report.specimens import Specimens
from easynas.report.story import story
from easynas.report.verdict import Judged, Verdict, judge, thresholds_of
from easynas.report.words import most
from easynas.search.budget import Deadline
from easynas.search.front import front
from easynas.search.study import Study
from easynas.search.trial import Done, Failed
from easynas.train.scoring import Scoring

MORE_SECONDS = 600.0
FORM_SECONDS, _LOOK_SECONDS = 30.0, 10.0
_CURVES, _TEXTS = 5, 300


@dataclass(frozen=True, eq=False)
class Fitted:
    """What is reported on.

    Attributes:
        task: name of the estimator.
        modality: "images", "texts" or "tables".
        settings: of the estimator, those that are numbers and texts.
        seconds: of its fit.
        scoring: the metric that was searched for.
        bundle: the model.
        study: all trials.
        specimens: samples with answers.
        quantization: numbers of the file of a trial that did not choose them.
    """

    task: str
    modality: str
    settings: Mapping[str, Any]
    seconds: float
    scoring: Scoring
    bundle: Bundle
    study: Study
    specimens: Specimens
    quantization: str = "float32"

    @property
    def labels(self) -> list[str]:
        """Names of the outputs."""
        answer = self.bundle.target.answer
        if answer.kind == "numbers":
            names = [f"number {place + 1}" for place in range(answer.outputs)]
            return names if answer.outputs > 1 else ["the number"]
        return [str(label) for label in self.bundle.target.classes]  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Candidate:
    """A trial on the plane of score and cost.

    Attributes:
        trial: its number.
        score: larger is better.
        macs: multiplications with addition for one sample.
        size_kb: of its weights as float32, in units of 1024 bytes.
        on_front: whether no other trial beats it in score and cost at once.
        chosen: whether it was shipped.
    """

    trial: int
    score: float
    macs: float
    size_kb: float
    on_front: bool
    chosen: bool


@dataclass(frozen=True, eq=False)
class Look:
    """An example with what the model looked at.

    Attributes:
        example: the sample.
        heat: of an image, `(rows, columns)`: how much the answer loses where a part is hidden; None otherwise.
        words: of a text; empty otherwise.
    """

    example: Example
    heat: np.ndarray | None
    words: tuple[influence.Word, ...] = ()


@dataclass(frozen=True, eq=False)
class Facts:
    """Everything that a report says; what does not apply is None or empty."""

    fitted: Fitted
    verdict: Verdict
    checks: list[Check]
    confusion: quality.Confusion | None
    reliability: quality.Reliability | None
    label_qualities: list[quality.LabelQuality]
    distances: list[quality.Distances]
    mistakes: list[Look]
    well: list[Look]
    telling_words: list[tuple[str, list[influence.Word]]]
    columns: list[influence.Column]
    blueprint: blueprint.Blueprint
    forms: list[deployment.Form]
    steps: list[forecast.Step]
    forecast: forecast.Forecast | None
    candidates: list[Candidate]
    curves: list[Done]
    importances: list[importance.Importance]
    board: list[dict[str, Any]]
    failures: list[Failed]
    story: list[tuple[str, list[str]]]
    versions: dict[str, str]


def gather(fitted: Fitted, fresh: Judged | None, *, form_seconds: float = FORM_SECONDS) -> Facts:
    """Computes all facts; takes some seconds.

    Args:
        fitted: what to report on.
        fresh: samples that `fit` never saw, with the model's answers; None: those held out in `fit` are judged.
        form_seconds: after which no other form of the file is measured; 0 for none.
    """
    specimens, study, scoring = fitted.specimens, fitted.study, fitted.scoring
    answer, labels = fitted.bundle.target.answer, fitted.labels
    seen = fresh or Judged(specimens.y, specimens.answers, fresh=False)
    decided = fitted.bundle.target.decided(seen.answers)
    verdict = judge(scoring, fitted.bundle.target, seen, specimens, study.trials, fitted.bundle.encoder)
    looking = Deadline.after(_LOOK_SECONDS)
    mistakes, well = _examples(fitted, seen)
    shipped = study.shipped
    noise = shipped.metrics.get("standard_error", 0.0) if shipped is not None else 0.0
    steps = forecast.steps(study.trials, study.moments)
    importances = importance.importances(study.trials)
    return Facts(
        fitted=fitted,
        verdict=verdict,
        checks=check_data(specimens, fitted.bundle.encoder, answer, labels),
        confusion=quality.confusion(decided, seen.y, labels) if answer.kind == "classes" else None,
        reliability=quality.reliability(seen.answers, decided, seen.y) if answer.kind != "numbers" else None,
        label_qualities=quality.label_qualities(decided, seen.y, labels) if answer.kind == "labels" else [],
        distances=quality.distances(seen.answers, seen.y, answer, labels) if answer.kind == "numbers" else [],
        mistakes=[_look(fitted, example, looking) for example in mistakes],
        well=[_look(fitted, example, looking) for example in well],
        telling_words=_telling_words(fitted, looking),
        columns=_columns(fitted, seen, looking),
        blueprint=blueprint.blueprint(fitted.bundle, study, modality=fitted.modality),
        forms=list(deployment.forms(fitted.bundle, Deadline.after(form_seconds))),
        steps=steps,
        forecast=forecast.forecast(
            steps,
            spent=max(fitted.seconds, steps[-1].seconds if steps else 0.0),
            more=MORE_SECONDS,
            noise=noise,
            most=most(scoring.metric),
        ),
        candidates=candidates(study),
        curves=_curves(study),
        importances=importances,
        board=_board(fitted),
        failures=[trial for trial in study.trials if isinstance(trial, Failed)],
        story=story(study, importances, metric=scoring.metric, modality=fitted.modality, seconds=fitted.seconds),
        versions=versions(study),
    )


def _board(fitted: Fitted) -> list[dict[str, Any]]:
    """The rows of the leaderboard."""
    board = leaderboard(fitted.study.trials, quantization=fitted.quantization)
    return [{str(name): cell for name, cell in row.items()} for row in board.to_dict("records")]


def judged(bundle: Bundle, scoring: Scoring, x: Any, y: Any) -> Judged | None:
    """Samples that `fit` never saw, with the model's answers; None where there are none.

    Raises:
        InputError: only one of both is given, they do not fit to each other or to the model, or the metric cannot be
            computed for them.
    """
    if x is None and y is None:
        return None
    if x is None or y is None:
        raise InputError(
            "`x_test` and `y_test` must be given together, or none of them. "
            f"Received only `{'y_test' if x is None else 'x_test'}`."
        )
    samples, truth = bundle.encoder.check(x), bundle.target.encode(y)
    if len(samples) != len(truth):
        raise InputError(
            f"`x_test` and `y_test` must have the same length. Received {len(samples)} samples and {len(truth)} labels."
        )
    scoring.check(truth)
    return Judged(truth, standard_answers(bundle, samples), fresh=True, samples=samples)


def candidates(study: Study) -> list[Candidate]:
    """All finished trials whose cost is known, in their order."""
    done = [
        t for t in study.trials if isinstance(t, Done) and not t.dropped and {"macs", "parameters"} <= set(t.metrics)
    ]
    if not done:
        return []
    losses = np.asarray([[-trial.score, trial.metrics["macs"]] for trial in done])
    shipped = study.shipped
    return [
        Candidate(
            trial.job.id,
            trial.score,
            trial.metrics["macs"],
            trial.metrics["parameters"] * 4 / 1024,
            bool(on_front),
            shipped is not None and trial.job.id == shipped.job.id,
        )
        for trial, on_front in zip(done, front(losses), strict=True)
    ]


def versions(study: Study) -> dict[str, str]:
    """What the fit ran with, and what Python makes the report."""
    header = study.header
    found = {"easynas": str(header.get("easynas", "unknown"))}
    found |= {str(name): str(version) for name, version in header.get("libraries", {}).items()}
    return {**found, "Python (of this report)": platform.python_version(), "System": platform.system()}


def standard_answers(bundle: Bundle, samples: Any) -> np.ndarray:
    """What the model answers, `(n, outputs)`; numbers are standardised."""
    answers, answer = bundle.answers(samples), bundle.target.answer
    if answer.kind != "numbers":
        return answers
    return np.asarray((answers - np.asarray(answer.mean)) / np.asarray(answer.scale))


def _examples(fitted: Fitted, judged: Judged) -> tuple[list[Example], list[Example]]:
    specimens = fitted.specimens
    if judged.samples is not None:
        samples, answers, y = judged.samples, judged.answers, judged.y
    else:
        samples = specimens.held_out
        answers, y = judged.answers[specimens.rows], judged.y[specimens.rows]
    target = fitted.bundle.target
    return examples(samples, answers, y, target.answer, fitted.labels, target.decided(answers))


def _look(fitted: Fitted, example: Example, deadline: Deadline) -> Look:
    if deadline.left <= 0 or fitted.modality == "tables":
        return Look(example, None)
    if fitted.modality == "images":
        return Look(example, influence.occlude(lambda x: standard_answers(fitted.bundle, x), example))
    return Look(example, None, tuple(influence.erase(lambda x: standard_answers(fitted.bundle, x), example)))


def _telling_words(fitted: Fitted, deadline: Deadline) -> list[tuple[str, list[influence.Word]]]:
    """The words that speak most for each answer, over some texts."""
    answer = fitted.bundle.target.answer
    if fitted.modality != "texts" or answer.kind == "numbers":
        return []
    samples = fitted.specimens.held_out[: min(_TEXTS, fitted.specimens.drawn)]
    answers = standard_answers(fitted.bundle, samples)
    outputs = fitted.bundle.target.decided(answers) if answer.kind == "classes" else answers.argmax(axis=1)
    told = []
    for place, output in enumerate(outputs):
        if deadline.left <= 0:
            break
        example = Example(samples[place : place + 1], "", "", None, int(output), right=True)
        told.append((int(output), influence.erase(lambda x: standard_answers(fitted.bundle, x), example)))
    found = influence.telling_words(told)
    return [(fitted.labels[output], words) for output, words in sorted(found.items()) if words]


def _columns(fitted: Fitted, judged: Judged, deadline: Deadline) -> list[influence.Column]:
    specimens = fitted.specimens
    if judged.samples is not None:
        samples, y = judged.samples, judged.y
    else:
        drawn = np.arange(specimens.drawn)
        samples, y = specimens.held_out[drawn], specimens.y[specimens.rows[drawn]]
    if not isinstance(samples, Table):
        return []
    thresholds = thresholds_of(fitted.bundle.target)

    def score(answers: np.ndarray, truth: np.ndarray) -> float:
        return fitted.scoring.score(answers, truth, thresholds=thresholds)

    return influence.permute(lambda x: standard_answers(fitted.bundle, x), score, samples, y, deadline)


def _curves(study: Study) -> list[Done]:
    """The best trials whose curves are known, best first."""
    known = [t for t in study.trials if isinstance(t, Done) and len(t.curve) > 1 and not t.dropped]
    return sorted(known, key=lambda trial: -trial.score)[:_CURVES]
