"""Jobs on the actors of a Ray cluster.

Ray moves the data and restarts nothing: deadlines, retries and replacements are ours, because a node that freezes is
never reported.
"""

import itertools
import pickle
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Any

import cloudpickle
import numpy as np

from easynas.engines import worker
from easynas.errors import SearchError
from easynas.search.budget import Deadline
from easynas.search.loop import GRACE, Evaluate, Handle
from easynas.search.trial import Failed, Job, Trial

_LOOK_SECONDS = 0.25  # between two looks at the deadlines
_READY_SECONDS = 60.0  # for an actor to start and to import what it needs; doubled for every one that follows it
_GIVE_UP_SECONDS = 120.0  # without a single actor
_MOST_HIRES = 3  # actors in a row, in one place, that did not start
_RETRY_SHARE = 0.5  # of a job's time that must be left to try it again
_ADVICE = "Is easynas, of the same version, installed on all nodes?"
_RECYCLE = 20  # jobs of one actor: every training leaves about 10 MB behind


@dataclass
class _Slot:
    """An actor, or the place of one that is being replaced."""

    actor: Any
    ready: Any
    born: float
    failures: int = 0
    is_ready: bool = False
    handle: Handle | None = None
    jobs: int = 0

    @property
    def is_slow(self) -> bool:
        """Whether it should have started by now."""
        return bool(time.monotonic() - self.born > _READY_SECONDS * 2**self.failures)


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
    """What is where: the actors, which of them has which job, and answers that nobody asked for yet."""

    slots: list[_Slot] = field(default_factory=list)
    running: dict[Handle, _Running] = field(default_factory=dict)
    waiting: list[Handle] = field(default_factory=list)
    results: dict[Any, Handle] = field(default_factory=dict)
    answers: list[tuple[Handle, Trial]] = field(default_factory=list)


class RayEngine:
    """Runs jobs in actors of a cluster; use it as a context, or close it.

    A job whose actor dies, alone or with its node, is tried once more on another one; so is a job that runs out of
    memory, then with `evaluate.lighter()`, where `evaluate` has that. Both only if half of its time is left.

    Args:
        evaluate: a function `(job, *, deadline, bar) -> Trial`; it travels by value. If it has `detached`, that travels
            instead, with what `brought` has for a job, and what comes back goes through `attached`.
        workers: actors; at least 1.
        threads: threads of each for numerical work.
        needed: resources of each, by Ray's names.
        grace: seconds that a job may be late before it is ended.

    Raises:
        SearchError: no actor starts.
    """

    def __init__(
        self, evaluate: Evaluate, *, workers: int, threads: int, needed: Mapping[str, float], grace: float = GRACE
    ) -> None:
        import ray

        detached = getattr(evaluate, "detached", None)
        self._attached = None if detached is None else evaluate.attached  # type: ignore[attr-defined]
        self._brought = getattr(evaluate, "brought", None)
        self._evaluate = ray.put(_packed(evaluate if detached is None else detached()))
        self._lightens = hasattr(evaluate, "lighter")
        self._workers = workers
        self._threads = threads
        self._needed = dict(needed)
        self._grace = grace
        self._ids = itertools.count()
        self._hired = itertools.count()
        self._ended: dict[Handle, str] = {}
        self._cluster = _Cluster()
        self._cluster.slots.extend(self._hire() for _ in range(workers))
        self._start()

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
        patience, cluster = Deadline.after(timeout), self._cluster
        while cluster.running or cluster.answers:
            starting = [slot.ready for slot in cluster.slots if not slot.is_ready]
            seconds = 0.0 if cluster.answers else max(0.0, min(_LOOK_SECONDS, patience.left))
            done = _ended([*cluster.results, *starting], seconds)
            self._welcome([ref for ref in done if ref in starting])
            for ref in done:
                if ref in cluster.results:
                    self._settle(ref)
            for handle in self._late():
                self._give_up(handle)
            self._assign()
            if cluster.answers or patience.passed:
                found, cluster.answers = cluster.answers, []
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

    def _start(self) -> None:
        """Waits for the actors: the time of a job should not go by while its actor starts."""
        patience = Deadline.after(_READY_SECONDS)
        while starting := [slot.ready for slot in self._cluster.slots if not slot.is_ready]:
            if patience.passed and len(starting) < self._workers:
                return
            if patience.elapsed > _GIVE_UP_SECONDS:
                raise SearchError(f"A worker must start on the cluster. None did in {_GIVE_UP_SECONDS:g} s. {_ADVICE}")
            self._welcome(_ended(starting, _LOOK_SECONDS))

    def _hire(self, failures: int = 0) -> _Slot:
        """A new actor. After a failure the nodes take turns: the one that Ray would choose may be frozen."""
        import ray
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        named = {name: amount for name, amount in self._needed.items() if name not in ("CPU", "GPU")}
        options: dict[str, Any] = {
            "num_cpus": self._needed.get("CPU", 0),
            "num_gpus": self._needed.get("GPU", 0),
            "resources": named,
        }
        if failures:
            alive = sorted(node["NodeID"] for node in ray.nodes() if node["Alive"])
            chosen = alive[next(self._hired) % len(alive)]
            options["scheduling_strategy"] = NodeAffinitySchedulingStrategy(chosen, soft=True)
        actor = ray.remote(_Worker).options(**options).remote(self._threads, self._evaluate)
        return _Slot(actor, actor.ready.remote(), time.monotonic(), failures)

    def _replace(self, slot: _Slot) -> None:
        import ray

        ray.kill(slot.actor, no_restart=True)
        # An actor that was killed while it worked may have left a frozen node behind: the next one looks elsewhere.
        failures = slot.failures + 1 if not slot.is_ready else int(slot.jobs < _RECYCLE)
        place = next(index for index, other in enumerate(self._cluster.slots) if other is slot)
        self._cluster.slots[place] = self._hire(failures)

    def _welcome(self, refs: list[Any]) -> None:
        """Notes which actors are ready, and hires others for those that did not start."""
        import ray

        for slot in [slot for slot in self._cluster.slots if not slot.is_ready]:
            if slot.ready in refs:
                try:
                    slot.is_ready = ray.get(slot.ready)
                    continue
                except ray.exceptions.RayActorError as error:
                    reason = str(error).strip()
            elif slot.is_slow:
                reason = f"no answer after {time.monotonic() - slot.born:.0f} s"
            else:
                continue
            if slot.failures + 1 >= _MOST_HIRES and not any(other.is_ready for other in self._cluster.slots):
                raise SearchError(
                    f"A worker must start on the cluster. Received {_MOST_HIRES} failures in a row, the last one: "
                    f"{reason} {_ADVICE}"
                )
            self._replace(slot)

    def _assign(self) -> None:
        """Gives waiting jobs to idle actors; clocks are not shared, so the seconds that are left travel."""
        for slot in self._cluster.slots:
            if not self._cluster.waiting:
                return
            if slot.is_ready and slot.handle is None:
                slot.handle = self._cluster.waiting.pop(0)
                slot.jobs += 1
                running = self._cluster.running[slot.handle]
                brought = None if self._brought is None else self._brought(running.job)
                result = slot.actor.run.remote(
                    running.job, running.deadline.left, running.bar, running.lighter, brought
                )
                self._cluster.results[result] = slot.handle

    def _late(self) -> list[Handle]:
        for handle, running in self._cluster.running.items():
            if running.deadline.left < -self._grace:
                self._ended.setdefault(handle, f"deadline: it did not stop {self._grace:.0f} s after its time was over")
        return [handle for handle in self._ended if handle in self._cluster.running]

    def _give_up(self, handle: Handle) -> None:
        """Ends a job without waiting for its node."""
        cluster = self._cluster
        running = cluster.running.pop(handle)
        cluster.results = {ref: other for ref, other in cluster.results.items() if other != handle}
        if handle in cluster.waiting:
            cluster.waiting.remove(handle)
        for slot in [slot for slot in cluster.slots if slot.handle == handle]:
            self._replace(slot)
        failed = Failed(running.job, self._ended.pop(handle), time.monotonic() - running.started)
        cluster.answers.append((handle, failed))

    def _settle(self, ref: Any) -> None:
        """Answers for a job that ended, or begins it again. A bug in `evaluate` is raised here."""
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
            self._cluster.answers.append((handle, result if self._attached is None else self._attached(result)))
            if slot.jobs >= _RECYCLE:
                self._replace(slot)
            return
        if again and half and handle not in self._ended:
            self._cluster.running[handle] = retry
            self._cluster.waiting.append(handle)
            return
        reason += ", with half the batch too" if running.lighter else ", twice" if running.again else ""
        failed = Failed(running.job, self._ended.pop(handle, reason), time.monotonic() - running.started)
        self._cluster.answers.append((handle, failed))


class _Worker:
    """What runs on the cluster: an actor with the data, once, and a job at a time."""

    def __init__(self, threads: int, packed: tuple[bytes, list[np.ndarray]]) -> None:
        worker.set_environment(threads)
        self._evaluate = _unpacked(packed)

    def ready(self) -> bool:
        """Answers when the actor has started."""
        return True

    def run(self, job: Job, seconds: float, bar: float, lighter: bool, brought: Any) -> Any:  # noqa: FBT001 - positions
        """Evaluates one job that has so many seconds from now."""
        evaluate = self._evaluate.lighter() if lighter else self._evaluate
        with_it = {} if brought is None else {"brought": brought}
        return evaluate(job, deadline=Deadline.after(seconds), bar=bar, **with_it)


def _ended(refs: list[Any], seconds: float) -> list[Any]:
    """Waits for the first that is there, and returns all that are."""
    import ray

    done: list[Any]
    done, rest = ray.wait(refs, num_returns=1, timeout=seconds)
    return done + (ray.wait(rest, num_returns=len(rest), timeout=0)[0] if done and rest else [])


def _packed(evaluate: Any) -> tuple[bytes, list[np.ndarray]]:
    """By value, with the arrays beside it, so that all actors of a node share their memory."""
    buffers: list[pickle.PickleBuffer] = []
    content = cloudpickle.dumps(evaluate, protocol=5, buffer_callback=buffers.append)
    return content, [np.frombuffer(buffer.raw(), np.uint8) for buffer in buffers]


def _unpacked(packed: tuple[bytes, list[np.ndarray]]) -> Any:
    content, buffers = packed
    return pickle.loads(content, buffers=buffers)  # noqa: S301 - from the process that started this actor
