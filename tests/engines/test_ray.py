"""A real cluster on this machine: what a node or an actor suffers costs its own trial only."""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import cloudpickle
import numpy as np
import psutil
import pytest
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import easynas
from easynas.engines import Ray, create
from easynas.engines.ray import _room
from easynas.errors import InputError
from easynas.search.budget import Deadline
from easynas.search.loop import Engine
from easynas.search.trial import Done, Failed, Job, Trial
from easynas.testing import check_engine

ray = pytest.importorskip("ray", reason="the extra easynas[ray] is not installed")
from ray.cluster_utils import Cluster  # noqa: E402

pytestmark = [pytest.mark.slow, pytest.mark.alone]
cloudpickle.register_pickle_by_value(sys.modules[__name__])


@pytest.fixture(scope="module", autouse=True)
def signals_stay_here() -> Iterator[None]:
    """Ray's own handler ends the process in its C++ part; it must not outlive these tests."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    ray.shutdown()
    signal.signal(signal.SIGTERM, before)


@pytest.fixture(scope="module")
def cluster() -> Iterator[None]:
    """A cluster of this process alone, with four declared processors."""
    ray.init(num_cpus=4, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    yield
    ray.shutdown()


@pytest.fixture
def nodes() -> Iterator[Cluster]:
    """A head that takes no jobs, so that only the other nodes can be lost."""
    ray.shutdown()
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0})
    ray.init(address=cluster.address, log_to_driver=False, logging_level="ERROR")
    yield cluster
    ray.shutdown()
    cluster.shutdown()


def start(evaluate: Callable[..., Any], *, workers: int | None = 2, **resources: float) -> Engine:
    launcher = Ray(resources_per_trial=resources or None)
    return launcher.start(evaluate, workers=workers, threads=1, log=Path("unused"), grace=0.5)


def wait(engine: Engine, *, seconds: float = 90.0) -> Trial:
    patience = Deadline.after(seconds)
    while not patience.passed:
        for _, trial in engine.poll(timeout=1.0):
            return trial
    raise TimeoutError("an engine must answer for every job")


def run(engine: Engine, evaluated: str = "", *, seconds: float = 60.0) -> Trial:
    engine.submit(Job(0, {"text": evaluated}), deadline=Deadline.after(seconds), bar=0.0)
    return wait(engine)


def test_the_contract_holds(cluster: None) -> None:
    check_engine(start)


class Heavy:
    """Holds data, and counts how often it was unpacked."""

    def __init__(self, counter: str) -> None:
        self.counter = counter
        self.data = np.arange(3_000_000, dtype=np.float64)

    def __setstate__(self, state: dict[str, object]) -> None:
        self.__dict__.update(state)
        with Path(self.counter).open("a") as file:
            file.write("unpacked\n")

    def __call__(self, job: Job, *, deadline: Deadline, bar: float) -> Trial:
        metrics = {"pid": float(os.getpid()), "own": float(self.data.flags.owndata), "left": deadline.left, "bar": bar}
        return Done(job, score=float(self.data[-1]), seconds=0.0, metrics=metrics)


def test_data_travel_once_an_actor_and_are_not_copied_there(cluster: None, tmp_path: Path) -> None:
    engine = start(Heavy(str(tmp_path / "counter")))
    trials = [run(engine) for _ in range(12)]
    engine.close()
    done = [trial for trial in trials if isinstance(trial, Done)]
    assert len(done) == 12
    assert {trial.score for trial in done} == {2_999_999.0}
    assert {trial.metrics["own"] for trial in done} == {0.0}
    assert (tmp_path / "counter").read_text().count("unpacked") <= 2


class Hungry:
    """Runs out of memory unless it is asked to be lighter."""

    def __init__(self, *, heavy: bool = True) -> None:
        self.heavy = heavy

    def lighter(self) -> "Hungry":
        return Hungry(heavy=False)

    def __call__(self, job: Job, *, deadline: Deadline, bar: float) -> Trial:
        if self.heavy or job.values["text"] == "always":
            raise MemoryError("no room")
        return Done(job, score=deadline.left, seconds=bar)


def test_a_job_that_is_too_large_is_tried_once_more_with_less(cluster: None) -> None:
    engine = start(Hungry(), workers=1)
    trial, always = run(engine), run(engine, "always")
    engine.close()
    assert isinstance(trial, Done)
    assert isinstance(always, Failed)
    assert always.reason == "out of memory: no room, with half the batch too"


@pytest.mark.parametrize(("amount", "room"), [(0.2, 20), (1.0, 4), (1.5, 2)])
def test_there_are_as_many_workers_as_have_room(amount: float, room: int) -> None:
    assert _room({"CPU": 4.0, "memory": 1e9}, {"CPU": amount}) == room
    assert _room({"CPU": 4.0}, {"CPU": amount, "GPU": 0.5}) == 0


def test_without_a_number_all_the_room_is_used(cluster: None) -> None:
    with closing(start(Hungry(), workers=None, CPU=2.0)) as engine:
        assert engine.workers == 2


def test_resources_that_no_node_has_are_refused(cluster: None) -> None:
    with pytest.raises(InputError, match=r"must have the resources of a trial, \{'GPU': 3"):
        start(Hungry(), GPU=3)


@pytest.mark.parametrize("resources", [{"CPU": 0}, {"CPU": -1}, {"CPU": "one"}, {1: 1}, {"CPU": True}])
def test_resources_that_are_none_are_refused(resources: dict[str, float]) -> None:
    with pytest.raises(InputError, match="`resources_per_trial` must give positive amounts"):
        Ray(resources_per_trial=resources)


def test_its_name_is_known() -> None:
    assert create("ray") == Ray()


def where(job: Job, *, deadline: Deadline, bar: float) -> Trial:
    """Tells where it runs, and stays there for a while if it is told to."""
    file = Path(str(job.values["text"]))
    if file.suffix == ".wait" and not file.exists():
        file.write_text(ray.get_runtime_context().get_node_id())
        time.sleep(60.0)
    return Done(job, score=deadline.left, seconds=bar)


def test_a_job_of_a_node_that_dies_is_done_elsewhere(nodes: Cluster, tmp_path: Path) -> None:
    spare = {node.node_id: node for node in (nodes.add_node(num_cpus=1), nodes.add_node(num_cpus=1))}
    nodes.wait_for_nodes()
    engine = start(where)
    file = tmp_path / "node.wait"
    engine.submit(Job(0, {"text": str(file)}), deadline=Deadline.after(100.0), bar=0.0)
    while not file.exists() or not file.read_text():
        engine.poll(timeout=0.2)
    nodes.remove_node(spare[file.read_text()], allow_graceful=False)
    assert isinstance(wait(engine), Done)
    engine.close()


def test_a_frozen_node_is_not_waited_for(nodes: Cluster, tmp_path: Path) -> None:
    spare = {node.node_id: node for node in (nodes.add_node(num_cpus=1), nodes.add_node(num_cpus=1))}
    nodes.wait_for_nodes()
    engine = start(where)
    file = tmp_path / "node.wait"
    engine.submit(Job(0, {"text": str(file)}), deadline=Deadline.after(10.0), bar=0.0)
    while not file.exists() or not file.read_text():
        engine.poll(timeout=0.2)
    raylet = psutil.Process(spare[file.read_text()].all_processes["raylet"][0].process.pid)
    frozen = [raylet, *raylet.children(recursive=True)]
    for process in frozen:
        process.send_signal(signal.SIGSTOP)
    started = time.monotonic()
    trial = wait(engine)
    assert isinstance(trial, Failed)
    assert trial.reason.startswith("deadline")
    assert time.monotonic() - started < 20.0
    assert isinstance(run(engine), Done)
    engine.close()
    for process in frozen:
        process.kill()


def test_one_training_gets_all_of_a_machine(cluster: None) -> None:
    engine = Ray(resources_per_trial={"CPU": 1}).start(where, workers=1, threads=None, log=Path("unused"))
    assert engine.workers == 1
    assert isinstance(run(engine), Done)
    assert ray.available_resources().get("CPU", 0.0) == 0.0
    engine.close()


def test_a_fit_runs_on_the_cluster() -> None:
    ray.shutdown()
    digits = load_digits()
    x, x_test, y, y_test = train_test_split(digits.images, digits.target, stratify=digits.target, random_state=0)
    classifier = easynas.ImageClassifier(35.0, engine="ray", max_trials=2, random_state=0, verbose=0).fit(x, y)
    ray.shutdown()
    assert classifier.fit_seconds_ <= 37.0
    assert classifier.score(x_test, y_test) > 0.95
    assert [trial for trial in classifier.study_.trials if isinstance(trial, Failed)] == []
    assert len(classifier.study_.trials) >= 2  # the baseline, the final training, and those of the search if any


def test_the_users_own_signal_handlers_stay(cluster: None) -> None:
    ray.shutdown()
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        start(Hungry(), workers=1).close()
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGTERM, before)
