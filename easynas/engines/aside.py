"""`Aside`: small computations in a process of their own.

Every Keras network that is built leaves about a megabyte behind in its process, in caches that only the whole session's
reset would empty. The user's process builds one network, the result; all others are built here or in the workers.
"""

from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

import cloudpickle
import pebble

from easynas.engines import worker
from easynas.engines.warm import warm_context

_RECYCLE = 100  # calls


class Aside:
    """One warm process that computes what it is given, one thing at a time; use it as a context.

    Args:
        log: a file that collects what libraries print.
    """

    def __init__(self, log: Path) -> None:
        self._pool = pebble.ProcessPool(
            max_workers=1,
            max_tasks=_RECYCLE,
            initializer=worker.prepare,
            initargs=(1, log),
            context=warm_context(),
        )

    def __call__(self, function: Callable[..., Any], *arguments: object) -> Any:
        """What `function` returns for `arguments`; all travel by value. Its error is raised here."""
        return self._pool.schedule(worker.call, args=(cloudpickle.dumps((function, arguments)),)).result()

    def __enter__(self) -> "Aside":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.stop()
        self._pool.join()
