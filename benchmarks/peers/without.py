"""easynas without one of its parts: by what its constructor takes, or by other `Rules` than every fit goes by.

An engine that is handed in sees every job and the evaluator of its phase, so it can leave out what goes through there.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from easynas import SearchSpace, strategies
from easynas.engines import Local
from easynas.search.budget import Deadline
from easynas.search.loop import GRACE, Engine, Evaluate, Handle, Strategy
from easynas.search.plan import Rules
from easynas.search.trial import Job, Trial

if TYPE_CHECKING:
    from easynas.train.evaluator import Evaluator


@dataclass(frozen=True)
class Change:
    """How a part is left out.

    Attributes:
        settings: arguments of the estimator.
        rules: what its fit goes by.
    """

    settings: Mapping[str, Any] = field(default_factory=dict)
    rules: Rules = Rules()  # noqa: RUF009 – frozen


def estimator(kind: type, part: str, *arguments: object, **settings: object) -> Any:
    """An estimator of a kind that lacks one part; whole for the empty name.

    Args:
        kind: such as `easynas.ImageClassifier`.
        part: empty, or one of `PARTS`.
        arguments: of the estimator.
        settings: more of them.
    """
    change = PARTS[part] if part else Change()
    lacking = type(kind.__name__, (kind,), {"_rules": change.rules})
    return lacking(*arguments, **settings, **change.settings)


@dataclass(frozen=True)
class Launcher:
    """Brings up the local engine, with less than it is given.

    Attributes:
        change: what is done to the evaluator of each phase.
        dropping: whether candidates may be dropped on the way.
    """

    change: Callable[["Evaluator"], "Evaluator"] = lambda evaluator: evaluator
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


PARTS = {
    "portfolio": Change({"search": _unguided}),
    "second worker": Change({"n_jobs": 1}),
    "search": Change({"max_trials": 1}),
    "dropping": Change({"engine": Launcher(dropping=False)}),
    "bfloat16": Change({"engine": Launcher(lambda each: replace(each, precision="float32"))}),
    "inherited weights": Change({"engine": Launcher(lambda each: replace(each, inherit=None))}),
    "clock-tied rate": Change(rules=Rules(annealed=False)),
    "final training": Change(rules=Rules(search_share=1.0)),
    "ensembling": Change(rules=Rules(combined=1)),
}
"""How each part is left out, by its name."""
