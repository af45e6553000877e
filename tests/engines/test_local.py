"""Worker processes: whatever happens to one, its job is answered and the next one runs."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cloudpickle
import pytest

from easynas.engines.local import Local, LocalEngine
from easynas.errors import InputError
from easynas.search.budget import Deadline
from easynas.search.trial import Done, Failed, Job, Trial
from easynas.testing import check_engine

# Nothing of this module can be imported by a worker: its functions must travel by value, as those of a script do.
cloudpickle.register_pickle_by_value(sys.modules[__name__])

ROOT = Path(__file__).parents[2]


def hang_for_good() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while True:
        time.sleep(1.0)


def hog() -> None:
    """Takes a gigabyte and a half, in steps that its parent can see."""
    taken = []
    while len(taken) < 60:
        taken.append(b"x" * 25_000_000)
        time.sleep(0.02)


ACTIONS: dict[str, Callable[[], object]] = {
    "work": lambda: None,
    "raise": lambda: 1 / 0,
    "segfault": lambda: os.kill(os.getpid(), signal.SIGSEGV),
    "killed": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "exit": lambda: os._exit(3),
    "hang": lambda: time.sleep(60.0),
    "hang for good": hang_for_good,
    "hog": hog,
    "print": lambda: print("a library talks", flush=True),
}


def act(job: Job, *, deadline: Deadline, bar: float) -> Trial:
    """Does what the job says."""
    ACTIONS[str(job.values["act"])]()
    threads = float(os.environ["OMP_NUM_THREADS"])
    metrics = {"pid": float(os.getpid()), "threads": threads, "left": deadline.left, "bar": bar}
    return Done(job, score=0.5, seconds=0.0, metrics=metrics)


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("engine") / "workers.log"


@pytest.fixture(scope="module")
def engine(log: Path) -> Iterator[LocalEngine]:
    """Two workers for all tests; starting the first one takes seconds."""
    with LocalEngine(act, workers=2, threads=1, log=log) as engine:
        assert isinstance(run(engine, "work", seconds=60.0), Done)
        yield engine


def run(engine: LocalEngine, action: str, *, seconds: float = 20.0) -> Trial:
    """The trial of one job that has so many seconds."""
    handle = engine.submit(Job(0, {"act": action}), deadline=Deadline.after(seconds), bar=0.25)
    return wait(engine, handle)


def wait(engine: LocalEngine, handle: int) -> Trial:
    deadline = Deadline.after(60.0)
    while not deadline.passed:
        for ended, trial in engine.poll(timeout=1.0):
            assert ended == handle
            return trial
    raise TimeoutError("an engine must answer for every job")


def is_gone(pid: int) -> bool:
    """Whether a process ends within a quarter of a minute; one that only waits to be collected has ended."""
    deadline = Deadline.after(15.0)
    stat = Path(f"/proc/{pid}/stat")
    while not deadline.passed:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        if stat.exists() and ") Z" in stat.read_text():
            return True
        time.sleep(0.05)
    return False


def test_a_job_is_done_elsewhere(engine: LocalEngine) -> None:
    trial = run(engine, "work")
    assert isinstance(trial, Done)
    assert trial.job == Job(0, {"act": "work"})
    assert trial.metrics["pid"] != os.getpid()
    assert trial.metrics["threads"] == 1
    assert trial.metrics["bar"] == 0.25
    assert 15.0 < trial.metrics["left"] <= 20.0


@pytest.mark.parametrize(
    ("action", "reason"),
    [("segfault", "crashed with SIGSEGV"), ("killed", "memory ran out"), ("exit", "exit code 3")],
)
def test_a_dead_worker_is_a_failed_trial_and_is_replaced(engine: LocalEngine, action: str, reason: str) -> None:
    trial = run(engine, action)
    assert isinstance(trial, Failed)
    assert reason in trial.reason
    assert 0.0 < trial.seconds < 20.0
    assert isinstance(run(engine, "work"), Done)


@pytest.mark.slow
@pytest.mark.parametrize("action", ["hang", "hang for good"])
def test_a_hanging_worker_is_ended_after_the_deadline_and_is_replaced(engine: LocalEngine, action: str) -> None:
    started = time.monotonic()
    trial = run(engine, action, seconds=0.3)
    assert isinstance(trial, Failed)
    assert trial.reason.startswith("deadline")
    assert time.monotonic() - started < 8.0
    assert isinstance(run(engine, "work"), Done)


def test_a_bug_is_raised_and_not_swallowed(engine: LocalEngine) -> None:
    with pytest.raises(ZeroDivisionError):
        run(engine, "raise")
    assert isinstance(run(engine, "work"), Done)


@pytest.mark.slow
def test_the_contract_holds(log: Path) -> None:
    check_engine(lambda evaluate: Local().start(evaluate, workers=2, threads=1, log=log))


class Hungry:
    """Takes as much as `act` says, or half of it."""

    def __init__(self, megabytes: int) -> None:
        self.megabytes = megabytes

    def lighter(self) -> "Hungry":
        return Hungry(self.megabytes // 2)

    def __call__(self, job: Job, *, deadline: Deadline, bar: float) -> Trial:
        taken = [b"x" * 10_000_000 for _ in range(self.megabytes // 10)]
        time.sleep(1.0)
        return Done(job, score=float(len(taken)), seconds=deadline.left, metrics={"bar": bar})


@pytest.mark.slow
@pytest.mark.parametrize(("megabytes", "score"), [(600, 30.0), (1800, None)])
def test_a_job_that_is_too_large_is_tried_once_more_with_less(log: Path, megabytes: int, score: float | None) -> None:
    with LocalEngine(Hungry(megabytes), workers=1, threads=1, log=log, memory_mb=500.0) as engine:
        trial = run(engine, "work", seconds=60.0)
    if score is not None:
        assert isinstance(trial, Done)
        assert trial.score == score
    else:
        assert isinstance(trial, Failed)
        assert trial.reason.startswith("out of memory: a worker may hold 500 MB")
        assert trial.reason.endswith("with half the batch too")


@pytest.mark.slow
def test_a_hog_is_interrupted_before_it_is_ended(log: Path) -> None:
    with LocalEngine(act, workers=1, threads=1, log=log, memory_mb=1000.0) as engine:
        before = run(engine, "work", seconds=60.0)
        trial = run(engine, "hog")
        after = run(engine, "work")
    assert isinstance(trial, Failed)
    assert "out of memory" in trial.reason
    assert isinstance(before, Done)
    assert isinstance(after, Done)
    assert before.metrics["pid"] == after.metrics["pid"]  # it gave up by itself


@pytest.mark.parametrize("memory_mb", [0, -1.0, float("nan")])
def test_a_limit_that_is_none_is_refused(memory_mb: float) -> None:
    with pytest.raises(InputError, match="memory_mb"):
        Local(memory_mb)


def test_a_job_can_be_stopped(engine: LocalEngine) -> None:
    handle = engine.submit(Job(0, {"act": "hang"}), deadline=Deadline.after(60.0), bar=0.0)
    assert engine.poll(timeout=0.2) == []
    engine.kill(handle)
    trial = wait(engine, handle)
    assert isinstance(trial, Failed)
    assert trial.reason == "stopped on request"
    assert isinstance(run(engine, "work"), Done)


def test_jobs_run_side_by_side(engine: LocalEngine) -> None:
    hanging = engine.submit(Job(0, {"act": "hang"}), deadline=Deadline.after(60.0), bar=0.0)
    assert isinstance(run(engine, "work"), Done)
    engine.kill(hanging)
    wait(engine, hanging)


def test_nothing_to_wait_for_is_no_wait(engine: LocalEngine) -> None:
    started = time.monotonic()
    assert engine.poll(timeout=30.0) == []
    assert time.monotonic() - started < 5.0


def test_what_libraries_print_goes_into_the_log(
    engine: LocalEngine, log: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    run(engine, "print")
    assert "a library talks" in log.read_text()
    assert capfd.readouterr().out == ""


def test_a_worker_is_replaced_before_it_grows_too_large(engine: LocalEngine) -> None:
    trials = [run(engine, "work") for _ in range(45)]
    assert len({trial.metrics["pid"] for trial in trials if isinstance(trial, Done)}) > 2


def test_nothing_is_left_running_after_closing(log: Path) -> None:
    engine = LocalEngine(act, workers=1, threads=2, log=log)
    trial = run(engine, "work", seconds=60.0)
    assert isinstance(trial, Done)
    assert trial.metrics["threads"] == 2
    engine.submit(Job(1, {"act": "hang"}), deadline=Deadline.after(60.0), bar=0.0)
    engine.poll(timeout=0.5)
    engine.close()
    assert is_gone(int(trial.metrics["pid"]))
    assert engine.poll(timeout=0.0) == []


SCRIPT = """
import os, signal, sys, time
from pathlib import Path
from easynas.engines.local import LocalEngine
from easynas.search.budget import Deadline
from easynas.search.trial import Done, Job

print("the script begins", flush=True)

def work(job, *, deadline, bar):
    Path(job.values["file"]).write_text(str(os.getpid()))
    time.sleep(job.values["seconds"])
    return Done(job, score=0.5, seconds=0.0)

file, seconds = sys.argv[1], float(sys.argv[2])
engine = LocalEngine(work, workers=1, threads=1, log=Path(file).with_suffix(".log"))
engine.submit(Job(0, {"file": file, "seconds": seconds}), deadline=Deadline.after(60.0), bar=0.0)
while not Path(file).exists():
    time.sleep(0.05)
if seconds > 1.0:
    os.kill(os.getpid(), signal.SIGKILL)
while not (ended := engine.poll(timeout=1.0)):
    pass
engine.close()
print(ended[0][1].score)
"""


def run_script(folder: Path, seconds: float) -> subprocess.CompletedProcess[str]:
    script = folder / "script.py"
    script.write_text(SCRIPT)
    command = [sys.executable, str(script), str(folder / "pid"), str(seconds)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=ROOT, check=False)


@pytest.mark.slow
def test_a_script_needs_no_main_guard(tmp_path: Path) -> None:
    ran = run_script(tmp_path, seconds=0.0)
    assert ran.stdout.split("\n") == ["the script begins", "0.5", ""], ran.stderr


@pytest.mark.slow
def test_workers_die_with_a_killed_script(tmp_path: Path) -> None:
    ran = run_script(tmp_path, seconds=60.0)
    assert ran.returncode == -signal.SIGKILL, ran.stderr
    assert is_gone(int((tmp_path / "pid").read_text()))
