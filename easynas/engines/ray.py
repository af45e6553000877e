"""The engine of a cluster: a Ray actor for every trial that runs at the same time.

Ray moves the data and restarts nothing: deadlines, retries and replacements are ours, because a node that freezes is
never reported. What a job is and what becomes of it is the same as in the local engine.
"""

import importlib.util
import math
import os
import signal
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real
from pathlib import Path
from typing import Any, ClassVar

from easynas.engines.actors import RayEngine
from easynas.errors import InputError
from easynas.search.loop import GRACE, Evaluate


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
    remote: ClassVar[bool] = True

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
        wanted = dict(self.resources_per_trial or {})
        if threads is None:  # one training that gets all of a machine, the one with the most GPUs
            fitting = [node for node in nodes if _room(node, wanted)]
            largest = max(fitting, key=lambda node: (node.get("GPU", 0.0), node.get("CPU", 0.0)), default={})
            wanted |= {name: largest[name] for name in ("CPU", "GPU") if largest.get(name)}
            threads = int(largest.get("CPU", 1.0))
        needed = wanted or {"CPU": float(threads)}
        room = sum(_room(node, needed) for node in nodes)
        if room < 1:
            raise InputError(
                f"A node of the cluster must have the resources of a trial, {needed}. Received a cluster with: "
                f"{[{name: node.get(name, 0.0) for name in needed} for node in nodes]}."
            )
        return RayEngine(evaluate, workers=min(workers or room, room), threads=threads, needed=needed, grace=grace)


def _room(node: Mapping[str, float], needed: Mapping[str, float]) -> int:
    """How many trials fit on a node at the same time."""
    shares = (node.get(name, 0.0) / amount for name, amount in needed.items())
    return math.floor(min(shares, default=1.0) + 1e-9)  # 1 / 0.2 may be a little less than 5


def _connect(address: str | None) -> None:
    """Joins the cluster at an address, given or in the environment as Ray has it, or starts a local one."""
    import ray

    if ray.is_initialized():
        return
    address = address or os.environ.get("RAY_ADDRESS") or "local"
    local: dict[str, Any] = {"include_dashboard": False} if address == "local" else {}
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    before = signal.getsignal(signal.SIGTERM)
    ray.init(address=address, log_to_driver=False, logging_level="ERROR", **local)
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, before)  # Ray puts its own in the place of the user's


def _nodes() -> list[dict[str, float]]:
    """Resources of every node that is alive."""
    import ray

    return [node["Resources"] for node in ray.nodes() if node["Alive"]]
