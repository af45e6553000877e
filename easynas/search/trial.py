"""What is asked (`Job`) and what came of it (`Done` or `Failed`)."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from easynas.space.dimension import Value

LOOKS = "looks"
"""Name of the metric that says how often an image was looked at to answer for it; absent for once."""


@dataclass(frozen=True)
class Job:
    """One architecture to evaluate.

    Attributes:
        id: number within its study, from 0.
        values: the genotype, `{name: value}`.
        fidelity: share of a full training in (0, 1].
        origin: why a strategy proposed it, in a few words for the report.
        continues: number of the trial whose weights the training goes on from; None: it starts from random ones.
        trained: share of a full training that these weights have behind them, in [0, fidelity); the job adds the rest.
        members: numbers of the trials whose networks are averaged; nothing is trained then.
        reference: whether it is only there to compare with: nothing learns from it, and it is never the result.
        pruned: share of the channels that are taken out of the network that it continues, before the training goes on.
    """

    id: int
    values: Mapping[str, Value]
    fidelity: float = 1.0
    origin: str = ""
    continues: int | None = None
    trained: float = 0.0
    members: tuple[int, ...] = ()
    reference: bool = False
    pruned: float = 0.0

    @property
    def whole(self) -> bool:
        """Whether it is a full training from random weights."""
        return self.fidelity == 1.0 and self.continues is None


@dataclass(frozen=True)
class Done:
    """A finished evaluation.

    Attributes:
        job: what was asked.
        score: larger is better, in the units of the metric.
        seconds: wall-clock seconds it took.
        metrics: whatever else was measured, e.g. `{"parameters": 41000.0}`.
        fidelity: share of a full training that was really done in all, what it continues included; below `job.fidelity`
            if it was dropped on the way.
        curve: mean training loss in each twentieth of the training, in order; shorter if it was dropped, empty if it is
            not known.
    """

    job: Job
    score: float
    seconds: float
    metrics: Mapping[str, float] = field(default_factory=dict)
    fidelity: float = 1.0
    curve: tuple[float, ...] = ()

    @property
    def dropped(self) -> bool:
        """Whether it was given up on the way, because it could not catch up."""
        return self.fidelity < self.job.fidelity


@dataclass(frozen=True)
class Failed:
    """An evaluation without a result, and the reason as a sentence for the report."""

    job: Job
    reason: str
    seconds: float


Trial = Done | Failed
