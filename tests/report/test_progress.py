"""Progress: a line an event where nothing can move, silence on request."""

import io
import logging
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from rich.console import Console
from rich.text import Text

from easynas.report.progress import Display, reading
from easynas.search.budget import Deadline
from easynas.search.running import announce
from easynas.search.trial import Done, Failed, Job, Trial
from easynas.testing import FakeClock

GOOD = Done(Job(1, {"network": "resnet"}, origin="portfolio"), 0.9, 12.0, {"standard_error": 0.01})
WORSE = Done(Job(2, {"network": "vgg"}, origin="portfolio"), 0.8, 12.0)
DROPPED = Done(Job(3, {"network": "mbconv"}), 0.95, 4.0, fidelity=0.3)
BASELINE = Done(Job(0, {}, origin="baseline"), 0.7, 3.0)


class Screen:
    """A display and what it wrote."""

    def __init__(self, *, verbose: int = 1, terminal: bool = False, weights: Path | None = None) -> None:
        self.clock = FakeClock()
        self._file = io.StringIO()
        console = Console(file=self._file, force_terminal=terminal, width=100, highlight=False)
        deadline = Deadline.after(600.0, self.clock)
        self.display = Display(deadline, metric="accuracy", verbose=verbose, console=console, weights=weights)

    @property
    def lines(self) -> list[str]:
        return [Text.from_ansi(line).plain.rstrip() for line in self._file.getvalue().splitlines()]

    def show(self, *trials: Trial) -> list[str]:
        with self.display:
            for trial in trials:
                self.display.trial(trial)
        return self.lines


def test_an_event_is_a_line_with_its_time() -> None:
    screen = Screen()
    with screen.display:
        screen.display.phase("searching")
        screen.clock.sleep(65.25)
        screen.display.trial(GOOD)
    assert screen.lines == [
        "   0.0 s  searching",
        "  65.2 s    trial 1   resnet    0.9000 ± 0.0100 best so far  portfolio",
    ]


def test_only_a_new_best_is_called_best() -> None:
    lines = Screen().show(BASELINE, GOOD, WORSE, DROPPED)
    assert ["best so far" in line for line in lines] == [True, True, False, False]
    assert "baseline" in lines[0]
    assert "0.9500 dropped" in lines[3]


def test_a_failure_shows_its_reason_on_one_line_as_it_is() -> None:
    reason = f"cannot build: [/job:localhost] shape [None, 3] at [red]conv[/] {'x' * 200}"
    [line] = Screen().show(Failed(Job(7, {"network": "resnet"}), reason, 1.0))
    assert line.endswith(f"trial 7   resnet    failed: {reason}")


@pytest.mark.parametrize(("verbose", "lines"), [(0, 0), (1, 2), (2, 3)])
def test_verbosity_decides_what_is_shown(verbose: int, lines: int) -> None:
    screen = Screen(verbose=verbose)
    with screen.display:
        screen.display.phase("searching")
        screen.display.note("Images keep their [28] x 28 pixels.")
        screen.display.trial(GOOD)
    assert len(screen.lines) == lines
    assert verbose < 2 or "Images keep their [28] x 28 pixels." in screen.lines[1]


def test_a_terminal_shows_time_left_and_the_best_score() -> None:
    screen = Screen(terminal=True)
    with screen.display:
        screen.clock.sleep(475.0)
        screen.display.trial(GOOD)
        screen.display.trial(WORSE)
    text = "\n".join(screen.lines)
    assert "2:05 left" in text
    assert "best accuracy 0.9000" in text


def test_a_late_fit_has_no_time_left_rather_than_less() -> None:
    screen = Screen(terminal=True)
    with screen.display:
        screen.clock.sleep(605.0)
        screen.display.phase("making the model")
    assert "0:00 left" in "\n".join(screen.lines)


@pytest.mark.parametrize("terminal", [False, True])
def test_reading_is_a_line_and_in_a_terminal_a_count(*, terminal: bool) -> None:
    file = io.StringIO()
    console = Console(file=file, force_terminal=terminal, width=100, highlight=False)
    with reading(verbose=1, console=console) as on_progress:
        on_progress(12_345)
    assert file.getvalue().count("0.0 s") == 1
    assert ("12,345 samples so far" in file.getvalue()) is terminal
    with reading(verbose=0, console=console) as on_progress:
        on_progress(99_999)
    assert "99,999" not in file.getvalue()


def test_the_share_of_a_phase_is_shown_in_a_terminal_only() -> None:
    shown, piped = Screen(terminal=True), Screen()
    for screen in (shown, piped):
        with screen.display:
            screen.display.phase("preparing the data")
            screen.display.progress(500, 2_000)
    assert any("preparing the data, 500 of 2,000" in line for line in shown.lines)
    assert piped.lines == ["   0.0 s  preparing the data"]


def test_the_panel_shows_the_best_trials_what_runs_and_what_is_next(tmp_path: Path) -> None:
    announce(tmp_path, Job(9, {"network": "mbconv"}), [2.0, 1.0])
    screen = Screen(terminal=True, weights=tmp_path)
    curved = Done(GOOD.job, GOOD.score, GOOD.seconds, GOOD.metrics, curve=(1.0, 0.5, 0.0))
    with screen.display:
        screen.display.phase("searching", then="making the model")
        for trial in (BASELINE, curved, WORSE, DROPPED):
            screen.display.trial(trial)
    assert "next: making the model" in "\n".join(screen.lines)
    rows = [line.split() for line in screen.lines if line.startswith("  trial")][-4:]
    assert [row[1] for row in rows] == ["1", "2", "0", "9"]
    assert "█▅▁" in rows[0]
    assert rows[3] == ["trial", "9", "mbconv", "training", "█▁" + "·" * 18, "10%"]


def test_what_is_shown_is_logged_whatever_is_shown(caplog: pytest.LogCaptureFixture) -> None:
    screen = Screen(verbose=0)
    with caplog.at_level(logging.DEBUG, logger="easynas"), screen.display:
        screen.display.phase("searching")
        screen.display.note("Images keep their [28] x 28 pixels.")
        screen.display.trial(GOOD)
    assert screen.lines == []
    assert [(record.name, record.levelname, record.message) for record in caplog.records] == [
        ("easynas", "INFO", "0.0 s  searching"),
        ("easynas", "DEBUG", "Images keep their [28] x 28 pixels."),
        ("easynas", "INFO", "0.0 s    trial 1   resnet    0.9000 ± 0.0100 best so far  portfolio"),
    ]


class Notebook:
    """What a notebook shows, in the place of IPython."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, kernel: object) -> None:
        self.outputs: list[str] = []
        shell = SimpleNamespace(kernel=kernel) if kernel else SimpleNamespace()
        ipython, shows = ModuleType("IPython"), ModuleType("IPython.display")
        monkeypatch.setattr(ipython, "get_ipython", lambda: shell, raising=False)
        monkeypatch.setattr(shows, "HTML", str, raising=False)
        monkeypatch.setattr(shows, "display", self._display, raising=False)
        monkeypatch.setitem(sys.modules, "IPython", ipython)
        monkeypatch.setitem(sys.modules, "IPython.display", shows)

    def _display(self, output: str, *, display_id: bool) -> Any:
        assert display_id
        self.outputs.append(output)
        return SimpleNamespace(update=self.outputs.append)


def test_a_notebook_has_one_output_that_changes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    notebook = Notebook(monkeypatch, kernel=object())
    display = Display(Deadline.after(600.0, FakeClock()), metric="accuracy", verbose=1)
    with display:
        display.phase("searching", then="<script>")
        display.trial(GOOD)
    assert "No network is trained yet." in notebook.outputs[0]
    assert "0.9000 ± 0.0100" in notebook.outputs[-1]
    assert "&lt;script&gt;" in notebook.outputs[-1]
    assert "<script" not in notebook.outputs[-1]
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(("kernel", "verbose"), [(None, 1), (object(), 0)])
def test_ipython_in_a_terminal_and_silence_have_no_output_of_a_notebook(
    monkeypatch: pytest.MonkeyPatch, kernel: object, verbose: int
) -> None:
    notebook = Notebook(monkeypatch, kernel=kernel)
    with Display(Deadline.after(600.0, FakeClock()), metric="accuracy", verbose=verbose) as display:
        display.trial(GOOD)
    assert notebook.outputs == []
