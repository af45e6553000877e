"""The engine of a cluster: a Ray actor for every trial that runs at the same time.

Ray moves the data and restarts nothing: deadlines, retries and replacements are ours, because a node that freezes is
never reported. What a job is and what becomes of it is the same as in the local engine.
"""

import importlib.util
import itertools
import os
import pickle
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from numbers import Real
from pathlib import Path
from types import TracebackType
from typing import Any

import cloudpickle
import numpy as np

from easynas.errors import InputError, SearchError
from easynas.search.budget import Deadline
from easynas.search.loop import GRACE, Evaluate, Handle
from easynas.search.trial import Failed, Job, Trial

_LOOK_SECONDS = 0.25  # between two looks at the deadlines
_READY_SECONDS = 60.0  # for an actor to start and to import what it needs; a node that does not answer gets no more
_MOST_HIRES = 5  # actors in a row that did not start
_RETRY_SHARE = 0.5  # of a job's time that must be left to try it again


@dataclass(frozen=True)
class Ray:
    """The engine of a Ray cluster, as `engine=` takes it; needs `pip install 'easynas[ray]'` on all its machines.

    Args:
        address: of the cluster, "auto" or "host:port"; None: the one that this process is connected to, or else a local
            one, which lives as long as this process.
        resources_per_trial: what a trial occupies, such as `{"CPU": 1, "GPU": 0.25}`; None: a CPU a thread.

    Raises:
        InputError: resources that are none, or Ray is not installed.
    """

    address: str | None = None
    resources_per_trial: Mapping[str, float] | None = None

    def __post_init__(self) -> None:
        if importlib.util.find_spec("ray") is None:
            raise InputError(
                "The engine 'ray' needs the package ray. Received an installation without it: "
                "pip install 'easynas[ray]', or use engine=\"local\"."
            )
        for name, amount in (self.resources_per_trial or {}).items():
            number = isinstance(amount, Real) and not isinstance(amount, bool)
            if not isinstance(name, str) or not number or not 0 < amount < float("inf"):
                raise InputError(
                    "`resources_per_trial` must give positive amounts by name, such as {'CPU': 1, 'GPU': 0.25}. "
                    f"Received: {name!r}: {amount!r}."
                )

    def start(
        self,
        evaluate: Evaluate,
        *,
        workers: int | None,
        threads: int | None,
        log: Path,
        grace: float = GRACE,
    ) -> "RayEngine":
        """Connects, places `evaluate` with its data in the object store, and brings up an actor a worker.

        Raises:
            InputError: no node of the cluster has the resources of a trial.
        """
        _connect(self.address)
        nodes = _nodes()
        if threads is None:  # one training that gets all of a machine, the one with the most GPUs
            largest = max(nodes, key=lambda node: (node.get("GPU", 0.0), node.get("CPU", 0.0)))
            needed = {name: largest[name] for name in ("CPU", "GPU") if largest.get(name)}
        else:
            needed = dict(self.resources_per_trial or {"CPU": float(threads)})
        room = int(sum(min(node.get(name, 0.0) // amount for name, amount in needed.items()) for node in nodes))
        if room < 1:
            raise InputError(
                f"A node of the cluster must have the resources of a trial, {needed}. Received a cluster with: "
                f"{[{name: node.get(name, 0.0) for name in needed} for node in nodes]}."
            )
        threads = threads or int(needed.get("CPU", 1.0))
        return RayEngine(evaluate, workers=min(workers or room, room), threads=threads, needed=needed, grace=grace)


@dataclass
class _Slot:
    """An actor, or the place of one that is being replaced."""

    actor: Any
    ready: Any
    born: float
    is_ready: bool = False
    handle: Handle | None = None


@dataclass(frozen=True)
class _Running:
    job: Job
    deadline: Deadline
    bar: float
    started: float
    lighter: bool = False
    again: bool = False


@dataclass
class _Cluster:
    """What is where: the actors, and which of them has which job."""

    slots: list[_Slot] = field(default_factory=list)
    running: dict[Handle, _Running] = field(default_factory=dict)
    waiting: list[Handle] = field(default_factory=list)
    results: dict[Any, Handle] = field(default_factory=dict)


class RayEngine:
    """Runs jobs in actors of a cluster; use it as a context, or close it.

    A job whose actor dies, alone or with its node, is tried once more on another one; so is a job that runs out of
    memory, then with `evaluate.lighter()`, where `evaluate` has that. Both only if half of its time is left.

    Args:
        evaluate: a function `(job, *, deadline, bar) -> Trial`; it travels by value. If it has `detached`, that travels
            instead, and what comes back goes through `attached`.
        workers: actors; at least 1.
        threads: threads of each for numerical work.
        needed: resources of each, by Ray's names.
        grace: seconds that a job may be late before it is ended.
    """

    def __init__(
        self, evaluate: Evaluate, *, workers: int, threads: int, needed: Mapping[str, float], grace: float = GRACE
    ) -> None:
        import ray

        detached = getattr(evaluate, "detached", None)
        self._attached = None if detached is None else evaluate.attached  # type: ignore[attr-defined]
        self._evaluate = ray.put(_packed(evaluate if detached is None else detached()))
        self._lightens = hasattr(evaluate, "lighter")
        self._workers = workers
        self._threads = threads
        self._needed = dict(needed)
        self._grace = grace
        self._ids = itertools.count()
        self._hired = itertools.count()
        self._failed_hires = 0
        self._ended: dict[Handle, str] = {}
        self._cluster = _Cluster()
        self._cluster.slots.extend(self._hire() for _ in range(workers))

    @property
    def workers(self) -> int:
        return self._workers

    def submit(self, job: Job, *, deadline: Deadline, bar: float) -> Handle:
        handle = next(self._ids)
        self._cluster.running[handle] = _Running(job, deadline, bar, time.monotonic())
        self._cluster.waiting.append(handle)
        self._assign()
        return handle

    def poll(self, timeout: float) -> list[tuple[Handle, Trial]]:
        import ray

        patience, cluster = Deadline.after(timeout), self._cluster
        while cluster.running:
            starting = [slot.ready for slot in cluster.slots if not slot.is_ready]
            refs = [*cluster.results, *starting]
            seconds = max(0.0, min(_LOOK_SECONDS, patience.left))
            done, rest = ray.wait(refs, num_returns=1, timeout=seconds)
            if done and rest:
                done += ray.wait(rest, num_returns=len(rest), timeout=0)[0]  # what ended meanwhile, at once
            self._welcome([ref for ref in done if ref in starting])
            ended = [self._outcome(ref) for ref in done if ref in cluster.results]
            ended += [self._give_up(handle) for handle in self._late()]
            self._assign()
            found = [each for each in ended if each is not None]
            if found or patience.passed:
                return found
        return []

    def kill(self, handle: Handle) -> None:
        self._ended.setdefault(handle, "stopped on request")

    def close(self) -> None:
        import ray

        for slot in self._cluster.slots:
            ray.kill(slot.actor, no_restart=True)
        self._cluster = _Cluster()

    def __enter__(self) -> "RayEngine":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _hire(self) -> _Slot:
        """A new actor. After a failure the nodes take turns: the one that Ray would choose may be frozen."""
        import ray
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        named = {name: amount for name, amount in self._needed.items() if name not in ("CPU", "GPU")}
        options: dict[str, Any] = {
            "num_cpus": self._needed.get("CPU", 0),
            "num_gpus": self._needed.get("GPU", 0),
            "resources": named,
        }
        if self._failed_hires:
            alive = sorted(node["NodeID"] for node in ray.nodes() if node["Alive"])
            chosen = alive[next(self._hired) % len(alive)]
            options["scheduling_strategy"] = NodeAffinitySchedulingStrategy(chosen, soft=True)
        actor = ray.remote(_Worker).options(**options).remote(self._threads, self._evaluate)
        return _Slot(actor, actor.ready.remote(), time.monotonic())

    def _replace(self, slot: _Slot) -> None:
        import ray

        ray.kill(slot.actor, no_restart=True)
        self._cluster.slots[self._cluster.slots.index(slot)] = self._hire()

    def _welcome(self, refs: list[Any]) -> None:
        """Notes which actors are ready, and hires others for those that did not start."""
        import ray

        for slot in [slot for slot in self._cluster.slots if not slot.is_ready]:
            if slot.ready in refs:
                try:
                    slot.is_ready = ray.get(slot.ready)
                    self._failed_hires = 0
                    continue
                except ray.exceptions.RayActorError as error:
                    reason = str(error)
            elif time.monotonic() - slot.born > _READY_SECONDS:
                reason = f"no answer after {_READY_SECONDS:g} s"
            else:
                continue
            self._failed_hires += 1
            if self._failed_hires >= _MOST_HIRES:
                raise SearchError(
                    f"A worker must start on the cluster. Received {_MOST_HIRES} failures in a row, the last one: "
                    f"{reason.strip()} Is easynas, of the same version, installed on all nodes?"
                )
            self._replace(slot)

    def _assign(self) -> None:
        """Gives waiting jobs to idle actors; clocks are not shared, so the seconds that are left travel."""
        for slot in self._cluster.slots:
            if not self._cluster.waiting:
                return
            if slot.is_ready and slot.handle is None:
                slot.handle = self._cluster.waiting.pop(0)
                running = self._cluster.running[slot.handle]
                result = slot.actor.run.remote(running.job, running.deadline.left, running.bar, running.lighter)
                self._cluster.results[result] = slot.handle

    def _late(self) -> list[Handle]:
        for handle, running in self._cluster.running.items():
            if running.deadline.left < -self._grace:
                self._ended.setdefault(handle, f"deadline: it did not stop {self._grace:g} s after its time was over")
        return [handle for handle in self._ended if handle in self._cluster.running]

    def _give_up(self, handle: Handle) -> tuple[Handle, Trial]:
        """Ends a job without waiting for its node."""
        cluster = self._cluster
        running = cluster.running.pop(handle)
        cluster.results = {ref: other for ref, other in cluster.results.items() if other != handle}
        if handle in cluster.waiting:
            cluster.waiting.remove(handle)
        for slot in [slot for slot in cluster.slots if slot.handle == handle]:
            self._replace(slot)
        return handle, Failed(running.job, self._ended.pop(handle), time.monotonic() - running.started)

    def _outcome(self, ref: Any) -> tuple[Handle, Trial] | None:
        """The trial of a job that ended, or None if it begins again. A bug in `evaluate` is raised here."""
        import ray

        handle = self._cluster.results.pop(ref)
        [slot] = [slot for slot in self._cluster.slots if slot.handle == handle]
        slot.handle = None
        running = self._cluster.running.pop(handle)
        half = running.deadline.left > _RETRY_SHARE * running.deadline.total
        try:
            result = ray.get(ref)
        except ray.exceptions.RayTaskError as error:
            if not isinstance(error.cause, MemoryError):
                raise error.cause from None
            reason, retry = f"out of memory: {error.cause}", replace(running, lighter=True)
            again = self._lightens and not running.lighter
        except ray.exceptions.OutOfMemoryError:
            self._replace(slot)
            reason, retry = "out of memory: Ray ended the worker", replace(running, lighter=True)
            again = self._lightens and not running.lighter
        except ray.exceptions.RayActorError:
            self._replace(slot)
            reason, retry = "the worker or its node died", replace(running, again=True)
            again = not running.again
        else:
            return handle, result if self._attached is None else self._attached(result)
        if again and half and handle not in self._ended:
            self._cluster.running[handle] = retry
            self._cluster.waiting.append(handle)
            return None
        reason += ", with half the batch too" if running.lighter else ", twice" if running.again else ""
        return handle, Failed(running.job, self._ended.pop(handle, reason), time.monotonic() - running.started)


class _Worker:
    """What runs on the cluster: an actor with the data, once, and a job at a time."""

    def __init__(self, threads: int, packed: tuple[bytes, list[np.ndarray]]) -> None:
        for name in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
            os.environ[name] = str(threads)
        os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
        os.environ["TF_FORCE_GPU_ALLOW_GROWTH"] = "true"
        self._evaluate = _unpacked(packed)

    def ready(self) -> bool:
        """Answers when the actor has started."""
        return True

    def run(self, job: Job, seconds: float, bar: float, lighter: bool) -> Any:  # noqa: FBT001 - Ray takes positions
        """Evaluates one job that has so many seconds from now."""
        evaluate = self._evaluate.lighter() if lighter else self._evaluate
        return evaluate(job, deadline=Deadline.after(seconds), bar=bar)


def _packed(evaluate: Any) -> tuple[bytes, list[np.ndarray]]:
    """By value, with the arrays beside it, so that all actors of a node share their memory."""
    buffers: list[pickle.PickleBuffer] = []
    content = cloudpickle.dumps(evaluate, protocol=5, buffer_callback=buffers.append)
    return content, [np.frombuffer(buffer.raw(), np.uint8) for buffer in buffers]


def _unpacked(packed: tuple[bytes, list[np.ndarray]]) -> Any:
    content, buffers = packed
    return pickle.loads(content, buffers=buffers)  # noqa: S301 - from the process that started this actor


def _connect(address: str | None) -> None:
    import ray

    if not ray.is_initialized():
        quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR"}
        if address is None:
            os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
            ray.init(include_dashboard=False, **quiet)
        else:
            ray.init(address=address, **quiet)


def _nodes() -> list[dict[str, float]]:
    """Resources of every node that is alive."""
    import ray

    return [node["Resources"] for node in ray.nodes() if node["Alive"]]
