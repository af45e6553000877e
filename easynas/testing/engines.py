"""`check_engine`: the contract of an engine, for everybody who writes one."""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager

import psutil

from easynas.search.budget import Deadline
from easynas.search.loop import Engine, Evaluate
from easynas.search.trial import Done, Failed, Job, Trial

Start = Callable[[Evaluate], Engine]

_PATIENCE = 60.0  # seconds within which an engine must answer for a job; the first worker may have to start
_LONG = 30.0  # seconds of a job that nobody waits for


def check_engine(start: Start) -> None:
    """Checks that the engines of `start(evaluate)` keep their promises.

    Every job is answered for exactly once, with its own trial, and the next one runs: after it failed, was late, was
    killed, ran out of memory, or took its process with it. Job, deadline and bar arrive. Several jobs run side by side.
    A bug in `evaluate` is raised. Closing leaves nothing running, and may be done twice.

    Args:
        start: brings up an engine on this machine whose grace is at most 3 s; it is called once for every promise.

    Raises:
        AssertionError: what the engine does wrong.
    """
    checks = (_answers, _failures, _late, _killed, _bugs, _memory, _nothing, _side_by_side, _crashes, _closes)
    for check in checks:
        with _started(start) as engine:
            check(engine)


def _answers(engine: Engine) -> None:
    jobs = [Job(number, {"act": "work"}, fidelity=0.5, origin="a test") for number in range(3 * engine.workers)]
    for job in jobs:
        trial = _run(engine, job)
        assert isinstance(trial, Done), f"A job that works must come back as Done. Received: {trial}."
        assert trial.job == job, f"A trial must hold its own job, {job}. Received: {trial.job}."
        assert trial.metrics["bar"] == _BAR, f"The bar must arrive. Received: {trial.metrics['bar']}."
        left = trial.metrics["left"]
        assert 0 < left <= _PATIENCE, f"The deadline must arrive, {_PATIENCE:g} s ahead. Received: {left:g} s ahead."


def _failures(engine: Engine) -> None:
    trial = _run(engine, Job(7, {"act": "fail"}))
    assert trial == Failed(Job(7, {"act": "fail"}), "diverged", 0.5), f"`Failed` must arrive. Received: {trial}."


def _late(engine: Engine) -> None:
    _warm(engine)
    trial = _expect_failure(engine, "sleep", seconds=0.5)
    assert "deadline" in trial.reason, f"The reason must name the deadline. Received: {trial.reason!r}."
    assert trial.seconds < _LONG, f"A late job must be ended. It took {trial.seconds:g} s."
    _warm(engine)


def _killed(engine: Engine) -> None:
    _warm(engine)
    handle = engine.submit(Job(0, {"act": "sleep"}), deadline=Deadline.after(_PATIENCE), bar=_BAR)
    engine.poll(timeout=0.2)
    engine.kill(handle)
    trial = _wait(engine, handle)
    assert isinstance(trial, Failed), f"A killed job must come back as Failed. Received: {trial}."
    assert trial.seconds < _LONG, f"Killing must end the job. It took {trial.seconds:g} s."
    _warm(engine)


def _bugs(engine: Engine) -> None:
    _warm(engine)
    deadline = Deadline.after(_PATIENCE)
    acts = ["work", "raise", "work"] if engine.workers > 1 else ["raise"]
    handles = [engine.submit(Job(at, {"act": act}), deadline=deadline, bar=_BAR) for at, act in enumerate(acts)]
    time.sleep(1.0)  # all have ended, so that one answer could hide another
    raised, answered = 0, set[int]()
    while raised + len(answered) < len(handles) and not deadline.passed:
        try:
            answered |= {handle for handle, _ in engine.poll(timeout=1.0)}
        except ZeroDivisionError:
            raised += 1
    assert raised == 1, f"`poll` must raise the errors of `evaluate`. It raised {raised}."
    assert len(answered) == len(handles) - 1, f"A bug must hide no other answer. Received: {answered} of {handles}."
    _warm(engine)


def _memory(engine: Engine) -> None:
    trial = _expect_failure(engine, "memory")
    assert "memory" in trial.reason, f"The reason must name the memory. Received: {trial.reason!r}."
    _warm(engine)


def _nothing(engine: Engine) -> None:
    started = time.monotonic()
    ended = engine.poll(timeout=_LONG)
    assert ended == [], f"Nothing ends where nothing runs. Received: {ended}."
    assert time.monotonic() - started < _LONG / 2, "`poll` must not wait where nothing runs."


def _side_by_side(engine: Engine) -> None:
    for _ in range(engine.workers):
        _warm(engine)
    deadline = Deadline.after(_PATIENCE)
    handles = [
        engine.submit(Job(number, {"act": "meet"}), deadline=deadline, bar=_BAR) for number in range(engine.workers)
    ]
    spans: list[Mapping[str, float]] = []
    while len(spans) < len(handles) and not deadline.passed:
        spans += [trial.metrics for _, trial in engine.poll(timeout=1.0) if isinstance(trial, Done)]
    assert len(spans) == len(handles), f"{len(handles)} jobs must be answered. Received: {len(spans)} answers."
    together = max(span["began"] for span in spans) < min(span["ended"] for span in spans)
    assert together, f"{len(handles)} jobs must run at the same time, as `workers` says. Received: {spans}."


def _crashes(engine: Engine) -> None:
    for _ in range(2):
        _expect_failure(engine, "exit")
    _warm(engine)


def _closes(engine: Engine) -> None:
    trial = _run(engine, Job(0, {"act": "work"}))
    assert isinstance(trial, Done), f"A job that works must come back as Done. Received: {trial}."
    engine.submit(Job(1, {"act": "sleep"}), deadline=Deadline.after(_PATIENCE), bar=_BAR)
    engine.poll(timeout=0.2)
    engine.close()
    deadline = Deadline.after(_PATIENCE)
    while _is_alive(int(trial.metrics["pid"])) and not deadline.passed:
        time.sleep(0.1)
    assert not deadline.passed, "`close` must end all workers. One is alive."


_BAR = 0.25


def _evaluate(job: Job, *, deadline: Deadline, bar: float) -> Trial:
    """Does what the job says; runs where the engine has it run."""
    began = time.monotonic()
    act = job.values["act"]
    if act == "fail":
        return Failed(job, "diverged", 0.5)
    if act == "raise":
        raise ZeroDivisionError
    if act == "memory":
        raise MemoryError("no room")
    if act == "exit":
        os._exit(3)
    if act == "sleep":
        time.sleep(_LONG)
    if act == "meet":
        time.sleep(2.0)
    metrics = {"bar": bar, "left": deadline.left, "pid": float(os.getpid()), "began": began, "ended": time.monotonic()}
    return Done(job, score=0.5, seconds=0.0, metrics=metrics)


@contextmanager
def _started(start: Start) -> Iterator[Engine]:
    with closing(start(_evaluate)) as engine:
        assert engine.workers >= 1, f"An engine must have a worker. Received: {engine.workers}."
        yield engine
        engine.close()


def _warm(engine: Engine) -> None:
    trial = _run(engine, Job(99, {"act": "work"}))
    assert isinstance(trial, Done), f"The next job must run as if nothing had happened. Received: {trial}."


def _expect_failure(engine: Engine, act: str, *, seconds: float = _PATIENCE) -> Failed:
    trial = _run(engine, Job(0, {"act": act}), seconds=seconds)
    assert isinstance(trial, Failed), f"A job that does {act!r} must come back as Failed. Received: {trial}."
    return trial


def _run(engine: Engine, job: Job, *, seconds: float = _PATIENCE) -> Trial:
    return _wait(engine, engine.submit(job, deadline=Deadline.after(seconds), bar=_BAR))


def _wait(engine: Engine, handle: int) -> Trial:
    patience = Deadline.after(2 * _PATIENCE)
    ended: list[tuple[int, Trial]] = []
    while not ended and not patience.passed:
        ended = engine.poll(timeout=1.0)
    assert [number for number, _ in ended] == [handle], f"Job {handle} must be answered for, once. Received: {ended}."
    return ended[0][1]


def _is_alive(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
