"""Records the two pictures of the README from a real fit: its progress in a terminal, and the top of its report.

    python benchmarks/pictures.py --time-budget 3m

Needs tmux and Chromium, and a machine that has nothing else to do. Writes `progress.svg` and `report.png` into
docs/pictures.
"""

import argparse
import io
import os
import re
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

PICTURES = Path(__file__).parent.parent / "docs" / "pictures"
COLUMNS, ROWS, PERIOD = 110, 40, 1.0
REPORT_SIZE, COLOURS = (1100, 815), 96
CHROMIUM = (
    "--headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --hide-scrollbars"
)
DARK, LIGHT = (24, 28, 27), (214, 220, 217)
ANSI = [DARK, (224, 108, 117), (120, 200, 150), (229, 192, 123), (97, 175, 239), (198, 120, 221), (95, 190, 180), LIGHT]
_FACE = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)


class Terminal:
    """A terminal that nobody sees, in a folder; a command runs in it as a person would start it."""

    def __init__(self, folder: Path) -> None:
        self._socket = f"easynas-{os.getpid()}"
        path = f"{shlex.quote(str(Path(sys.executable).parent))}:$PATH"
        shell = f"env PS1='$ ' PATH={path} COLORTERM=truecolor bash --norc"
        size = ["-x", str(COLUMNS), "-y", str(ROWS)]
        self._tmux("-f", os.devnull, "new-session", "-d", *size, "-c", str(folder), shell)

    def type(self, line: str) -> None:
        """Types a line and presses Enter."""
        self._tmux("send-keys", line, "Enter")

    def look(self) -> str:
        """What is shown, with its colours."""
        return self._tmux("capture-pane", "-e", "-p")

    def close(self) -> None:
        """Ends what runs in it."""
        self._tmux("kill-server")

    def _tmux(self, *arguments: str) -> str:
        command = ["tmux", "-L", self._socket, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@contextmanager
def terminal(folder: Path) -> Iterator[Terminal]:
    """A terminal that is closed in the end."""
    opened = Terminal(folder)
    try:
        yield opened
    finally:
        opened.close()


def recorded(folder: Path, *, time_budget: str) -> str:
    """Runs the demo in `folder`, and returns how the terminal looked when it had most to show."""
    with terminal(folder) as shown:
        shown.type(f"clear; easynas demo --time-budget {time_budget}")
        fullest = ""
        while not (folder / "demo" / "report.html").exists():
            time.sleep(PERIOD)
            seen = shown.look().rstrip()
            if "next: " in seen and len(seen.splitlines()) >= len(fullest.splitlines()):
                fullest = seen
        return fullest


def as_svg(screen: str) -> str:
    """A terminal's content as a picture that loads nothing from elsewhere."""
    console = Console(
        record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True, color_system="truecolor", highlight=False
    )
    console.print(Text.from_ansi(screen.rstrip() + "\n"), no_wrap=True, crop=True)  # the last line lies at the edge
    svg = console.export_svg(title="easynas", theme=TerminalTheme(DARK, LIGHT, ANSI, ANSI))
    return _FACE.sub("", svg).replace("Fira Code, monospace", "ui-monospace, Menlo, Consolas, monospace")


def photograph(page: Path, picture: Path) -> None:
    """The top of a page as a small PNG."""
    width, height = REPORT_SIZE
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        drawn = Path(profile) / "page.png"
        subprocess.run(
            [
                "chromium",
                *CHROMIUM.split(),
                f"--user-data-dir={profile}",
                f"--window-size={width},{height}",
                f"--screenshot={drawn}",
                page.resolve().as_uri(),
            ],
            check=True,
            capture_output=True,
        )
        with Image.open(drawn) as image:
            image.convert("RGB").quantize(COLOURS).save(picture, optimize=True)


def main() -> None:
    """Records and writes both pictures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--time-budget", default="3m")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="easynas-", ignore_cleanup_errors=True) as folder:
        screen = recorded(Path(folder), time_budget=chosen.time_budget)
        (PICTURES / "progress.svg").write_text(as_svg(screen), encoding="utf-8")
        photograph(Path(folder) / "demo" / "report.html", PICTURES / "report.png")


if __name__ == "__main__":
    main()
