"""Memory as seen from outside."""

import os
import subprocess
import sys

import psutil

from easynas.engines.memory import available_mb, held_mb


def test_what_a_process_holds_is_seen() -> None:
    script = "x = b'x' * 200_000_000; print(flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        for suspicious in (0.0, 1e9):
            assert 195.0 < held_mb(process.pid, suspicious=suspicious) < 260.0
        process.communicate(b"\n")


def test_a_process_that_is_gone_holds_nothing() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    assert held_mb(process.pid, suspicious=0.0) == 0.0


def test_more_is_not_available_than_there_is() -> None:
    assert 0.0 < available_mb() <= psutil.virtual_memory().total / 1e6
    assert held_mb(os.getpid(), suspicious=0.0) < available_mb()
