"""Real faults in real workers, one after the other in one engine; and two hundred jobs that leave nothing behind."""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cloudpickle
import numpy as np
import psutil
import pytest

from easynas.engines import Local
from easynas.search.budget import Deadline
from easynas.search.loop import Engine
from easynas.search.trial import Done, Failed, Job, Trial

pytestmark = [pytest.mark.slow, pytest.mark.alone]
cloudpickle.register_pickle_by_value(sys.modules[__name__])

LIMIT_MB = 1500.0
SECONDS = 3.0
SOAK = 200


def loop_in_python() -> None:
    while True:
        pass


def loop_in_tensorflow() -> None:
    import tensorflow as tf

    @tf.function  # type: ignore[untyped-decorator]
    def forever() -> tf.Tensor:
        return tf.while_loop(lambda _: tf.constant(True), lambda number: [number + 1], [tf.constant(0, tf.int64)])

    forever()


FAULTS: dict[str, tuple[Callable[[], object], str]] = {
    "kill -9": (lambda: os.kill(os.getpid(), signal.SIGKILL), "SIGKILL"),
    "stopped": (lambda: os.kill(os.getpid(), signal.SIGSTOP), "deadline"),
    "segmentation fault": (lambda: os.kill(os.getpid(), signal.SIGSEGV), "SIGSEGV"),
    "abort": (os.abort, "SIGABRT"),
    "6 GB": (lambda: [np.ones(250_000_000 // 8) for _ in range(24)], "out of memory"),
    "exit(3)": (lambda: os._exit(3), "exit code 3"),
    "endless in Python": (loop_in_python, "deadline"),
    "endless in TensorFlow": (loop_in_tensorflow, "deadline"),
}


def act(job: Job, *, deadline: Deadline, bar: float) -> Trial:
    """Fails as the job says."""
    if job.values["fault"] != "none":
        FAULTS[str(job.values["fault"])][0]()
    return Done(job, score=bar, seconds=deadline.left, metrics={"pid": float(os.getpid())})


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    log = tmp_path_factory.mktemp("engine") / "workers.log"
    with Local(memory_mb=LIMIT_MB).start(act, workers=2, threads=1, log=log, grace=0.5) as engine:
        yield engine


def run(engine: Engine, fault: str, *, seconds: float = 60.0) -> Trial:
    engine.submit(Job(0, {"fault": fault}), deadline=Deadline.after(seconds), bar=0.5)
    patience = Deadline.after(120.0)
    while not patience.passed:
        for _, trial in engine.poll(timeout=1.0):
            return trial
    raise TimeoutError("an engine must answer for every job")


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_costs_its_own_trial_only(engine: Engine, fault: str) -> None:
    assert isinstance(run(engine, "none"), Done)
    beside = engine.submit(Job(1, {"fault": "none"}), deadline=Deadline.after(60.0), bar=0.5)
    assert [handle for handle, trial in engine.poll(timeout=60.0) if isinstance(trial, Done)] == [beside]
    reason = FAULTS[fault][1]
    seconds = SECONDS if reason == "deadline" else 60.0  # a slow machine needs its time to fill its memory
    started = time.monotonic()
    trial = run(engine, fault, seconds=seconds)
    assert isinstance(trial, Failed)
    assert reason in trial.reason
    assert time.monotonic() - started < seconds + 5.0
    started = time.monotonic()
    assert isinstance(run(engine, "none"), Done)
    assert time.monotonic() - started < 5.0


def test_two_hundred_jobs_leave_nothing_behind(tmp_path: Path) -> None:
    me, shared = psutil.Process(), Path("/dev/shm")

    def state() -> tuple[int, int, int, float]:
        segments = len(list(shared.iterdir())) if shared.is_dir() else 0
        return len(me.children(recursive=True)), me.num_fds(), segments, me.memory_info().rss / 1e6

    def soak(jobs: int) -> None:
        with Local().start(act, workers=2, threads=1, log=tmp_path / "workers.log", grace=0.5) as engine:
            done = 0
            for _ in range(jobs // engine.workers):
                for _ in range(engine.workers):
                    engine.submit(Job(0, {"fault": "none"}), deadline=Deadline.after(60.0), bar=0.5)
                ended = 0
                while ended < engine.workers:
                    ended += len(engine.poll(timeout=60.0))
                done += ended
            assert done == jobs

    soak(4)  # starts the fork server and loads what is loaded once
    children, files, segments, resident = state()
    soak(SOAK)
    time.sleep(1.0)  # the last worker is collected
    after = state()
    assert after[0] <= children
    assert after[1] <= files
    assert after[2] <= segments
    assert after[3] - resident < 50.0
