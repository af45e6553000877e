"""Where trials run. An engine is described here by name or object, and started anew for each phase of a fit.

All of them speak `easynas.search.loop.Engine`; `easynas.testing.check_engine` is their contract.
"""

from typing import TYPE_CHECKING, Any, cast

from easynas.errors import InputError

if TYPE_CHECKING:
    from easynas.engines.local import Local
    from easynas.engines.ray import Ray
    from easynas.search.loop import Launcher

__all__ = ["Local", "Ray", "create", "names"]

_NAMES = ("local", "ray")


def names() -> tuple[str, ...]:
    """All names that `create` knows."""
    return _NAMES


def create(engine: object) -> "Launcher":
    """The launcher that a name stands for; an object that has `start` is one.

    Raises:
        InputError: neither a name nor a launcher.
    """
    if not isinstance(engine, type) and callable(getattr(engine, "start", None)):
        return cast("Launcher", engine)
    if engine == "local":
        from easynas.engines.local import Local

        return Local()
    if engine == "ray":
        from easynas.engines.ray import Ray

        return Ray()
    raise InputError(f"`engine` must be one of {list(_NAMES)} or an object with `start`. Received: {engine!r}.")


def __getattr__(name: str) -> Any:
    if name == "Local":
        from easynas.engines.local import Local

        return Local
    if name == "Ray":
        from easynas.engines.ray import Ray

        return Ray
    raise AttributeError(f"module 'easynas.engines' has no attribute {name!r}")
