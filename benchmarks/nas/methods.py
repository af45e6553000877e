"""The methods: strategies as `easynas.strategies` makes them, with no setting of their own for any problem."""

from collections.abc import Callable

from table_problems import Problem

from easynas import strategies
from easynas.search.loop import Strategy

Method = Callable[[Problem, int], Strategy]


def plain(name: str) -> Method:
    """A strategy by its name, started from random genotypes."""

    def make(problem: Problem, seed: int) -> Strategy:
        return strategies.create(name, problem.space, random_state=seed, objectives=problem.objectives)

    return make


def warm(name: str) -> Method:
    """The same, started from the best of 1,000 random genotypes by measures of untrained networks."""

    def make(problem: Problem, seed: int) -> Strategy:
        return strategies.create(name, problem.space, random_state=seed, proxies=problem.proxies)

    return make


METHODS: dict[str, Method] = {
    **{name: plain(name) for name in strategies.names() if name not in ("auto", "portfolio")},
    **{
        f"{name}+proxies": warm(name)
        for name in ("bayesian", "bananas", "evolution", "tpe", "random")
        if name in strategies.names()
    },
}
