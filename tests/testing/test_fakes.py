"""A clock and an engine that need no time."""

import pytest

from easynas.search.budget import Deadline
from easynas.search.trial import Done, Failed, Job, Trial
from easynas.testing import FakeClock, FakeEngine

WIDTHS = {"width": 1}


def evaluate(job: Job, *, deadline: Deadline, bar: float) -> Trial:
    """A job takes as many seconds as its number says."""
    return Done(job, score=0.5, seconds=float(job.id))


def test_time_goes_by_only_when_somebody_sleeps() -> None:
    clock = FakeClock(100.0)
    deadline = Deadline.after(60.0, clock)
    assert (deadline.left, deadline.elapsed) == (60.0, 0.0)
    clock.sleep(59.0)
    assert (deadline.left, deadline.elapsed, deadline.passed) == (1.0, 59.0, False)
    clock.sleep(1.0)
    assert deadline.passed


def test_time_does_not_go_backwards() -> None:
    with pytest.raises(ValueError, match="-1"):
        FakeClock().sleep(-1)


def test_trials_come_back_in_the_order_in_which_they_end() -> None:
    clock = FakeClock()
    engine, deadline = FakeEngine(evaluate, clock=clock, workers=3), Deadline.after(100.0, clock)
    handles = {engine.submit(Job(seconds, WIDTHS), deadline=deadline, bar=0.0): seconds for seconds in (7, 3, 3)}
    assert engine.poll(1.0) == []
    assert clock() == 1.0
    assert [handles[handle] for handle, _ in engine.poll(100.0)] == [3, 3]
    assert clock() == 3.0
    assert [trial.job.id for _, trial in engine.poll(100.0)] == [7]
    assert clock() == 7.0
    assert engine.poll(100.0) == []
    assert clock() == 7.0


def test_a_job_ends_with_its_deadline() -> None:
    clock = FakeClock()
    engine = FakeEngine(evaluate, clock=clock)
    engine.submit(Job(30, WIDTHS), deadline=Deadline.after(10.0, clock), bar=0.0)
    [(_, trial)] = engine.poll(60.0)
    assert isinstance(trial, Failed)
    assert trial.reason.startswith("deadline")
    assert trial.seconds == clock() == 10.0


def test_a_killed_job_ends_now() -> None:
    clock = FakeClock()
    engine = FakeEngine(evaluate, clock=clock)
    handle = engine.submit(Job(30, WIDTHS), deadline=Deadline.after(60.0, clock), bar=0.0)
    clock.sleep(5.0)
    engine.kill(handle)
    assert engine.poll(60.0) == [(handle, Failed(Job(30, WIDTHS), "stopped on request", 5.0))]


def test_more_jobs_than_workers_are_a_mistake() -> None:
    clock = FakeClock()
    engine, deadline = FakeEngine(evaluate, clock=clock), Deadline.after(60.0, clock)
    engine.submit(Job(1, WIDTHS), deadline=deadline, bar=0.0)
    with pytest.raises(RuntimeError, match="At most 1"):
        engine.submit(Job(2, WIDTHS), deadline=deadline, bar=0.0)


def test_a_closed_engine_runs_nothing() -> None:
    clock = FakeClock()
    engine = FakeEngine(evaluate, clock=clock)
    engine.submit(Job(1, WIDTHS), deadline=Deadline.after(60.0, clock), bar=0.0)
    engine.close()
    assert engine.poll(60.0) == []
