"""easynas without one of its parts, by what its constructor takes: a strategy, a number of workers, an engine.

An engine that is handed in sees every job and the evaluator of its phase, so it can leave out what goes through there.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from easynas import SearchSpace, strategies
from easynas.engines import Local
from easynas.search.budget import Deadline
from easynas.search.loop import GRACE, Engine, Evaluate, Handle, Strategy
from easynas.search.trial import Job, Trial

if TYPE_CHECKING:
    from easynas.train.evaluator import Evaluator

Change = Callable[["Evaluator"], "Evaluator"]


def settings(part: str) -> dict[str, Any]:
    """Arguments of an estimator that leave out one part; none for the empty name.

    Args:
        part: empty, or one of `PARTS`.
    """
    return PARTS[part]() if part else {}


@dataclass(frozen=True)
class Launcher:
    """Brings up the local engine, with less than it is given.

    Attributes:
        change: what is done to the evaluator of each phase.
        dropping: whether candidates may be dropped on the way.
    """

    change: Change = lambda evaluator: evaluator
    dropping: bool = True

    def start(
        self, evaluate: Evaluate, *, workers: int | None, threads: int | None, log: Path, grace: float = GRACE
    ) -> Engine:
        """An engine of `Local`."""
        from easynas.train.evaluator import Evaluator

        if not isinstance(evaluate, Evaluator):
            raise TypeError(f"The evaluator must be easynas.train.evaluator.Evaluator. Received: {type(evaluate)}.")
        engine = Local().start(self.change(evaluate), workers=workers, threads=threads, log=log, grace=grace)
        return engine if self.dropping else _Patient(engine)


@dataclass(frozen=True)
class _Patient:
    """An engine whose jobs have no bar."""

    engine: Engine

    @property
    def workers(self) -> int:
        return self.engine.workers

    def submit(self, job: Job, *, deadline: Deadline, bar: float) -> Handle:
        return self.engine.submit(job, deadline=deadline, bar=min(bar, float("-inf")))

    def poll(self, timeout: float) -> list[tuple[Handle, Trial]]:
        return self.engine.poll(timeout)

    def kill(self, handle: Handle) -> None:
        self.engine.kill(handle)

    def close(self) -> None:
        self.engine.close()


def _unguided(space: SearchSpace, seed: int) -> Strategy:
    """What "auto" goes on with after its portfolio, from the start."""
    return strategies.create("auto", space, random_state=seed)


PARTS: dict[str, Callable[[], dict[str, Any]]] = {
    "portfolio": lambda: {"search": _unguided},
    "second worker": lambda: {"n_jobs": 1},
    "search": lambda: {"max_trials": 1},
    "dropping": lambda: {"engine": Launcher(dropping=False)},
    "bfloat16": lambda: {"engine": Launcher(lambda each: replace(each, precision="float32"))},
    "inherited weights": lambda: {"engine": Launcher(lambda each: replace(each, inherit=None))},
}
"""By the name of the part: arguments of an estimator that leave it out."""
