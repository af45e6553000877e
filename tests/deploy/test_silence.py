import logging
import os
import sys

import pytest

from easynas.deploy.silence import Silence


def test_what_python_and_native_code_write_is_kept_and_not_shown(capfd):
    with Silence() as silence:
        print("from python")
        print("an error", file=sys.stderr)
        os.write(1, b"from native code\n")
        os.write(2, b"its error\n")
    assert capfd.readouterr() == ("", "")
    for line in ("from python", "an error", "from native code", "its error"):
        assert line in silence.text


def test_output_before_and_after_is_shown(capfd):
    print("before")
    with Silence():
        print("between")
    print("after")
    os.write(1, b"native after\n")
    assert capfd.readouterr().out == "before\nafter\nnative after\n"


def test_an_exception_passes_and_the_outputs_are_restored(capfd):
    silence = Silence()
    with pytest.raises(KeyError), silence:
        os.write(2, b"reason\n")
        raise KeyError("stop")
    print("audible", flush=True)
    assert silence.text == "reason\n"
    assert capfd.readouterr().out == "audible\n"


def free_descriptors():
    """The next file descriptors that the system would hand out."""
    opened = [os.dup(1) for _ in range(12)]
    for descriptor in opened:
        os.close(descriptor)
    return opened


def test_no_file_descriptor_stays_open():
    before = free_descriptors()
    with Silence():
        print("quiet")
    assert free_descriptors() == before


def test_silences_nest(capfd):
    with Silence() as outer:
        print("a")
        with Silence() as inner:
            print("b")
        print("c")
    assert outer.text == "a\nc\n"
    assert inner.text == "b\n"
    assert capfd.readouterr().out == ""


def test_a_handler_of_logging_that_was_made_in_silence_can_be_heard_afterwards(capfd):
    with Silence() as silence:
        handler = logging.StreamHandler()
        logger = logging.Logger("made in silence")
        logger.addHandler(handler)
        logger.warning("unheard")
    logger.warning("heard")
    assert "unheard" in silence.text
    assert capfd.readouterr() == ("", "heard\n")
