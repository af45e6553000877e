"""Every tutorial runs from the first cell to the last, as somebody would run it who has less time."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

TUTORIALS = sorted((Path(__file__).parent.parent / "tutorials").glob("*.py"))
BUDGET = re.compile(r'(?<=")(\d+)s(?=")')
LONGEST = 12
"""Seconds that a fit may have here: every cell does the same with a model that is not as good."""

PROGRAM = """
import sys

__file__ = sys.argv.pop(1)
exec(compile(sys.stdin.read(), __file__, "exec"))
"""


def shortened(source: str) -> str:
    """A script whose budgets are `LONGEST` at most."""
    return BUDGET.sub(lambda found: f"{min(int(found[1]), LONGEST)}s", source)


def test_budgets_are_found_in_the_tutorials() -> None:
    assert shortened('fit("60s", limit="64kB"); fit("10s")') == 'fit("12s", limit="64kB"); fit("10s")'
    assert sum(shortened(script.read_text("utf-8")) != script.read_text("utf-8") for script in TUTORIALS) >= 5


@pytest.mark.slow
@pytest.mark.parametrize("script", TUTORIALS, ids=lambda script: script.stem)
def test_the_tutorial_runs(script: Path, tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(script)],
        input=shortened(script.read_text(encoding="utf-8")),
        check=False,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert ended.returncode == 0, ended.stderr[-3000:]
