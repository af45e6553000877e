"""What a search wants: objectives to improve, constraints to keep.

Everything is judged as a loss, smaller is better, so that strategies need no other direction. What can be computed
without training, such as parameters, is computed before it, and then an infeasible design is never trained.
"""

import math
import numbers
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from easynas.errors import InputError
from easynas.search.front import crowding, ranks
from easynas.search.trial import Done, Failed, Trial
from easynas.space.dimension import Value

Cheap = Callable[[Mapping[str, Value]], float]
"""A measure of a genotype that needs no training: the same every time it is asked, and asked often."""

_SCORE = "score"


@dataclass(frozen=True)
class Objective:
    """A measure to be improved.

    Attributes:
        name: "score", or a key of `Done.metrics` such as "latency_ms".
        maximize: whether larger is better; of the score it always is.
        cheap: computes the measure from the genotype, without training; None: only a trial tells. What a trial has
            measured counts more.

    Raises:
        InputError: the score is to be minimized.
    """

    name: str
    maximize: bool = False
    cheap: Cheap | None = None

    def __post_init__(self) -> None:
        if self.name == _SCORE and not self.maximize:
            raise InputError(
                'Larger scores are better, always. Received: Objective("score") to be minimized. '
                'Write Objective("score", maximize=True).'
            )

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
        limit: the largest value allowed, finite.
        cheap: as for an `Objective`; a genotype above the limit is then never proposed.

    Raises:
        InputError: the limit is not a finite number, or is one of the score, which has no largest value.
    """

    name: str
    limit: float
    cheap: Cheap | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.limit, numbers.Real) or not math.isfinite(self.limit):
            raise InputError(f"The `limit` of {self.name!r} must be a finite number. Received: {self.limit!r}.")
        if self.name == _SCORE:
            raise InputError(
                "A constraint is the largest value allowed of a cost, and of the score more is better. "
                'Received: Constraint("score"). Make it an objective.'
            )

    def excess(self, trial: Done) -> float:
        """How far a trial is above the limit, as a share of it; 0 if it is within, infinite if nobody knows.

        Above a limit of 0 it is in the units of the measure.
        """
        return max(self.margin(trial), 0.0)

    def margin(self, trial: Done) -> float:
        """The same, and negative below the limit: what a model learns from."""
        return self._margin(measure(trial, self.name, self.cheap))

    def allows(self, values: Mapping[str, Value]) -> bool:
        """Whether a genotype may be trained; True where only a trial tells."""
        return self.cheap is None or self._margin(self.cheap(values)) <= 0.0

    def known(self, values: Mapping[str, Value]) -> float:
        """The margin of a genotype before training.

        Raises:
            ValueError: the constraint is not cheap.
        """
        if self.cheap is None:
            raise ValueError(f"The constraint on {self.name!r} is known after training only.")
        return self._margin(self.cheap(values))

    def _margin(self, value: float) -> float:
        return (value - self.limit) / (abs(self.limit) or 1.0) if math.isfinite(value) else math.inf


SCORE = Objective(_SCORE, maximize=True)


@dataclass(frozen=True, eq=False)
class Judged:
    """What a goal makes of a trial.

    Attributes:
        trial: what was judged.
        losses: `(objectives,)`, smaller is better, infinite where nothing was measured.
        violation: how far it is from keeping all constraints; 0 if it does.
    """

    trial: Trial
    losses: np.ndarray
    violation: float


@dataclass(frozen=True)
class Goal:
    """Objectives and constraints of a search.

    Attributes:
        objectives: at least one, of different names.
        constraints: none or more.

    Raises:
        InputError: no objective, the same one twice, or something that is none.
    """

    objectives: tuple[Objective, ...] = (SCORE,)
    constraints: tuple[Constraint, ...] = ()

    def __post_init__(self) -> None:
        _check_kind("objectives", self.objectives, Objective)
        _check_kind("constraints", self.constraints, Constraint)
        names = [objective.name for objective in self.objectives]
        if not names or len(set(names)) < len(names):
            raise InputError(f"`objectives` must be different ones, and at least one. Received: {names}.")

    @property
    def single(self) -> bool:
        """Whether the score is all that counts once cheap constraints are kept."""
        return self.objectives == (SCORE,) and not any(limit.cheap is None for limit in self.constraints)

    def judge(self, trial: Trial) -> Judged:
        """What becomes of a trial; a failed one is infinitely bad."""
        return Judged(trial, self.losses(trial), self.violation(trial))

    def losses(self, trial: Trial) -> np.ndarray:
        """The objectives of a trial, `(objectives,)`, smaller is better; infinite for a failed one."""
        if isinstance(trial, Failed):
            return np.full(len(self.objectives), math.inf)
        return np.array([objective.loss(trial) for objective in self.objectives])

    def violation(self, trial: Trial) -> float:
        """The sum of what a trial exceeds its limits by; 0 for a feasible one, infinite for a failed one."""
        if isinstance(trial, Failed):
            return math.inf
        return sum((constraint.excess(trial) for constraint in self.constraints), 0.0)

    def allows(self, values: Mapping[str, Value]) -> bool:
        """Whether a genotype keeps the constraints that can be computed before training."""
        return all(constraint.allows(values) for constraint in self.constraints)


def places(judged: Sequence[Judged]) -> np.ndarray:
    """The place of each trial among the others, `(trials,)`, from 0 for the best; no two share one.

    Feasible trials come first, then those of an earlier front, then those in a less crowded part of their front (the
    crowded comparison of Deb et al. 2002, section III-C), then those judged earlier.
    """
    if not judged:
        return np.zeros(0, int)
    losses = np.stack([each.losses for each in judged])
    rank = ranks(losses, np.array([each.violation for each in judged]))
    space = np.zeros(len(judged))
    for level in np.unique(rank):
        space[rank == level] = crowding(losses[rank == level])
    found = np.empty(len(judged), int)
    found[np.lexsort((-space, rank))] = np.arange(len(judged))
    return found


def measure(trial: Done, name: str, cheap: Cheap | None = None) -> float:
    """What was measured of a trial, or what can be computed; NaN if neither."""
    if name == _SCORE:
        return trial.score
    # Journals hold finite metrics alone, so that another one must count as missing here too.
    if math.isfinite(measured := trial.metrics.get(name, math.nan)):
        return measured
    return math.nan if cheap is None else cheap(trial.job.values)


def _check_kind(name: str, given: object, kind: type[Objective] | type[Constraint]) -> None:
    if not isinstance(given, tuple) or not all(isinstance(each, kind) for each in given):
        raise InputError(
            f"`{name}` must be a tuple of easynas.{kind.__name__}. Received: {given!r}. "
            f'Write for instance `{name}=(easynas.{kind.__name__}("latency_ms", ...),)`.'
        )


SCORE_ALONE = Goal()
"""The best score and nothing else: what a search wants if nobody says otherwise."""
