"""The fork server, and what it may use."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from easynas.engines.warm import cores


def test_there_is_at_least_one_core() -> None:
    assert 1 <= cores() <= (os.cpu_count() or 1)


@pytest.mark.slow
def test_a_long_path_of_temporary_files_is_no_hindrance(tmp_path: Path) -> None:
    """A local socket's path has room for about a hundred characters, and TMPDIR on a cluster may be longer."""
    folder = tmp_path / ("x" * 100)
    folder.mkdir()
    script = "import tempfile; from easynas.engines import warm; warm.warm_up(); print(tempfile.gettempdir())"
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "TMPDIR": str(folder)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(folder)
