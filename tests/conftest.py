"""What holds for all tests."""

import gc
import signal
import sys
from collections.abc import Iterator

import pytest
from hypothesis import settings

# A busy machine is slow for a moment now and then; what takes too long always is caught by pytest's timeout.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


def pytest_configure() -> None:
    """What a script starts in the background ignores Ctrl-C, and so would the processes that tests start."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_finish() -> None:
    """TensorFlow's million objects stay to the end: the garbage collector need not look at them again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True, scope="module")
def networks_are_forgotten() -> Iterator[None]:
    """Keras keeps what it traced; without this a process that runs many modules grows to gigabytes."""
    yield
    if "keras" in sys.modules:
        sys.modules["keras"].backend.clear_session()
