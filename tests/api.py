"""The public interface as text, to compare with `tests/api.txt`.

A difference there is a decision: make it, then run `python -m tests.api > tests/api.txt`.
Annotations are left out: mypy checks them, and they are spelled differently from one Python version to the next.
"""

import inspect
import re
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import easynas


def describe() -> str:
    """Every public name, one a line, with its signature; methods and attributes indented below their class."""
    lines = [line for name in sorted(easynas.__all__) for line in _lines(name, getattr(easynas, name))]
    return "\n".join(lines) + "\n"


def _lines(name: str, value: Any) -> Iterator[str]:
    if isinstance(value, ModuleType):
        if callable(value):
            yield f"{name}{_signature(value)}"
        for inner in sorted(own_names(value)):
            yield from _lines(f"{name}.{inner}", getattr(value, inner))
    elif inspect.isclass(value):
        bases = ", ".join(base.__name__ for base in value.__bases__ if base is not object)
        yield f"class {name}{_signature(value)}" + (f" extends {bases}" if bases else "")
        yield from sorted(_members(value))
    elif callable(value):
        yield f"{name}{_signature(value)}"
    else:
        yield name


def own_names(module: ModuleType) -> list[str]:
    """What a public module lists, or else what it defines itself."""
    own = [name for name, value in vars(module).items() if getattr(value, "__module__", "") == module.__name__]
    return [name for name in getattr(module, "__all__", own) if not name.startswith("_")]


def _members(cls: type) -> Iterator[str]:
    """What the class and its own bases define; what scikit-learn or KerasTuner add is theirs."""
    ours = [base for base in cls.__mro__ if base.__module__.startswith("easynas")]
    fields = getattr(cls, "__dataclass_fields__", {})  # the signature has these
    for name in {name for base in ours for name in vars(base) if _is_shown(name)} - set(fields):
        member = inspect.getattr_static(cls, name)
        function = getattr(cls, name)
        yield f"    {name}" + (_signature(function) if callable(function) else "")
        if isinstance(member, property) and member.fset is not None:
            yield f"    {name} (can be set)"


def _is_shown(name: str) -> bool:
    # scikit-learn adds `set_fit_request` and its like to every estimator.
    return not name.startswith("_") and not re.fullmatch("set_.*_request", name)


def _signature(value: Any) -> str:
    try:
        signature = inspect.signature(value)
    except ValueError:
        # Exceptions and other classes made in C have none.
        return "()"
    bare = [p.replace(annotation=inspect.Parameter.empty) for p in signature.parameters.values()]
    text = str(signature.replace(parameters=bare, return_annotation=inspect.Signature.empty))
    return re.sub(" at 0x[0-9a-f]+", "", text)


if __name__ == "__main__":
    print(describe(), end="")
