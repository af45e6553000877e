"""Live progress: a panel in a terminal, an output that changes in a notebook, one line an event anywhere else."""

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType

from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.spinner import Spinner
from rich.text import Text

from easynas.report.leaderboard import status
from easynas.report.notebook import Cell, in_notebook
from easynas.report.standing import Standing, network_text, score_text
from easynas.report.terminal import Panel
from easynas.search.budget import Deadline
from easynas.search.incumbent import incumbent
from easynas.search.running import running
from easynas.search.trial import Done, Failed, Trial

LOGGER = logging.getLogger("easynas")
LOGGER.addHandler(logging.NullHandler())  # who wants the records says so


class Display:
    """Shows phase, time left and the best score; use it as a context.

    In a terminal a panel below the lines also has the best trials and what is being trained, with their learning
    curves; in a notebook one output has all of it. Everything that is shown as a line is a record of the logger
    `easynas`, too, whatever `verbose` is: phases and trials at level INFO, automatic choices at DEBUG.

    Args:
        deadline: of the whole fit.
        metric: name of the score.
        verbose: 0 for silence, 1 for phases and trials, 2 for every automatic choice too.
        console: where to write; None for standard error, which keeps standard output for the program's results, or for
            a notebook's cell where there is one.
        weights: folder where workers say how their trainings go; None if they do not.
    """

    def __init__(
        self,
        deadline: Deadline,
        *,
        metric: str,
        verbose: int,
        console: Console | None = None,
        weights: Path | None = None,
    ) -> None:
        self._deadline = deadline
        self._metric = metric
        self._verbose = verbose
        self._weights = weights
        self._trials: list[Trial] = []
        self._phase, self._part, self._then = "starting", "", ""
        self._console = console or Console(stderr=True, highlight=False)
        self._spinner = Spinner("dots")
        self._in_cell = verbose > 0 and console is None and in_notebook()
        self._shown = ExitStack()

    def __enter__(self) -> "Display":
        if self._in_cell:
            self._shown.enter_context(Cell(self._standing))
        elif self._verbose and self._console.is_terminal:
            live = Live(console=self._console, get_renderable=self._panel, transient=True, refresh_per_second=4)
            self._shown.enter_context(live)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._shown.close()

    def phase(self, description: str, *, then: str = "") -> None:
        """Another phase begins, and which one comes next if that is known."""
        self._phase, self._part, self._then = description, "", then
        self._event(f"[dim]{self._deadline.elapsed:6.1f} s[/]  {escape(description)}")

    def progress(self, done: int, total: int) -> None:
        """A part of the phase is done; shown only where something can change in its place."""
        self._part = f", {done:,} of {total:,}"

    def trial(self, trial: Trial) -> None:
        """A trial ended."""
        self._trials.append(trial)
        best = incumbent(self._trials)
        self._event(f"[dim]{self._deadline.elapsed:6.1f} s[/]    {_line(trial, is_best=trial is best)}")

    def note(self, sentence: str) -> None:
        """An automatic choice."""
        self._event(f"[dim]          {escape(sentence)}[/]", level=logging.DEBUG)

    def _event(self, line: str, *, level: int = logging.INFO) -> None:
        if LOGGER.isEnabledFor(level):
            LOGGER.log(level, "%s", Text.from_markup(line).plain.strip())
        if self._verbose > (level < logging.INFO) and not self._in_cell:
            self._console.print(line, soft_wrap=not self._console.is_terminal)

    def _standing(self) -> Standing:
        return Standing(
            self._phase + self._part,
            self._then,
            self._deadline.elapsed,
            self._deadline.total,
            self._metric,
            tuple(self._trials),
            () if self._weights is None else running(self._weights),
        )

    def _panel(self) -> Panel:
        return Panel(self._standing(), self._spinner)


@contextmanager
def reading(*, verbose: int, console: Console | None = None) -> Iterator[Callable[[int], None]]:
    """Shows that samples are read, before it is known what they are; yields what is told how many there are so far.

    Args:
        verbose: 0 for silence.
        console: where to write; None for standard error.
    """
    shown = console or Console(stderr=True, highlight=False)
    if not verbose:
        yield lambda _: None
        return
    shown.print("[dim]   0.0 s[/]  reading the data")
    with shown.status("reading the data") as status:
        yield lambda count: status.update(f"reading the data, {count:,} samples so far")


def _line(trial: Trial, *, is_best: bool) -> str:
    network = escape(network_text(trial))
    if isinstance(trial, Failed):
        return f"trial {trial.job.id:<3} {network:<9} [red]failed[/]: {escape(trial.reason)}"
    return f"trial {trial.job.id:<3} {network:<9} {_score(trial, is_best=is_best)}  [dim]{escape(trial.job.origin)}[/]"


def _score(trial: Done, *, is_best: bool) -> str:
    score = score_text(trial)
    if trial.dropped:
        return f"[dim]{score} {status(trial)}[/]"
    return f"[green]{score} best so far[/]" if is_best else score
