"""`easynas watch`: it finds the study, and serves its page to this machine alone."""

import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from typer.testing import CliRunner

from easynas.cli import app
from easynas.search.journal import STOP
from easynas.search.study import Study


def begun(directory: Path) -> None:
    with Study.open(directory, {"metric": "accuracy"}, budget=600.0) as study:
        study.enter("searching")


def test_a_folder_without_a_study_is_refused(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["watch", str(tmp_path)])
    assert result.exit_code == 2
    assert "must be a folder in which a fit began" in result.stderr


@pytest.mark.slow
def test_the_page_is_served_on_the_loopback_device_until_ctrl_c(tmp_path: Path) -> None:
    begun(tmp_path / "model" / "study")
    command = [sys.executable, "-m", "easynas", "watch", str(tmp_path / "model")]
    quiet = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=quiet) as process:
        try:
            assert process.stdout is not None
            address = process.stdout.readline().strip()
            assert re.fullmatch(r"http://127\.0\.0\.1:\d+/[\w-]{32}/", address)
            with urllib.request.urlopen(address, timeout=20) as answer:
                assert "searching" in answer.read().decode()
            with pytest.raises(urllib.error.HTTPError, match="404"):
                urllib.request.urlopen(address[:-2] + "/", timeout=20)
            stop = urllib.request.Request(address + "stop", method="POST")
            with urllib.request.urlopen(stop, timeout=20) as answer:
                assert answer.url == address
            assert (tmp_path / "model" / "study" / STOP).exists()
        finally:
            process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 0
