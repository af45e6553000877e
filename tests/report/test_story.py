"""The search in sentences, and the words of a report."""

import math
from pathlib import Path

import pytest

from easynas.report.facts import candidates
from easynas.report.importance import importances
from easynas.report.story import story
from easynas.report.words import (
    certainty_words,
    choice_words,
    count_words,
    listed,
    meaning,
    most,
    network_words,
    score_words,
    seconds_words,
)
from easynas.search.study import Study
from easynas.search.trial import Done, Job
from tests.report.made import study


def test_the_story_tells_where_what_and_why(tmp_path: Path) -> None:
    made = study(tmp_path, metric="accuracy", trials=14)
    chapters = dict(story(made, importances(made.trials), metric="accuracy", modality="images", seconds=60.0))
    assert chapters["Where it searched, and why"] == ["Images keep their pixels."]
    tried = " ".join(chapters["What was tried"])
    assert "16 networks were trained in 1 min" in tried
    assert "14 came to the end, 1 given up on the way, 1 failed" in tried
    assert "Plain convolutions (15)" in tried
    refused = " ".join(chapters["What was refused"])
    assert "Trial 14 was given up" in refused
    assert "Trial 15 failed: out of memory" in refused
    decided = " ".join(chapters["What decided"])
    assert made.shipped is not None
    assert f"The result is trial {made.shipped.job.id}" in decided
    assert "Width (patterns in the first layers), vgg explains" in decided


def test_a_result_that_was_calibrated_is_named_after_its_network(tmp_path: Path) -> None:
    study(tmp_path, metric="accuracy", trials=3).close()
    with Study.open(tmp_path, {"task": "made", "data": "0123", "metric": "accuracy"}) as made:
        job = Job(9, {"network": "vgg", "vgg/width": 16}, origin="trial 2, calibrated", members=(2,))
        made.append(Done(job, 0.75, 1.0))
        made.ship(made.trials[-1])
    chapters = dict(story(made, [], metric="accuracy", modality="images", seconds=60.0))
    assert chapters["What was tried"][0] == "5 networks were trained in 1 min."
    assert chapters["What decided"][0] == (
        "The result is trial 9 (trial 2, calibrated): Plain convolutions, accuracy 75.0%."
    )


@pytest.mark.parametrize(("modality", "told"), [("tables", True), ("images", False)])
def test_a_network_that_was_passed_over_for_its_loss_is_named(tmp_path: Path, modality: str, *, told: bool) -> None:
    with Study.open(tmp_path, {"task": "made", "data": "0123", "metric": "accuracy"}) as made:
        for number, (score, loss) in enumerate([(0.9, 0.4), (0.95, 0.6), (0.85, 0.7)]):
            made.weights_path(number).parent.mkdir(parents=True, exist_ok=True)
            made.weights_path(number).write_bytes(b"")
            made.append(Done(Job(number, {"network": "mlp"}), score, 1.0, {"loss": loss}))
        made.ship(made.trials[0])
        chapters = dict(story(made, [], metric="accuracy", modality=modality, seconds=60.0))
    decided = " ".join(chapters["What decided"])
    assert ("Trial 1 scores 95.0%, but its loss is 0.600 against 0.400. The loss decides" in decided) == told
    assert "Trial 2 scores" not in decided


def test_a_study_tells_when_its_trials_ended(tmp_path: Path) -> None:
    made = study(tmp_path, metric="accuracy", trials=3)
    assert made.moments == [2.0, 4.0, 6.0, 8.0, 10.0]  # the clock of the study shows 2 s more at every look


def test_the_front_holds_what_nothing_beats(tmp_path: Path) -> None:
    found = candidates(study(tmp_path, metric="accuracy"))
    for each in found:
        beaten = any(
            o.score >= each.score and o.macs <= each.macs and (o.score, o.macs) != (each.score, each.macs)
            for o in found
        )
        assert each.on_front != beaten
    assert sum(each.chosen for each in found) == 1


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (seconds_words(59.6), "1 min"),
        (seconds_words(200), "3 min 20 s"),
        (seconds_words(3900), "1 h 5 min"),
        (count_words(41_234), "41.2 thousand"),
        (count_words(999), "999"),
        (listed(["a"]), "a"),
        (listed(["a", "b", "c"]), "a, b and c"),
        (score_words("accuracy", 0.9014), "90.1%"),
        (score_words("r2", 0.5), "0.500"),
        (score_words("r2", math.nan), "–"),
        (certainty_words(0.9999), "over 99%"),
        (choice_words("train/rate"), "learning rate"),
        (choice_words("mine/new_knob"), "new knob, mine"),
        (network_words("texts", "gru")[0], "Reader"),
        (network_words("texts", "mine"), ("mine", "")),
        (meaning("accuracy", 0.9014), "About 90 of 100 answers are right."),
        (meaning("accuracy", 0.9972), "About 99.7 of 100 answers are right."),
        (meaning("unheard_of", 0.5), ""),
    ],
)
def test_words_are_plain(said: object, expected: object) -> None:
    assert said == expected


@pytest.mark.parametrize(
    ("metric", "limit"), [("accuracy", 1.0), ("r2", 1.0), ("neg_log_loss", 0.0), ("roc_auc", 1.0), ("mine", math.inf)]
)
def test_the_best_score_there_can_be(metric: str, limit: float) -> None:
    assert most(metric) == limit


def test_what_networks_lost_as_files_is_said(tmp_path: Path) -> None:
    study(tmp_path, metric="accuracy", trials=3).close()
    with Study.open(tmp_path, {"task": "made", "data": "0123", "metric": "accuracy"}) as made:
        for number, before, after in ((20, 0.9, 0.9), (21, 0.8, 0.7)):
            made.append(Done(Job(number, {"network": "vgg"}), after, 1.0, {"float_score": before}))
    chapters = dict(story(made, [], metric="accuracy", modality="images", seconds=60.0))
    [said] = [each for each in chapters["What was tried"] if "files" in each]
    assert "the 2 that were judged so had 85.0% on average before, and 80.0% as files" in said
    assert "Trial 21 lost most, from 80.0% to 70.0%." in said
