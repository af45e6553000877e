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
    "controller": ("easynas.strategies.controller", "Controller"),
    "evolution": ("easynas.strategies.evolution", "Evolution"),
    "local": ("easynas.strategies.local", "LocalSearch"),
    "random": ("easynas.strategies.random", "Random"),
}


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
) -> "Strategy":
    """A strategy by its name.

    Args:
        name: one of `names()`. "auto" and "portfolio" try `designs` in order, then evolve; "random" and "evolution"
            start from random genotypes.
        space: where to search.
        random_state: seed of all proposals, from 0; None: a new one every time.
        designs: genotypes known to be good, best guess first; used by "auto" and "portfolio".
        feasible: genotypes for which it is False are never proposed, designs excepted.

    Raises:
        InputError: an unknown name.
    """
    check_name(name)
    from numpy.random import SeedSequence

    seed = int(SeedSequence().generate_state(1)[0]) if random_state is None else int(random_state)
    if name in _HOMES:
        return _make(name, space, seed=seed, feasible=feasible)
    from easynas.strategies.portfolio import Portfolio

    # The portfolio is the first population, and a study has tens of trials: a small one lets evolution begin.
    evolution = _make("evolution", space, seed=seed, feasible=feasible, population=8, sample=3)
    return Portfolio(space, designs=designs, then=evolution)


def check_name(name: object) -> None:
    """Raises an `InputError` that lists the names unless `name` is one of them."""
    if name not in names():
        raise InputError(f"`search` must be a strategy or one of {list(names())}. Received: {name!r}.")


def _make(name: str, space: "SearchSpace", **settings: Any) -> "Strategy":
    module, kind = _HOMES[name]
    made: Strategy = getattr(import_module(module), kind)(space, **settings)
    return made
