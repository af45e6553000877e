"""`Verdict`: how good the model is, how sure that is, and what it is compared with."""

import math
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.exceptions import UndefinedMetricWarning

from easynas.data.dataset import Target
from easynas.data.labels import LabelsTarget
from easynas.data.target import ClassTarget
from easynas.report.linear import linear_answers
from easynas.report.specimens import Specimens
from easynas.report.words import most
from easynas.schema import Answer
from easynas.search.trial import Done, Trial
from easynas.train.scoring import Scoring

RESAMPLES = 200
_Z = 1.96  # 95 % of a normal distribution


@dataclass(frozen=True, eq=False)
class Judged:
    """Samples that the model is judged by.

    Attributes:
        y: what should be answered, `(m,)` or `(m, outputs)`.
        answers: what is answered, `(m, outputs)`; numbers are standardised.
        fresh: whether `fit` never saw them.
        samples: in the encoder's container; None: those of the specimens.
    """

    y: np.ndarray
    answers: np.ndarray
    fresh: bool
    samples: Any = None


@dataclass(frozen=True)
class Rival:
    """Something simpler that the model is compared with.

    Attributes:
        name: in words.
        score: on the same samples, unless `remark` says otherwise.
        remark: what else there is to say; may be empty.
    """

    name: str
    score: float
    remark: str = ""


@dataclass(frozen=True)
class Verdict:
    """How good the model is.

    Attributes:
        metric: name of the score.
        score: larger is better.
        low: lower end of its 95 % interval.
        high: upper end.
        samples: how many samples it was measured on.
        fresh: whether `fit` never saw them.
        rivals: what it is compared with, the best first.
    """

    metric: str
    score: float
    low: float
    high: float
    samples: int
    fresh: bool
    rivals: tuple[Rival, ...]

    @property
    def comparison(self) -> str:
        """What follows from the rivals, as a sentence."""
        best = self.rivals[0] if self.rivals else None
        if best is None or not math.isfinite(self.low):
            return ""
        if best.score > self.high:
            return f"{best.name} does better: take that, or give more time, or more data."
        if best.score >= self.low:
            return f"{best.name} is about as good: the difference may be chance, and the simpler way may do."
        return "It is better than all of these, by more than chance."


def judge(
    scoring: Scoring, target: Target, judged: Judged, specimens: Specimens, trials: Sequence[Trial], encoder: Any
) -> Verdict:
    """Scores the model and its rivals.

    Args:
        scoring: the metric that was searched for.
        target: whose thresholds decide what is answered.
        judged: the samples to score on.
        specimens: what a linear model is fitted to.
        trials: among which are references.
        encoder: of the samples.
    """
    # Those of each label were chosen by the held-out samples, and would flatter there; of classes it was one number.
    thresholds = thresholds_of(target) if judged.fresh or scoring.answer.kind == "classes" else None
    score = _score(scoring, judged.answers, judged.y, thresholds)
    low, high = interval(scoring, score, judged.answers, judged.y, thresholds)
    rivals = [
        _constant(scoring, judged, specimens),
        *_linear(scoring, judged, specimens, encoder),
        *(_reference(trial, judged) for trial in trials if isinstance(trial, Done) and trial.job.reference),
    ]
    rivals.sort(key=lambda rival: -rival.score)
    return Verdict(scoring.metric, score, low, high, len(judged.y), judged.fresh, tuple(rivals))


def thresholds_of(target: Target) -> tuple[float, ...] | None:
    """The probability from which each label is given, or the thresholds of classes; None where there are none."""
    if isinstance(target, LabelsTarget):
        return target.thresholds or (0.5,) * len(target.labels)
    return (target.thresholds or None) if isinstance(target, ClassTarget) else None


def interval(
    scoring: Scoring, score: float, answers: np.ndarray, y: np.ndarray, thresholds: Sequence[float] | None = None
) -> tuple[float, float]:
    """The 95 % interval of a score: Wilson's for shares of samples, percentiles of resamples for anything else.

    Of labels without thresholds of their own it is that of a normal distribution around the score.

    Wilson 1927, "Probable inference, the law of succession, and statistical inference"; Efron 1979, "Bootstrap
    methods". Neither knows that networks were chosen by these samples.
    """
    if scoring.metric == "accuracy" and scoring.answer.kind == "classes":
        return wilson(score, len(y))
    if scoring.answer.kind == "labels" and thresholds is None:
        with _silence():
            half = _Z * scoring.standard_error(score, answers, y)  # a threshold for each resample would take minutes
        return score - half, min(score + half, most(scoring.metric))
    rng = np.random.default_rng(0)
    draws = (rng.integers(len(y), size=len(y)) for _ in range(RESAMPLES))
    scores = [
        _score(scoring, answers[rows], y[rows], thresholds)
        for rows in draws
        if scoring.answer.kind != "classes" or len(np.unique(y[rows])) == len(np.unique(y))
    ]
    finite = np.asarray([each for each in scores if math.isfinite(each)])
    if len(finite) < RESAMPLES // 10:
        return math.nan, math.nan
    low, high = np.percentile(finite, (2.5, 97.5))
    return float(low), float(high)


def wilson(share: float, count: int) -> tuple[float, float]:
    """The 95 % interval of a share that was seen in `count` samples."""
    middle = (share + _Z**2 / (2 * count)) / (1 + _Z**2 / count)
    half = _Z / (1 + _Z**2 / count) * math.sqrt(share * (1 - share) / count + _Z**2 / (4 * count**2))
    return max(0.0, middle - half), min(1.0, middle + half)


def _score(scoring: Scoring, answers: np.ndarray, y: np.ndarray, thresholds: Sequence[float] | None) -> float:
    with _silence():
        return scoring.score(answers, y, thresholds=thresholds)


@contextmanager
def _silence() -> Iterator[None]:
    """A class that is never answered counts as 0, and nobody need be told each time."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UndefinedMetricWarning)
        yield


def _constant(scoring: Scoring, judged: Judged, specimens: Specimens) -> Rival:
    answers = np.tile(specimens.frequencies, (len(judged.y), 1))
    name = "The same answer for everything"
    remark = {
        "classes": "always the most frequent class",
        "labels": "always the most frequent labels",
        "numbers": "always the mean",
    }
    return Rival(name, _score(scoring, answers, judged.y, None), remark[scoring.answer.kind])


def _linear(scoring: Scoring, judged: Judged, specimens: Specimens, encoder: Any) -> list[Rival]:
    samples = specimens.held_out if judged.samples is None else judged.samples
    y = specimens.y[specimens.rows] if judged.samples is None else judged.y
    if judged.samples is None:  # the worst samples would speak against it
        drawn = np.arange(specimens.drawn)
        samples, y = samples[drawn], y[drawn]
    answers = linear_answers(specimens, encoder, scoring.answer, samples, crossed=judged.samples is None)
    if answers is None or not _has_all(scoring.answer, y):
        return []
    learned = len(specimens.y_train)
    parts = [] if learned >= specimens.total else [f"trained on {learned:,} of {specimens.total:,} samples"]
    parts += [] if len(y) == len(judged.y) else [f"judged on {len(y):,} of {len(judged.y):,}"]
    return [Rival("A linear model", _score(scoring, answers, y, None), ", ".join(parts))]


def _has_all(answer: Answer, y: np.ndarray) -> bool:
    return answer.kind != "classes" or len(np.unique(y)) > 1


def _reference(trial: Done, judged: Judged) -> Rival:
    name = str(trial.job.values.get("network", "a reference"))
    return Rival(name[:1].upper() + name[1:], trial.score, "on the held-out samples" if judged.fresh else "")
