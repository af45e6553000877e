"""Trade-offs after a search: the front, and another model without searching again."""

from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_digits

import easynas
from easynas.deploy import quantize
from easynas.deploy.footprint import Footprint
from easynas.errors import InputError
from easynas.tasks.points import COLUMNS, Row, trade_offs
from tests.tasks.exact import Exact


def row(number: int, score: float, size_kb: float, latency_ms: float) -> Row:
    return Row(number, score, "mlp", "int8", Footprint(10, 100, size_kb, 0.5, latency_ms))


def test_the_front_is_what_no_other_beats_at_once() -> None:
    rows = [
        row(0, 0.8, 10, 1.0),
        row(1, 0.9, 20, 2.0),
        row(2, 0.85, 30, 3.0),
        row(3, 0.7, 12, 0.5),
        row(4, 0.9, 20, 3.0),
    ]
    table = trade_offs(rows, chosen=1)
    assert tuple(table.columns) == COLUMNS
    assert list(table.trial) == [1, 0, 3]
    assert list(table.chosen) == [True, False, False]
    assert table.iloc[0].to_dict() == {
        "trial": 1,
        "score": 0.9,
        "size_kb": 20,
        "latency_ms": 2.0,
        "params": 10,
        "macs": 100,
        "network": "mlp",
        "quantization": "int8",
        "chosen": True,
    }


def test_the_chosen_one_is_shown_even_if_others_beat_it() -> None:
    table = trade_offs([row(0, 0.8, 10, 1.0), row(1, 0.7, 20, 2.0), row(2, 0.6, 30, 3.0)], chosen=2)
    assert list(table.trial) == [0, 2]


def test_what_was_never_scored_can_be_shown_too() -> None:
    assert list(trade_offs([row(5, float("nan"), 10, 1.0)], chosen=5).trial) == [5]


@pytest.mark.slow
def test_another_trade_off_is_chosen_without_a_new_search(tmp_path: Path) -> None:
    x, y = load_breast_cancer(return_X_y=True)
    fitted = easynas.TabularClassifier(
        60, space="mlp", engine=Exact(), max_trials=4, quantization="float16", random_state=0, verbose=0
    ).fit(x, y)
    first, trials = fitted.predict_proba(x), len(fitted.study_.trials)
    front = fitted.pareto_front()
    assert len(front) >= 2
    assert front.chosen.sum() == 1
    chosen, other = (int(front.trial[front.chosen == flag].iloc[0]) for flag in (True, False))
    smaller = front.set_index("trial").loc[other]
    assert fitted.select(other) is fitted
    assert fitted.pareto_front().set_index("trial").chosen[other]
    assert np.abs(fitted.predict_proba(x) - first).max() > 1e-3
    assert fitted.score(x, y) > 0.9
    assert fitted.best_score_ == smaller.score == fitted.study_.shipped.score
    report = fitted.export(tmp_path / "model.tflite")
    assert report.size_kb == pytest.approx(smaller.size_kb, rel=0.02)
    assert fitted.report(tmp_path / "report.html").is_file()
    fitted.save(tmp_path / "saved")
    loaded = easynas.load(tmp_path / "saved")
    np.testing.assert_allclose(loaded.predict_proba(x), fitted.predict_proba(x), atol=1e-6)
    assert loaded.best_score_ == fitted.best_score_
    assert list(loaded.pareto_front().chosen) == [True]
    with pytest.raises(InputError, match="saved or compressed has no others"):
        loaded.select(chosen)
    fitted.select(chosen)
    np.testing.assert_allclose(fitted.predict_proba(x), first, atol=1e-6)
    fitted.select(other)
    assert len(fitted.study_.trials) <= trials + 1
    with pytest.raises(InputError, match=r"`trial` must be one of `pareto_front\(\)`, \["):
        fitted.select(99)


@pytest.mark.slow
def test_the_numbers_of_the_file_are_searched_and_belong_to_each_point(tmp_path: Path) -> None:
    x, y = load_breast_cancer(return_X_y=True)
    train, held_out = slice(0, 369), slice(369, 569)
    fitted = easynas.TabularClassifier(
        60, space="mlp", engine=Exact(), max_trials=5, quantization="auto", random_state=0, verbose=0
    ).fit(x[train], y[train], validation_data=(x[held_out], y[held_out]))
    board = fitted.leaderboard().set_index("trial")
    assert {"dynamic", "int8", "float32"} <= set(board.quantization)
    done = board[(board.status == "done") & ~board.origin.str.contains("average|calibrated|thresholds")]
    front = fitted.pareto_front()
    assert set(front.quantization) <= {"dynamic", "int8", "float32"}
    for row in front.itertuples():
        report = fitted.select(row.trial).export(tmp_path / "model.tflite")
        assert report.quantization == row.quantization == board.quantization.get(row.trial, row.quantization)
        assert report.size_kb == pytest.approx(row.size_kb, rel=0.02)
        if row.trial in done.index:
            answered = easynas.runtime.load(tmp_path / "model.tflite").predict(x[held_out])
            assert (answered == y[held_out]).mean() == pytest.approx(fitted.best_score_, abs=0.006)
    assert set(front.trial) & set(done.index)
    fitted.save(tmp_path / "saved")
    loaded = easynas.load(tmp_path / "saved")
    assert loaded.export(tmp_path / "again.tflite").quantization == report.quantization
    assert list(loaded.pareto_front().quantization) == [report.quantization]


@pytest.mark.slow
def test_the_front_shows_what_export_writes_even_where_int8_loses_too_much(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quantize, "ENOUGH", 1.0)  # so that any other answer is too much
    digits = load_digits()
    fitted = easynas.ImageClassifier(
        60, space="vgg", engine=Exact(), max_trials=3, quantization="int8", random_state=0, verbose=0
    ).fit(digits.images, digits.target)
    reports = []
    for row in fitted.pareto_front().itertuples():
        report = fitted.select(row.trial).export(tmp_path / "model.tflite")
        assert report.parameters == row.params
        assert report.macs == row.macs
        assert report.size_kb == pytest.approx(row.size_kb, rel=0.01)
        reports.append(report)
    assert any("in float" in warning for report in reports for warning in report.warnings)
