"""The contract of several objectives catches strategies that do not know them."""

from collections.abc import Callable

import pytest

from easynas.search.loop import Strategy
from easynas.search.objective import Constraint, Goal, Objective
from easynas.search.trial import Failed, Job, Trial
from easynas.space.space import SearchSpace
from easynas.strategies.evolution import Evolution
from easynas.strategies.pareto import Pareto
from easynas.strategies.random import Random
from easynas.testing import check_many_objectives

Objectives = tuple[Objective, ...]
Constraints = tuple[Constraint, ...]


def by_chance(space: SearchSpace, seed: int, objectives: Objectives, constraints: Constraints) -> Strategy:
    return Random(space, seed=seed, feasible=Goal(objectives or Goal().objectives, constraints).allows)


def score_only(space: SearchSpace, seed: int, objectives: Objectives, constraints: Constraints) -> Strategy:
    return Evolution(space, seed=seed, feasible=Goal(constraints=constraints).allows)


def unconstrained(space: SearchSpace, seed: int, objectives: Objectives, constraints: Constraints) -> Strategy:
    return Pareto(space, seed=seed, goal=Goal(objectives or Goal().objectives))


def careless(space: SearchSpace, seed: int, objectives: Objectives, constraints: Constraints) -> Strategy:
    return Pareto(space, seed=seed, goal=Goal(objectives or Goal().objectives, constraints))


class Trusting:
    """Expects every trial to have every measure."""

    def __init__(self, space: SearchSpace, seed: int, objectives: Objectives, constraints: Constraints) -> None:
        self.inner = Random(space, seed=seed)

    def ask(self, job_id: int) -> Job | None:
        return self.inner.ask(job_id)

    def tell(self, trial: Trial) -> None:
        assert isinstance(trial, Failed) or trial.metrics["latency_ms"] > 0.0
        self.inner.tell(trial)


@pytest.mark.parametrize(
    ("create", "complaint"),
    [
        (by_chance, "way from that of random search"),
        (score_only, "way from that of random search"),
        (unconstrained, "must be learned"),
        (careless, "against a cheap constraint"),
    ],
)
def test_a_broken_promise_is_named(create: Callable[..., Strategy], complaint: str) -> None:
    with pytest.raises(AssertionError, match=complaint):
        check_many_objectives(create, seeds=1)


def test_measures_may_be_missing() -> None:
    with pytest.raises(KeyError):
        check_many_objectives(Trusting)
