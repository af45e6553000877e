"""How strategies are put together: what a name stands for, and what "auto" chooses."""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from easynas.search.loop import Strategy
from easynas.search.objective import Goal
from easynas.space.space import SearchSpace, Values
from easynas.strategies.embedding import Encode
from easynas.strategies.fresh import Feasible
from easynas.strategies.portfolio import Portfolio
from easynas.strategies.prospects import Prospects, Proxy

_HOMES = {
    "asha": ("asha", "ASHA"),
    "bananas": ("bananas", "Bananas"),
    "bayesian": ("bayesian", "Bayesian"),
    "bohb": ("bohb", "BOHB"),
    "controller": ("controller", "Controller"),
    "evolution": ("evolution", "Evolution"),
    "halving": ("hyperband", "Halving"),
    "hyperband": ("hyperband", "Hyperband"),
    "local": ("local", "LocalSearch"),
    "pareto": ("pareto", "Pareto"),
    "random": ("random", "Random"),
    "tpe": ("tpe", "TPE"),
}
_RUNGS = ("asha", "halving", "hyperband")
_WITH_MODEL = ("bananas", "bayesian")
_WITH_GOAL = ("bayesian", "evolution", "pareto")

_WARM = 10
"""Genotypes that a search by proxies starts with: as many as a model needs before it is asked."""
_FEW, _MANY = 60, 1000
"""Trials below which a study is its designs and their relatives, and above which a model costs more than it gains."""
_SMALL = {"population": 8, "sample": 3}
"""Of evolution in a study of a few tens of trials; the designs are the first population."""


@dataclass(frozen=True)
class Assembly:
    """What all strategies of a search have in common; the attributes are those of `strategies.create`."""

    space: SearchSpace
    seed: int
    goal: Goal
    feasible: Feasible
    designs: Iterable[Values]
    proxies: tuple[Proxy, ...]
    encode: Encode | None
    trials: float | None

    def make(self, name: str, *, around: str | None = None) -> Strategy:
        """The strategy of a name, perhaps around another one."""
        prospects = (
            Prospects(self.space, self.proxies, seed=self.seed, feasible=self._allowed) if self.proxies else None
        )
        warm = () if prospects is None else itertools.islice(prospects.best(), _WARM)
        if name in ("auto", "portfolio"):
            inner = choose(self.space, self.goal, self.trials)[0] if name == "auto" else around or "evolution"
            designs = (values for values in map(self.space.canonical, self.designs) if self.goal.allows(values))
            then = self._alone(inner, prospects=prospects, small=(self.trials or 0) < _FEW)
            return Portfolio(self.space, designs=itertools.chain(designs, warm), then=then)
        alone = self._alone(name, prospects=prospects, around=around)
        return alone if prospects is None else Portfolio(self.space, designs=warm, then=alone)

    def _alone(
        self, name: str, *, prospects: Prospects | None, around: str | None = None, small: bool = False
    ) -> Strategy:
        settings: dict[str, Any] = {"seed": self.seed}
        if name in _RUNGS:
            settings["around"] = lambda: self._alone(around or "random", prospects=prospects)
        else:
            settings["feasible"] = self._allowed
        if name in _WITH_GOAL:
            settings["goal"] = self.goal
        if name == "bayesian":
            settings["prospects"] = prospects
        if name in _WITH_MODEL:
            settings["encode"] = self.encode
        if name == "evolution" and small:
            settings |= _SMALL
        module, kind = _HOMES[name]
        made: Strategy = getattr(import_module(f"easynas.strategies.{module}"), kind)(self.space, **settings)
        return made

    def _allowed(self, values: Values) -> bool:
        return self.feasible(values) and self.goal.allows(values)


def choose(space: SearchSpace, goal: Goal, trials: float | None) -> tuple[str, str]:
    """What to search with after the designs, and why."""
    size = space.size()
    if trials is not None and size <= trials and goal.single:
        return "random", f"All {size:,.0f} networks of the space can be tried, so their order does not matter."
    if trials is not None and trials > _MANY:
        name = "evolution" if goal.single else "pareto"
        return (
            name,
            f"About {trials:,.0f} trials are enough for {name}, and a model of so many costs more than it gains.",
        )
    if not goal.single:
        return "bayesian", "Several measures count, and a model of each finds their trade-off with the fewest trials."
    if trials is None or trials < _FEW:
        return "evolution", "With a few tens of trials the relatives of the best designs are tried, by evolution."
    return "bayesian", f"About {trials:,.0f} trials are enough to learn a model of the space, which then proposes."
