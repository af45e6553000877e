"""The leaderboard shows every trial, and why it failed."""

import math

import pytest

from easynas.report.leaderboard import COLUMNS, leaderboard, status
from easynas.search.trial import Done, Failed, Job, Trial

METRICS = {"epochs": 4.5, "parameters": 1000.0, "macs": 2e6}
GOOD = Done(Job(1, {"network": "resnet", "width": 16}, origin="portfolio"), 0.9, 12.0, {**METRICS, "loss": 0.3})
TIED = Done(Job(2, {"network": "vgg"}), 0.9, 12.0, {"loss": 0.4})
BASELINE = Done(Job(0, {}, origin="baseline"), 0.7, 3.0, {"loss": 0.9})
DROPPED = Done(Job(3, {"network": "mbconv"}), 0.95, 4.0, fidelity=0.3)
FAILED = Failed(Job(4, {"network": "regnet"}, origin="mutation of 1"), "out of memory", 5.0)
TRIALS: list[Trial] = [BASELINE, FAILED, TIED, DROPPED, GOOD]


def test_best_come_first_then_dropped_then_failed() -> None:
    board = leaderboard(TRIALS)
    assert board["trial"].tolist() == [1, 2, 0, 3, 4]
    assert board["status"].tolist() == ["done", "done", "done", "dropped", "failed"]


def test_a_row_says_everything_about_a_trial() -> None:
    row = leaderboard(TRIALS).iloc[0].to_dict()
    expected = {
        "status": "done",
        "score": 0.9,
        "network": "resnet",
        "quantization": "float32",
        "float_score": 0.9,
        "origin": "portfolio",
        "deployable": True,
        "fidelity": 1.0,
        "seconds": 12.0,
        "reason": "",
    }
    assert row == {"trial": 1, **expected, **METRICS, "values": {"network": "resnet", "width": 16}}


def test_a_row_says_what_the_file_of_a_trial_is_made_of_and_what_that_cost() -> None:
    chosen = Done(Job(5, {"quantization": "int8"}), 0.88, 1.0, {"float_score": 0.9})
    rows = leaderboard([chosen, BASELINE], quantization="dynamic").set_index("trial")
    assert rows.quantization.to_dict() == {5: "int8", 0: "dynamic"}
    assert rows.float_score.to_dict() == {5: 0.9, 0: 0.7}
    assert rows.score[5] == 0.88


def test_a_failed_trial_has_a_reason_and_no_score() -> None:
    row = leaderboard([FAILED]).iloc[0]
    assert row["reason"] == "out of memory"
    assert math.isnan(row["score"])
    assert row["seconds"] == 5.0


def test_without_trials_the_columns_are_there() -> None:
    board = leaderboard([])
    assert len(board) == 0
    assert tuple(board.columns) == COLUMNS


@pytest.mark.parametrize(("trial", "word"), [(GOOD, "done"), (DROPPED, "dropped"), (FAILED, "failed")])
def test_a_word_says_what_became_of_a_trial(trial: Trial, word: str) -> None:
    assert status(trial) == word
