"""The reference has every public name, and whatever tutorials and guides import."""

import inspect
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

import easynas
import easynas.runtime
from tests.api import own_names

DOCS = Path(__file__).parent.parent / "docs"
GUIDES = [*sorted((DOCS.parent / "tutorials").glob("*.py")), *sorted(DOCS.glob("*.md")), DOCS.parent / "README.md"]

_ENTRY = re.compile(r"^::: (\S+)\n(?:    options: (.*)\n)?", re.MULTILINE)
_MEMBERS = re.compile(r"members: \[([\w, ]+)\]")
_IMPORT = re.compile(r"^\s*(?:>>> )?from (easynas[\w.]*) import ([\w, ]+)", re.MULTILINE)


def place(module: ModuleType, name: str) -> str:
    """Where a public name is at home: a class or function where it is written, a constant where it is found."""
    value = getattr(module, name)
    if inspect.isclass(value) or inspect.isfunction(value):
        return f"{value.__module__}.{value.__qualname__}"
    return f"{module.__name__}.{name}"


def in_the_reference() -> Iterator[str]:
    for page in (DOCS / "reference").glob("*.md"):
        for identifier, options in _ENTRY.findall(page.read_text(encoding="utf-8")):
            yield identifier
            module = _module(identifier)
            if module is not None:
                listed = _MEMBERS.search(options)
                members = own_names(module) if listed is None else listed[1].split(", ")
                yield from (place(module, name) for name in members)


def _module(identifier: str) -> ModuleType | None:
    try:
        return import_module(identifier)
    except ModuleNotFoundError:
        return None


def public() -> Iterator[str]:
    for name in easynas.__all__:
        value = getattr(easynas, name)
        if isinstance(value, ModuleType):
            yield from (place(value, inner) for inner in own_names(value))
        elif name != "__version__":
            yield place(easynas, name)
    yield place(easynas.search, "Search") + ".__call__"
    yield from (place(easynas.runtime, name) for name in own_names(easynas.runtime))


def test_every_public_name_is_in_the_reference() -> None:
    assert set(public()) - set(in_the_reference()) == set()


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.stem)
def test_what_a_guide_imports_is_in_the_reference(guide: Path) -> None:
    known = set(in_the_reference())
    for module, names in _IMPORT.findall(guide.read_text(encoding="utf-8")):
        for name in names.split(","):
            home, plain = import_module(module), name.strip()
            assert isinstance(getattr(home, plain), ModuleType) or place(home, plain) in known, f"{module}.{plain}"
