"""Fakes and contracts for everybody who extends easynas, and for its own tests; they load on first use."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from easynas.testing.blocks import check_block
    from easynas.testing.engines import check_engine
    from easynas.testing.fakes import FakeClock, FakeEngine
    from easynas.testing.objectives import check_many_objectives
    from easynas.testing.strategies import check_strategy
    from easynas.testing.tabulated import Row, TabulatedEvaluator, simulate

__all__ = [
    "FakeClock",
    "FakeEngine",
    "Row",
    "TabulatedEvaluator",
    "check_block",
    "check_engine",
    "check_many_objectives",
    "check_strategy",
    "simulate",
]

_HOMES = {
    "FakeClock": "fakes",
    "FakeEngine": "fakes",
    "Row": "tabulated",
    "TabulatedEvaluator": "tabulated",
    "check_block": "blocks",
    "check_engine": "engines",
    "check_many_objectives": "objectives",
    "check_strategy": "strategies",
    "simulate": "tabulated",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'easynas.testing' has no attribute {name!r}")
    return getattr(import_module(f"easynas.testing.{_HOMES[name]}"), name)
