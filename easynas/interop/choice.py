"""Strategies for a space that is only known, or grows, while they are already chosen."""

from collections.abc import Callable
from typing import Any

from easynas import strategies
from easynas.errors import InputError
from easynas.search.loop import Strategy
from easynas.space.space import SearchSpace

Choice = str | Callable[[SearchSpace, int], Strategy]
"""A strategy's name, or a function `(space, seed) -> strategy`."""


def check_choice(choice: Any) -> None:
    """Raises an `InputError` unless `choice` is a strategy's name or a function that makes one."""
    if isinstance(choice, str):
        strategies.check_name(choice)
    elif not callable(choice):
        raise InputError(
            f"A strategy must be one of {list(strategies.names())} or a function `(space, seed) -> strategy`, because "
            f"its space is found by building networks. Received: {choice!r}. Pass `lambda space, seed: ...`."
        )


def make(choice: Choice, space: SearchSpace, *, seed: int) -> Strategy:
    """The chosen strategy on a space; a name tries the default genotype first if it begins with known designs."""
    if isinstance(choice, str):
        return strategies.create(choice, space, random_state=seed, designs=[space.default()])
    return choice(space, seed)
