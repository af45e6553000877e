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

from easynas.engines.local import Local, cores
from easynas.search.budget import Deadline
from easynas.search.trial import Done, Failed, Job, Trial

# Nothing of this module can be imported by a worker: its functions must travel by value, as those of a script do.
cloudpickle.register_pickle_by_value(sys.modules[__name__])

ROOT = Path(__file__).parents[2]


def hang_for_good() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while True:
        time.sleep(1.0)


ACTIONS: dict[str, Callable[[], object]] = {
    "work": lambda: None,
    "raise": lambda: 1 / 0,
    "segfault": lambda: os.kill(os.getpid(), signal.SIGSEGV),
    "killed": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "exit": lambda: os._exit(3),
    "hang": lambda: time.sleep(60.0),
    "hang for good": hang_for_good,
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
def engine(log: Path) -> Iterator[Local]:
    """Two workers for all tests; starting the first one takes seconds."""
    with Local(act, workers=2, threads=1, log=log) as engine:
        assert isinstance(run(engine, "work", seconds=60.0), Done)
        yield engine


def run(engine: Local, action: str, *, seconds: float = 20.0) -> Trial:
    """The trial of one job that has so many seconds."""
    handle = engine.submit(Job(0, {"act": action}), deadline=Deadline.after(seconds), bar=0.25)
    return wait(engine, handle)


def wait(engine: Local, handle: int) -> Trial:
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


def test_a_job_is_done_elsewhere(engine: Local) -> None:
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
def test_a_dead_worker_is_a_failed_trial_and_is_replaced(engine: Local, action: str, reason: str) -> None:
    trial = run(engine, action)
    assert isinstance(trial, Failed)
    assert reason in trial.reason
    assert 0.0 < trial.seconds < 20.0
    assert isinstance(run(engine, "work"), Done)


@pytest.mark.parametrize("action", ["hang", pytest.param("hang for good", marks=pytest.mark.slow)])
def test_a_hanging_worker_is_ended_after_the_deadline_and_is_replaced(engine: Local, action: str) -> None:
    started = time.monotonic()
    trial = run(engine, action, seconds=0.3)
    assert isinstance(trial, Failed)
    assert trial.reason.startswith("deadline")
    assert time.monotonic() - started < 8.0
    assert isinstance(run(engine, "work"), Done)


def test_a_bug_is_raised_and_not_swallowed(engine: Local) -> None:
    with pytest.raises(ZeroDivisionError):
        run(engine, "raise")
    assert isinstance(run(engine, "work"), Done)


def test_a_job_can_be_stopped(engine: Local) -> None:
    handle = engine.submit(Job(0, {"act": "hang"}), deadline=Deadline.after(60.0), bar=0.0)
    assert engine.poll(timeout=0.2) == []
    engine.kill(handle)
    trial = wait(engine, handle)
    assert isinstance(trial, Failed)
    assert trial.reason == "stopped on request"
    assert isinstance(run(engine, "work"), Done)


def test_jobs_run_side_by_side(engine: Local) -> None:
    hanging = engine.submit(Job(0, {"act": "hang"}), deadline=Deadline.after(60.0), bar=0.0)
    assert isinstance(run(engine, "work"), Done)
    engine.kill(hanging)
    wait(engine, hanging)


def test_nothing_to_wait_for_is_no_wait(engine: Local) -> None:
    started = time.monotonic()
    assert engine.poll(timeout=30.0) == []
    assert time.monotonic() - started < 5.0


def test_what_libraries_print_goes_into_the_log(engine: Local, log: Path, capfd: pytest.CaptureFixture[str]) -> None:
    run(engine, "print")
    assert "a library talks" in log.read_text()
    assert capfd.readouterr().out == ""


def test_a_worker_is_replaced_before_it_grows_too_large(engine: Local) -> None:
    trials = [run(engine, "work") for _ in range(45)]
    assert len({trial.metrics["pid"] for trial in trials if isinstance(trial, Done)}) > 2


def test_nothing_is_left_running_after_closing(log: Path) -> None:
    engine = Local(act, workers=1, threads=2, log=log)
    trial = run(engine, "work", seconds=60.0)
    assert isinstance(trial, Done)
    assert trial.metrics["threads"] == 2
    engine.submit(Job(1, {"act": "hang"}), deadline=Deadline.after(60.0), bar=0.0)
    engine.poll(timeout=0.5)
    engine.close()
    assert is_gone(int(trial.metrics["pid"]))
    assert engine.poll(timeout=0.0) == []


def test_there_is_at_least_one_core() -> None:
    assert 1 <= cores() <= (os.cpu_count() or 1)


SCRIPT = """
import os, signal, sys, time
from pathlib import Path
from easynas.engines.local import Local
from easynas.search.budget import Deadline
from easynas.search.trial import Done, Job

print("the script begins", flush=True)

def work(job, *, deadline, bar):
    Path(job.values["file"]).write_text(str(os.getpid()))
    time.sleep(job.values["seconds"])
    return Done(job, score=0.5, seconds=0.0)

file, seconds = sys.argv[1], float(sys.argv[2])
engine = Local(work, workers=1, threads=1, log=Path(file).with_suffix(".log"))
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
