"""The fork server, and what it may use."""

import os

from easynas.engines.warm import cores


def test_there_is_at_least_one_core() -> None:
    assert 1 <= cores() <= (os.cpu_count() or 1)
