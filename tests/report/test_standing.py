"""How a fit stands: from a journal, while it runs, when it ended, and when its process is gone."""

import json
import os
import platform
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from easynas.errors import StudyError
from easynas.report.standing import Standing, clock_text, sparkline, standing_of
from easynas.search.journal import FILE, STOPPED
from easynas.search.running import announce
from easynas.search.study import Study
from easynas.search.trial import Done, Job
from easynas.testing import FakeClock

BEST = Done(Job(1, {"network": "resnet"}), 0.9, 12.0)
DROPPED = Done(Job(2, {"network": "vgg"}), 0.95, 4.0, fidelity=0.3)
REFERENCE = Done(Job(3, {}, reference=True), 0.99, 1.0)
WORSE = Done(Job(4, {"network": "mbconv"}), 0.8, 12.0)


def study(directory: Path, *, ship: bool = False) -> None:
    """A run of 600 s in the 40th second of which a network is trained; perhaps it ended."""
    clock = FakeClock()
    with Study.open(directory, {"metric": "accuracy"}, budget=600.0, clock=clock) as opened:
        opened.enter("training a baseline", then="searching")
        clock.sleep(40.0)
        opened.enter("searching", then="making the model")
        opened.append(BEST)
        announce(opened.weights_folder, Job(7, {"network": "vgg"}), [2.0, 1.0])
        if ship:
            clock.sleep(500.0)
            opened.ship(BEST)


def began(directory: Path) -> float:
    return float(json.loads((directory / FILE).read_text().splitlines()[1])["at"])


def test_a_journal_tells_phase_time_and_what_runs(tmp_path: Path) -> None:
    study(tmp_path)
    before = (tmp_path / FILE).read_bytes()
    standing = standing_of(tmp_path, now=began(tmp_path) + 100.0)
    assert (standing.state, standing.phase, standing.then) == ("running", "searching", "making the model")
    assert (standing.left, standing.share, standing.metric) == (500.0, pytest.approx(1 / 6), "accuracy")
    assert standing.best == BEST
    assert [(each.number, each.curve) for each in standing.running] == [(7, (2.0, 1.0))]
    assert (tmp_path / FILE).read_bytes() == before


def test_a_fit_that_ended_stands_still(tmp_path: Path) -> None:
    study(tmp_path, ship=True)
    standing = standing_of(tmp_path, now=began(tmp_path) + 10_000.0)
    assert (standing.state, standing.phase, standing.elapsed) == ("ended", "the model is ready", 540.0)
    assert standing.running == ()


@pytest.mark.parametrize(
    ("host", "pid", "after", "state"),
    [
        (platform.node(), os.getpid(), 10_000.0, "running"),
        (platform.node(), 2**30, 100.0, "gone"),
        ("elsewhere", 1, 100.0, "running"),
        ("elsewhere", 1, 700.0, "gone"),
    ],
    ids=["here and alive", "here and dead", "elsewhere", "elsewhere, for long"],
)
def test_a_run_whose_process_is_gone_was_interrupted(
    tmp_path: Path, host: str, pid: int, after: float, state: str
) -> None:
    study(tmp_path)
    lines = (tmp_path / FILE).read_text().splitlines()
    lines[1] = json.dumps({**json.loads(lines[1]), "host": host, "pid": pid})
    (tmp_path / FILE).write_text("\n".join(lines) + "\n")
    standing = standing_of(tmp_path, now=began(tmp_path) + after)
    assert standing.state == state
    if state == "gone":
        assert (standing.phase, standing.elapsed) == ("interrupted", 40.0)


def test_a_fit_that_was_stopped_says_so_until_the_next_one(tmp_path: Path) -> None:
    with Study.open(tmp_path, {"metric": "accuracy"}, budget=600.0) as opened:
        opened.append(BEST)
        opened.enter(f"{STOPPED}; Ctrl-C again to leave")
        assert standing_of(tmp_path).phase == f"{STOPPED}; Ctrl-C again to leave"
        opened.enter("making the model")
        opened.ship(BEST)
    assert standing_of(tmp_path).phase == "stopped on request: the best model so far is ready"
    study(tmp_path, ship=True)
    assert standing_of(tmp_path).phase == "the model is ready"


def test_without_a_journal_there_is_nothing_to_follow(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="must hold a study"):
        standing_of(tmp_path)


def test_leaders_are_what_could_be_the_result() -> None:
    standing = Standing("searching", "", 1.0, 2.0, "accuracy", (WORSE, DROPPED, REFERENCE, BEST))
    assert standing.leaders(5) == [BEST, WORSE]
    assert standing.leaders(1) == [BEST]


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.0, "0:00"), (59.9, "0:59"), (125.0, "2:05"), (3_600.0, "1:00:00"), (7_265.0, "2:01:05")]
)
def test_a_clock_shows_hours_only_if_there_are_any(seconds: float, text: str) -> None:
    assert clock_text(seconds) == text


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=20))
def test_a_sparkline_rises_where_its_curve_rises(curve: list[float]) -> None:
    bars = sparkline(curve)
    assert len(bars) == len(curve)
    drawn = sorted(zip(curve, bars, strict=True))
    assert [bar for _, bar in drawn] == sorted(bars)
    assert bars[curve.index(min(curve))] == "▁"
    assert max(curve) == min(curve) or bars[curve.index(max(curve))] == "█"


def test_what_is_no_number_is_not_drawn() -> None:
    assert sparkline([1.0, float("nan"), 0.0]) == "█▁"
    assert sparkline([]) == ""
