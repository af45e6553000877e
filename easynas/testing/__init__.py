"""Fakes and contracts for everybody who extends easynas, and for its own tests."""

from easynas.testing.blocks import check_block
from easynas.testing.fakes import FakeClock, FakeEngine
from easynas.testing.strategies import check_strategy

__all__ = ["FakeClock", "FakeEngine", "check_block", "check_strategy"]
