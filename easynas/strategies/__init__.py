"""Search strategies: they ask and tell, and know nothing of training.

>>> import keras_tuner
>>> from easynas import Done, SearchSpace, strategies
>>> hp = keras_tuner.HyperParameters()
>>> _ = hp.Int("width", 8, 64, step=8)
>>> strategy = strategies.create("random", SearchSpace(hp), random_state=0)
>>> job = strategy.ask(0)
>>> strategy.tell(Done(job, score=0.93, seconds=12.0))
"""

from collections.abc import Callable, Iterable
from importlib import import_module
from typing import TYPE_CHECKING, Any

from easynas.errors import InputError

if TYPE_CHECKING:
    from easynas.search.loop import Strategy
    from easynas.space.space import SearchSpace, Values

_HOMES = {
    "asha": ("easynas.strategies.asha", "ASHA"),
    "bohb": ("easynas.strategies.bohb", "BOHB"),
    "evolution": ("easynas.strategies.evolution", "Evolution"),
    "halving": ("easynas.strategies.hyperband", "Halving"),
    "hyperband": ("easynas.strategies.hyperband", "Hyperband"),
    "random": ("easynas.strategies.random", "Random"),
    "tpe": ("easynas.strategies.tpe", "TPE"),
}
_WRAPPING = ("asha", "halving", "hyperband")


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
    around: str | None = None,
) -> "Strategy":
    """A strategy by its name.

    Args:
        name: one of `names()`. "auto" and "portfolio" try `designs` in order, then evolve; "random" and "evolution"
            start from random genotypes.
        space: where to search.
        random_state: seed of all proposals, from 0; None: a new one every time.
        designs: genotypes known to be good, best guess first; used by "auto" and "portfolio".
        feasible: genotypes for which it is False are never proposed, designs excepted.
        around: name of the strategy whose genotypes "asha", "halving" and "hyperband" train in rungs, None: "random";
            or of the one that follows the designs of "portfolio", None: "evolution" of a small population.

    Raises:
        InputError: an unknown name, or `around` for a strategy that has no other inside.
    """
    check_name(name)
    _check_around(around, name)
    from numpy.random import SeedSequence

    seed = int(SeedSequence().generate_state(1)[0]) if random_state is None else int(random_state)
    if name in _WRAPPING:
        inner = around or "random"
        return _make(name, space, seed=seed, around=lambda: _make(inner, space, seed=seed, feasible=feasible))
    if name in _HOMES:
        return _make(name, space, seed=seed, feasible=feasible)
    from easynas.strategies.portfolio import Portfolio

    if around is not None:
        then = create(around, space, random_state=seed, feasible=feasible)
    else:
        # The portfolio is the first population, and a study has tens of trials: a small one lets evolution begin.
        then = _make("evolution", space, seed=seed, feasible=feasible, population=8, sample=3)
    return Portfolio(space, designs=designs, then=then)


def check_name(name: object) -> None:
    """Raises an `InputError` that lists the names unless `name` is one of them."""
    if name not in names():
        raise InputError(f"`search` must be a strategy or one of {list(names())}. Received: {name!r}.")


def _check_around(around: object, name: str) -> None:
    if around is None:
        return
    if name not in (*_WRAPPING, "portfolio"):
        raise InputError(
            f"`around` must be None for {name!r}, which has no strategy inside. Received: {around!r}. "
            f"Leave it out, or use one of {[*_WRAPPING, 'portfolio']}."
        )
    known = sorted(_HOMES if name == "portfolio" else set(_HOMES) - {*_WRAPPING, "bohb"})
    if around not in known:
        raise InputError(f"`around` of {name!r} must be None or one of {known}. Received: {around!r}.")


def _make(name: str, space: "SearchSpace", **settings: Any) -> "Strategy":
    module, kind = _HOMES[name]
    made: Strategy = getattr(import_module(module), kind)(space, **settings)
    return made
