"""Search strategies: they ask and tell, and know nothing of training.

>>> import keras_tuner
>>> from easynas import Done, SearchSpace, strategies
>>> hp = keras_tuner.HyperParameters()
>>> _ = hp.Int("width", 8, 64, step=8)
>>> strategy = strategies.create("random", SearchSpace(hp), random_state=0)
>>> job = strategy.ask(0)
>>> strategy.tell(Done(job, score=0.93, seconds=12.0))
"""

from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

from easynas.errors import InputError

if TYPE_CHECKING:
    from easynas.search.loop import Strategy
    from easynas.search.objective import Constraint, Goal, Objective
    from easynas.space.space import SearchSpace, Values

_HOMES = {
    "bayesian": ("easynas.strategies.bayesian", "Bayesian"),
    "evolution": ("easynas.strategies.evolution", "Evolution"),
    "pareto": ("easynas.strategies.pareto", "Pareto"),
    "random": ("easynas.strategies.random", "Random"),
}
_SEVERAL = frozenset({"auto", "bayesian", "evolution", "pareto", "portfolio"})
"""Those that take a `goal`: several objectives, and constraints that only a trial tells."""


def names() -> tuple[str, ...]:
    """All names that `create` knows."""
    return tuple(sorted({"auto", "portfolio", *_HOMES}))


def create(
    name: str,
    space: "SearchSpace",
    *,
    random_state: int | None = None,
    designs: "Iterable[Values]" = (),
    feasible: "Callable[[Values], bool]" = lambda _: True,
    objectives: "Sequence[Objective]" = (),
    constraints: "Sequence[Constraint]" = (),
) -> "Strategy":
    """A strategy by its name.

    Args:
        name: one of `names()`. "auto" and "portfolio" try `designs` in order, then evolve; the others start from random
            genotypes.
        space: where to search.
        random_state: seed of all proposals, from 0; None: a new one every time.
        designs: genotypes known to be good, best guess first; used by "auto" and "portfolio".
        feasible: genotypes for which it is False are never proposed, designs excepted.
        objectives: what to improve, all of it; none: the score alone. With several the search is for the trials that no
            other beats in all of them.
        constraints: what a network must keep. Genotypes against a cheap one are never proposed, designs included; the
            others are learned from trials.

    Raises:
        InputError: an unknown name; or several objectives, or constraints that only a trial tells, for a strategy that
            looks at the score alone.
    """
    check_name(name)
    from numpy.random import SeedSequence

    goal = _goal(name, objectives, constraints)
    seed = int(SeedSequence().generate_state(1)[0]) if random_state is None else int(random_state)

    def allowed(values: "Values") -> bool:
        return feasible(values) and goal.allows(values)

    if name in _HOMES:
        return _make(name, space, goal, seed=seed, feasible=allowed)
    from easynas.strategies.portfolio import Portfolio

    # The portfolio is the first population, and a study has tens of trials: a small one lets evolution begin.
    evolution = _make("evolution", space, goal, seed=seed, feasible=allowed, population=8, sample=3)
    known = (values for values in map(space.canonical, designs) if goal.allows(values))
    return Portfolio(space, designs=known, then=evolution)


def check_name(name: object) -> None:
    """Raises an `InputError` that lists the names unless `name` is one of them."""
    if name not in names():
        raise InputError(f"`search` must be a strategy or one of {list(names())}. Received: {name!r}.")


def _goal(name: str, objectives: "Sequence[Objective]", constraints: "Sequence[Constraint]") -> "Goal":
    from easynas.search.objective import SCORE, Goal

    goal = Goal(_each(objectives) or (SCORE,), _each(constraints))
    if not goal.single and name not in _SEVERAL:
        raise InputError(
            "Several objectives, others than the score, and constraints that are not cheap need a strategy that knows "
            f"them: one of {sorted(_SEVERAL)}. Received: {name!r}."
        )
    return goal


def _each(given: Any) -> Any:
    return tuple(given) if isinstance(given, Sequence) else given  # `Goal` says what is wrong with anything else


def _make(name: str, space: "SearchSpace", goal: "Goal", **settings: Any) -> "Strategy":
    module, kind = _HOMES[name]
    if name in _SEVERAL:
        settings["goal"] = goal
    made: Strategy = getattr(import_module(module), kind)(space, **settings)
    return made
