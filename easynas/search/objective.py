"""What a search wants: objectives to improve, constraints to keep.

Everything is judged as a loss, smaller is better, so that strategies need no other direction. What can be computed
without training, such as parameters, is computed before it, and then an infeasible design is never trained.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from easynas.errors import InputError
from easynas.search.trial import Done
from easynas.space.dimension import Value

Cheap = Callable[[Mapping[str, Value]], float]
"""A measure of a genotype that needs no training."""

_SCORE = "score"


@dataclass(frozen=True)
class Objective:
    """A measure to be improved.

    Attributes:
        name: "score", or a key of `Done.metrics` such as "latency_ms".
        maximize: whether larger is better.
        cheap: computes the measure exactly from the genotype, without training; None: only a trial tells.
    """

    name: str
    maximize: bool = False
    cheap: Cheap | None = None

    def loss(self, trial: Done) -> float:
        """The measure of a trial as something to minimize; infinite if it is missing or not a number."""
        return self._signed(measure(trial, self.name, self.cheap))

    def known(self, values: Mapping[str, Value]) -> float:
        """The loss of a genotype before training.

        Raises:
            ValueError: the objective is not cheap.
        """
        if self.cheap is None:
            raise ValueError(f"The objective {self.name!r} is known after training only.")
        return self._signed(self.cheap(values))

    def _signed(self, value: float) -> float:
        if not math.isfinite(value):
            return math.inf
        return -value if self.maximize else value


@dataclass(frozen=True)
class Constraint:
    """A measure that must not exceed a limit.

    Attributes:
        name: a key of `Done.metrics`, such as "latency_ms".
        limit: the largest value allowed.
        cheap: as for an `Objective`; a genotype above the limit is then never proposed.
    """

    name: str
    limit: float
    cheap: Cheap | None = None

    def excess(self, trial: Done) -> float:
        """How far a trial is above the limit, as a share of it; 0 if it is within, infinite if nobody knows."""
        return self._excess(measure(trial, self.name, self.cheap))

    def allows(self, values: Mapping[str, Value]) -> bool:
        """Whether a genotype may be trained; True where only a trial tells."""
        return self.cheap is None or self._excess(self.cheap(values)) == 0.0

    def _excess(self, value: float) -> float:
        if not math.isfinite(value):
            return math.inf
        return max(value - self.limit, 0.0) / (abs(self.limit) or 1.0)


SCORE = Objective(_SCORE, maximize=True)


@dataclass(frozen=True)
class Goal:
    """Objectives and constraints of a search.

    Attributes:
        objectives: at least one, of different names.
        constraints: none or more.

    Raises:
        InputError: no objective, or the same one twice.
    """

    objectives: tuple[Objective, ...] = (SCORE,)
    constraints: tuple[Constraint, ...] = field(default=())

    def __post_init__(self) -> None:
        names = [objective.name for objective in self.objectives]
        if not names or len(set(names)) < len(names):
            raise InputError(f"`objectives` must be different ones, and at least one. Received: {names}.")

    @property
    def single(self) -> bool:
        """Whether the score is all that counts."""
        return self.objectives == (SCORE,) and not any(limit.cheap is None for limit in self.constraints)

    def losses(self, trial: Done) -> np.ndarray:
        """The objectives of a trial, `(objectives,)`, smaller is better."""
        return np.array([objective.loss(trial) for objective in self.objectives])

    def violation(self, trial: Done) -> float:
        """The sum of what a trial exceeds its limits by; 0 for a feasible one."""
        return sum(constraint.excess(trial) for constraint in self.constraints)

    def allows(self, values: Mapping[str, Value]) -> bool:
        """Whether a genotype keeps the constraints that can be computed before training."""
        return all(constraint.allows(values) for constraint in self.constraints)


def measure(trial: Done, name: str, cheap: Cheap | None = None) -> float:
    """What was measured of a trial, or what can be computed; NaN if neither."""
    if name == _SCORE:
        return trial.score
    if name in trial.metrics:
        return trial.metrics[name]
    return math.nan if cheap is None else cheap(trial.job.values)
