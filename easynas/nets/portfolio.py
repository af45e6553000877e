"""The designs for images that are tried first, in the order in which they are tried; the table is `portfolio.json`.

`benchmarks/portfolio` trains candidates on many data sets and chooses such a list by their results; `made` says whether
that is how this one came about.
"""

import json
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from easynas.space.space import Values

FILE = "portfolio.json"


class Known(NamedTuple):
    """A design that is known to be good, whatever the size of images and the compute.

    Attributes:
        knob: name of the choice that scales it.
        share: of the compute that it should use, in (0, 1].
        values: its other choices, with its `"network"`.
    """

    knob: str
    share: float
    values: Values


@cache
def known_designs() -> tuple[Known, ...]:
    """The list that belongs to this version, best guess first."""
    return parse(files("easynas.nets").joinpath(FILE).read_text(encoding="utf-8"))


def parse(text: str) -> tuple[Known, ...]:
    """The designs in the text of such a table."""
    return tuple(Known(**each) for each in json.loads(text)["designs"])


def render(designs: tuple[Known, ...], made: str) -> str:
    """The text of the table; `made` says in a sentence how these designs were chosen."""
    lines = ",\n    ".join(json.dumps(each._asdict()) for each in designs)
    return f'{{\n  "made": {json.dumps(made)},\n  "designs": [\n    {lines}\n  ]\n}}\n'
