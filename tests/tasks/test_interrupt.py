"""Ctrl-C once, twice, and requests to end."""

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from easynas.tasks.interrupt import Interrupt


@pytest.fixture(autouse=True)
def handlers_of_a_fresh_process() -> Iterator[None]:
    before = signal.signal(signal.SIGINT, signal.default_int_handler), signal.signal(signal.SIGTERM, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGINT, before[0])
    signal.signal(signal.SIGTERM, before[1])


def test_the_first_ctrl_c_waits_for_a_safe_moment() -> None:
    with Interrupt() as interrupt:
        interrupt.check()
        os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            interrupt.check()


def test_a_file_asks_as_one_ctrl_c_does_and_is_taken_away(tmp_path: Path) -> None:
    request = tmp_path / "stop"
    request.touch()
    with Interrupt() as interrupt:
        interrupt.obey(request)
        assert not request.exists()
        interrupt.check()  # one from before this fit asks for nothing
        request.touch()
        with pytest.raises(KeyboardInterrupt):
            interrupt.check()
        assert not request.exists()
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)


def test_the_second_ctrl_c_does_not_wait() -> None:
    with Interrupt():
        os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)


def test_a_request_to_end_is_an_orderly_exit() -> None:
    with Interrupt(), pytest.raises(SystemExit) as exit_:
        os.kill(os.getpid(), signal.SIGTERM)
    assert exit_.value.code == 143


def test_a_request_to_end_that_was_swallowed_is_made_again() -> None:
    with Interrupt() as interrupt:
        with contextlib.suppress(SystemExit):
            os.kill(os.getpid(), signal.SIGTERM)
        with pytest.raises(SystemExit) as exit_:
            interrupt.check()
    assert exit_.value.code == 143


def test_handlers_are_put_back() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with Interrupt():
        assert signal.getsignal(signal.SIGINT) != before[0]
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_handlers_of_somebody_else_stay(number: signal.Signals) -> None:
    before = signal.signal(number, signal.SIG_IGN)
    try:
        with Interrupt():
            assert signal.getsignal(number) is signal.SIG_IGN
    finally:
        signal.signal(number, before)


def test_a_thread_changes_nothing() -> None:
    seen: list[object] = []

    def work() -> None:
        with Interrupt() as interrupt:
            interrupt.check()
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [signal.getsignal(signal.SIGINT)]
