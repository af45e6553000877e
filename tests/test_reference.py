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


def place(value: object) -> str:
    """Where a class, function or module is at home."""
    if isinstance(value, ModuleType):
        return value.__name__
    assert inspect.isclass(value) or inspect.isfunction(value)
    return f"{value.__module__}.{value.__qualname__}"


def in_the_reference() -> Iterator[str]:
    for page in (DOCS / "reference").glob("*.md"):
        for identifier, options in _ENTRY.findall(page.read_text(encoding="utf-8")):
            yield identifier
            module = _module(identifier)
            if module is not None:
                listed = _MEMBERS.search(options)
                members = own_names(module) if listed is None else listed[1].split(", ")
                yield from (place(getattr(module, name)) for name in members)


def _module(identifier: str) -> ModuleType | None:
    try:
        return import_module(identifier)
    except ModuleNotFoundError:
        return None


def public() -> Iterator[str]:
    for name in easynas.__all__:
        value = getattr(easynas, name)
        if isinstance(value, ModuleType):
            yield from (place(getattr(value, inner)) for inner in own_names(value))
        elif name != "__version__":
            yield place(value)
    yield place(type(easynas.search).__call__)
    yield from (place(getattr(easynas.runtime, name)) for name in own_names(easynas.runtime))


def test_every_public_name_is_in_the_reference() -> None:
    assert set(public()) - set(in_the_reference()) == set()


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.stem)
def test_what_a_guide_imports_is_in_the_reference(guide: Path) -> None:
    known = set(in_the_reference())
    for module, names in _IMPORT.findall(guide.read_text(encoding="utf-8")):
        for name in names.split(","):
            value = getattr(import_module(module), name.strip())
            assert isinstance(value, ModuleType) or place(value) in known, f"{module}.{name.strip()}"
