"""Networks without some of their channels: trials of their own, shipped where that is asked for."""

from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits

import easynas
from easynas.search.trial import Done
from easynas.tasks.pruning import Pruning
from tests.tasks.exact import Exact

DIGITS = load_digits()
TRAIN, HELD_OUT = slice(0, 1200), slice(1200, None)


def fitted(pruning: float | str) -> easynas.ImageClassifier:
    classifier = easynas.ImageClassifier(
        120, space="vgg", engine=Exact(), max_trials=1, pruning=pruning, random_state=0, verbose=0
    )
    x, y = DIGITS.images, DIGITS.target
    return classifier.fit(x[TRAIN], y[TRAIN], validation_data=(x[HELD_OUT], y[HELD_OUT]))


def made_of(classifier: easynas.ImageClassifier) -> list[Done]:
    """Its trials without channels, each of which says what it was made of."""
    trials = {trial.job.id: trial for trial in classifier.study_.trials}
    pruned = [trial for trial in trials.values() if trial.job.pruned]
    for trial in pruned:
        assert isinstance(trial, Done)
        parent = trials[trial.job.continues]
        assert parent.job.origin.startswith("final training")
        assert trial.job.origin == f"trial {parent.job.id} without {trial.job.pruned:.0%} of its channels"
        assert trial.metrics["parameters"] < parent.metrics["parameters"]
    return pruned


def test_what_loses_more_trains_on_for_longer() -> None:
    pruning = Pruning((0.5, 0.75, 0.3), seconds=60.0, least=5.0)
    left, parts = 60.0, []
    for number in range(3):
        parts.append(pruning.part(number, left))
        left -= parts[-1]
    assert left == pytest.approx(0.0)
    half, most, little = (part - pruning.least for part in parts)
    assert half / 0.5 == pytest.approx(most / 0.75) == pytest.approx(little / 0.3)


def test_the_time_that_is_left_is_used_and_no_more_even_if_it_is_less_than_each_needs() -> None:
    pruning = Pruning((0.5, 0.75, 0.3), seconds=60.0, least=25.0)
    assert [pruning.part(number, 30.0) for number in range(3)] == pytest.approx([10.0, 15.0, 30.0])


@pytest.mark.slow
def test_the_share_of_channels_that_is_asked_for_is_not_in_what_is_shipped(tmp_path: Path) -> None:
    classifier = fitted(0.5)
    [trial] = made_of(classifier)
    shipped = classifier.study_.shipped
    assert trial.job.id in (shipped.job.id, *shipped.job.members)
    number = int(classifier.pareto_front().query("chosen").trial.iloc[0])
    assert number == trial.job.id
    before = classifier.predict_proba(DIGITS.images)
    assert classifier.select(0).score(DIGITS.images[HELD_OUT], DIGITS.target[HELD_OUT]) != trial.score
    np.testing.assert_allclose(classifier.select(number).predict_proba(DIGITS.images), before, atol=1e-6)
    report = classifier.export(tmp_path / "model.tflite")
    assert report.parameters < 1.05 * trial.metrics["parameters"]
    answered = easynas.runtime.load(tmp_path / "model.tflite").predict(DIGITS.images[HELD_OUT])
    assert (answered == DIGITS.target[HELD_OUT]).mean() == pytest.approx(trial.score, abs=0.02)
    classifier.save(tmp_path / "saved")
    loaded = easynas.load(tmp_path / "saved")
    np.testing.assert_array_equal(loaded.predict(DIGITS.images), classifier.predict(DIGITS.images))


@pytest.mark.slow
def test_several_shares_are_trials_that_need_not_be_shipped() -> None:
    classifier = fitted("auto")
    pruned = made_of(classifier)
    assert len({trial.job.pruned for trial in pruned}) == len({trial.metrics["parameters"] for trial in pruned}) == 3
    assert set(classifier.leaderboard().origin) >= {trial.job.origin for trial in pruned}
    # Nothing is trained by this engine, so the baseline is better than all deep networks, and is the result.
    assert classifier.study_.shipped.score > max(trial.score for trial in pruned)
