"""Search strategies: they ask and tell, and know nothing of training.

>>> import keras_tuner
>>> from easynas import Done, SearchSpace, strategies
>>> hp = keras_tuner.HyperParameters()
>>> _ = hp.Int("width", 8, 64, step=8)
>>> strategy = strategies.create("random", SearchSpace(hp), random_state=0)
>>> job = strategy.ask(0)
>>> strategy.tell(Done(job, score=0.93, seconds=12.0))
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from easynas.errors import InputError

if TYPE_CHECKING:
    from easynas.search.loop import Strategy
    from easynas.search.objective import Constraint, Goal, Objective
    from easynas.space.space import SearchSpace, Values

_NAMES = (
    "asha",
    "auto",
    "bananas",
    "bayesian",
    "bohb",
    "controller",
    "evolution",
    "halving",
    "hyperband",
    "local",
    "pareto",
    "portfolio",
    "random",
    "tpe",
)
_SEVERAL = frozenset({"auto", "bayesian", "evolution", "pareto", "portfolio"})
"""Those that take a `goal`: several objectives, and constraints that only a trial tells."""
_RUNGS = frozenset({"asha", "halving", "hyperband"})
"""Those that train what another strategy proposes, shortly first."""

_MODELS = frozenset({"bananas", "bayesian"})
"""Those that learn a model of the space."""


def names() -> tuple[str, ...]:
    """All names that `create` knows."""
    return _NAMES


def create(
    name: str,
    space: "SearchSpace",
    *,
    random_state: int | None = None,
    designs: "Iterable[Values]" = (),
    proxies: "Sequence[Callable[[Mapping[str, Any]], float]]" = (),
    encode: "Callable[[Mapping[str, Any]], Any] | None" = None,
    feasible: "Callable[[Values], bool]" = lambda _: True,
    objectives: "Sequence[Objective]" = (),
    constraints: "Sequence[Constraint]" = (),
    around: str | None = None,
    trials: float | None = None,
) -> "Strategy":
    """A strategy by its name.

    Args:
        name: one of `names()`. "portfolio" tries `designs` in order and goes on with `around`; so does "auto", which
            chooses what to go on with, see `choose`. The others start from random genotypes.
        space: where to search.
        random_state: seed of all proposals, from 0; None: a new one every time.
        designs: genotypes known to be good, best guess first; used by "auto" and "portfolio".
        proxies: measures of untrained networks, larger is better, such as the number of parameters. A thousand random
            genotypes are ranked by all of them together, and the ten best are tried first; for "bayesian" the rank is
            the prior mean, too.
        encode: what a model sees of a genotype as a vector, such as a cell's paths by `easynas.nets.nb201.paths`:
            "bayesian" besides its choices, "bananas" instead of them, as in its paper; None: the choices alone.
        feasible: genotypes for which it is False are never proposed, designs excepted.
        objectives: what to improve, all of it; none: the score alone. With several the search is for the trials that no
            other beats in all of them.
        constraints: what a network must keep. Genotypes against a cheap one are never proposed, designs included; the
            others are learned from trials.
        around: name of the strategy whose genotypes "asha", "halving" and "hyperband" train in rungs, None: "random";
            or of the one that follows the designs of "portfolio", None: "evolution".
        trials: about how many trainings there is time for, which decides what "auto" does; None: a few tens.

    Raises:
        InputError: an unknown name; `around` for a strategy that has no other inside; or several objectives, or
            constraints that only a trial tells, for a strategy that looks at the score alone; or `encode` for one
            without a model.
    """
    check_name(name)
    _check_around(around, name)
    if encode is not None and not {name, around} & _MODELS:
        raise InputError(
            f"`encode` must be None for {name!r}, which has no model. Received: {encode!r}. "
            f"Leave it out, or use one of {sorted(_MODELS)}."
        )
    goal = _goal(name, objectives, constraints)
    from numpy.random import SeedSequence

    from easynas.strategies.assembly import Assembly

    assembly = Assembly(
        space,
        seed=int(SeedSequence().generate_state(1)[0]) if random_state is None else int(random_state),
        goal=goal,
        feasible=feasible,
        designs=designs,
        proxies=tuple(proxies),
        encode=encode,
        trials=trials,
    )
    return assembly.make(name, around=around)


def choose(
    space: "SearchSpace",
    *,
    objectives: "Sequence[Objective]" = (),
    constraints: "Sequence[Constraint]" = (),
    trials: float | None = None,
) -> tuple[str, str]:
    """What "auto" goes on with after its designs, and why, as a sentence; arguments as for `create`."""
    from easynas.strategies.assembly import choose as chosen

    return chosen(space, _goal("auto", objectives, constraints), trials)


def check_name(name: object) -> None:
    """Raises an `InputError` that lists the names unless `name` is one of them."""
    if name not in _NAMES:
        raise InputError(
            f"`search` must be one of {list(_NAMES)}, or a function `(space, seed) -> strategy`. Received: {name!r}."
        )


def _check_around(around: object, name: str) -> None:
    if around is None:
        return
    if name not in _RUNGS | {"portfolio"}:
        raise InputError(
            f"`around` must be None for {name!r}, which has no strategy inside. Received: {around!r}. "
            f"Leave it out, or use one of {sorted(_RUNGS | {'portfolio'})}."
        )
    known = sorted(set(_NAMES) - {"auto", "portfolio"} - (_RUNGS | {"bohb"} if name in _RUNGS else set()))
    if around not in known:
        raise InputError(f"`around` of {name!r} must be None or one of {known}. Received: {around!r}.")


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
