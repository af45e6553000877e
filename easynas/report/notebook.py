"""A fit in a notebook: one output that is written anew, without widgets and without a script."""

import importlib
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jinja2

from easynas.report import standing as texts
from easynas.report.standing import Standing

TEMPLATES = Path(__file__).parent / "templates"
_SECONDS, _LEADERS, _RUNNING = 2.0, 5, 8


def in_notebook() -> bool:
    """Whether this process serves a notebook; IPython is asked only if somebody else has loaded it."""
    interactive = sys.modules.get("IPython")
    shell = None if interactive is None else interactive.get_ipython()
    return getattr(shell, "kernel", None) is not None


class Cell:
    """The output of a notebook's cell that follows a fit; use it as a context.

    Args:
        look: how the fit stands now.
    """

    def __init__(self, look: Callable[[], Standing]) -> None:
        self._look = look
        self._shows: Any = importlib.import_module("IPython.display")  # there wherever a notebook is
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="easynas-notebook", daemon=True)
        self._handle: Any = None

    def __enter__(self) -> "Cell":
        self._handle = self._shows.display(self._output(), display_id=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self._show()

    def _follow(self) -> None:
        while not self._over.wait(_SECONDS):
            self._show()

    def _show(self) -> None:
        self._handle.update(self._output())

    def _output(self) -> Any:
        return self._shows.HTML(render(self._look()))


def render(standing: Standing) -> str:
    """A piece of a page: it brings its own style, and follows the colours around it."""
    return environment().get_template("notebook.html").render(view(standing))


def environment() -> jinja2.Environment:
    """Templates in which everything that is put in is escaped."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"clock": texts.clock_text, "points": spark_points}
    return made


def view(standing: Standing) -> dict[str, Any]:
    """What the templates see of a standing."""
    best = standing.best
    return {
        "standing": standing,
        "best": best,
        "leaders": standing.leaders(_LEADERS),
        "running": standing.running[:_RUNNING],
        "more": max(0, len(standing.running) - _RUNNING),
        "parts": texts.PARTS,
        "score": texts.score_text,
        "network": texts.network_text,
    }


def spark_points(curve: tuple[float, ...], width: float = 100.0, height: float = 20.0) -> str:
    """Points of a polyline in a box of `width` times `height` for a curve; a part of a training takes a part of it."""
    low, span = min(curve), max(curve) - min(curve)
    step = width / (texts.PARTS - 1)
    return " ".join(
        f"{place * step:.1f},{height - 1 - (height - 2) * ((value - low) / span if span else 0.0):.1f}"
        for place, value in enumerate(curve)
    )
