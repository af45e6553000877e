"""Scores come with the width of what chance does to them."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from easynas.report.facts import gather
from easynas.report.verdict import Rival, Verdict, interval, wilson
from easynas.schema import Answer
from easynas.train.scoring import Scoring
from tests.report.made import fitted


def test_classes_are_judged_as_their_thresholds_decide(tmp_path: Path) -> None:
    made = fitted("texts", tmp_path)
    bundle = dataclasses.replace(made.bundle, target=dataclasses.replace(made.bundle.target, thresholds=(0.999, 0.001)))
    facts = gather(dataclasses.replace(made, bundle=bundle), None, form_seconds=0.0)
    answered = bundle.predict(made.specimens.answers)
    assert (answered == bundle.target.labels[1]).mean() > 0.9  # the second class nearly always
    assert facts.confusion is not None
    assert facts.confusion.counts[:, 1].sum() == (answered == bundle.target.labels[1]).sum()
    assert facts.verdict.score == pytest.approx((answered == bundle.target.decode(made.specimens.y)).mean())
    assert {look.example.answered for look in facts.mistakes} <= set(answered)


def test_the_interval_of_a_share_is_wilsons() -> None:
    assert wilson(0.8, 10) == pytest.approx((0.490, 0.943), abs=5e-4)


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_a_share_without_exception_is_still_uncertain(share: float) -> None:
    low, high = wilson(share, 50)
    assert 0 <= low < high <= 1
    assert high - low > 0.05


def test_more_samples_make_a_score_surer() -> None:
    rng = np.random.default_rng(0)
    answer = Answer("numbers", 1, (0.0,), (1.0,))
    widths = []
    for count in (50, 800):
        y = rng.normal(size=(count, 1))
        scoring = Scoring.of("r2", answer)
        answers = y + 0.5 * rng.normal(size=y.shape)
        score = scoring.score(answers, y)
        low, high = interval(scoring, score, answers, y)
        assert low < score < high
        widths.append(high - low)
    assert widths[1] < widths[0] / 2


def test_most_intervals_hold_the_truth() -> None:
    rng = np.random.default_rng(0)
    held = 0
    for _ in range(200):
        low, high = wilson(rng.binomial(100, 0.9) / 100, 100)
        held += low <= 0.9 <= high
    assert held > 180


@pytest.mark.parametrize(
    ("best", "words"),
    [(0.95, "does better"), (0.86, "about as good"), (0.5, "better than all of these")],
)
def test_the_comparison_says_what_follows(best: float, words: str) -> None:
    verdict = Verdict("accuracy", 0.88, 0.85, 0.91, 400, fresh=False, rivals=(Rival("A linear model", best),))
    assert words in verdict.comparison
