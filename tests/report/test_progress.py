"""Progress: a line an event where nothing can move, silence on request."""

import io

import pytest
from rich.console import Console
from rich.text import Text

from easynas.report.progress import Display, reading
from easynas.search.budget import Deadline
from easynas.search.trial import Done, Failed, Job, Trial
from easynas.testing import FakeClock

GOOD = Done(Job(1, {"network": "resnet"}, origin="portfolio"), 0.9, 12.0, {"standard_error": 0.01})
WORSE = Done(Job(2, {"network": "vgg"}, origin="portfolio"), 0.8, 12.0)
DROPPED = Done(Job(3, {"network": "mbconv"}), 0.95, 4.0, fidelity=0.3)
BASELINE = Done(Job(0, {}, origin="baseline"), 0.7, 3.0)


class Screen:
    """A display and what it wrote."""

    def __init__(self, *, verbose: int = 1, terminal: bool = False) -> None:
        self.clock = FakeClock()
        self._file = io.StringIO()
        console = Console(file=self._file, force_terminal=terminal, width=100, highlight=False)
        self.display = Display(Deadline.after(600.0, self.clock), metric="accuracy", verbose=verbose, console=console)

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
