"""The methods: strategies as `easynas.strategies` makes them, with no setting of their own for any problem."""

from collections.abc import Callable
from typing import Any

from table_problems import Problem
from tables import SHORT, Array, Values

from easynas import strategies
from easynas.search.loop import Strategy
from easynas.strategies.asha import ASHA
from easynas.strategies.source import Learner

Method = Callable[[Problem, int], Strategy]


MODELS = ("bananas", "bayesian")


def plain(name: str) -> Method:
    """A strategy by its name, started from random genotypes; a model sees the paths of a cell too."""

    def make(problem: Problem, seed: int) -> Strategy:
        objectives = () if name == "random" else problem.objectives
        return strategies.create(
            name, problem.space, random_state=seed, objectives=objectives, encode=_encode(name, problem)
        )

    return make


def warm(name: str) -> Method:
    """The same, started from the best of 1,000 random genotypes by measures of untrained networks."""

    def make(problem: Problem, seed: int) -> Strategy:
        return strategies.create(
            name, problem.space, random_state=seed, proxies=problem.proxies, encode=_encode(name, problem)
        )

    return make


def rungs(name: str) -> Method:
    """The same in two rungs, of 12 and 200 epochs, by asynchronous successive halving."""

    def make(problem: Problem, seed: int) -> Strategy:
        def around() -> Learner:
            made: Any = strategies.create(name, problem.space, random_state=seed, encode=_encode(name, problem))
            learner: Learner = made
            return learner

        return ASHA(problem.space, seed=seed, around=around, reduction=round(1 / SHORT), least=SHORT)

    return make


def choices(name: str) -> Method:
    """A model that sees the choices alone."""
    return lambda problem, seed: strategies.create(name, problem.space, random_state=seed)


def _encode(name: str, problem: Problem) -> Callable[[Values], Array] | None:
    return problem.encode if name in MODELS else None


WRAPPED = ("bananas", "bayesian", "evolution", "random", "tpe")
METHODS: dict[str, Method] = {
    **{name: plain(name) for name in strategies.names() if name not in ("auto", "portfolio")},
    **{f"{name}+proxies": warm(name) for name in WRAPPED},
    **{f"{name}-paths": choices(name) for name in MODELS},
    **{f"asha+{name}": rungs(name) for name in WRAPPED},
}
