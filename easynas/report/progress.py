"""Live progress: a moving line in a terminal, one line an event anywhere else."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, ProgressColumn, SpinnerColumn, Task, TextColumn
from rich.text import Text

from easynas.report.leaderboard import status
from easynas.search.budget import Deadline
from easynas.search.incumbent import incumbent
from easynas.search.trial import Done, Failed, Trial


class Display:
    """Shows phase, time left and the best score; use it as a context.

    Args:
        deadline: of the whole fit.
        metric: name of the score.
        verbose: 0 for silence, 1 for phases and trials, 2 for every automatic choice too.
        console: where to write; None for standard error, which keeps standard output for the program's results.
    """

    def __init__(self, deadline: Deadline, *, metric: str, verbose: int, console: Console | None = None) -> None:
        self._deadline = deadline
        self._metric = metric
        self._verbose = verbose
        self._trials: list[Trial] = []
        self._phase = ""
        self._console = console or Console(stderr=True, highlight=False)
        self._bar = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            _Clock(deadline),
            TextColumn("{task.fields[best]}"),
            console=self._console,
            transient=True,
            disable=verbose == 0 or not self._console.is_terminal,
        )
        self._task = self._bar.add_task("starting", total=deadline.total, best="")

    def __enter__(self) -> "Display":
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def phase(self, description: str) -> None:
        """Another phase begins."""
        self._phase = description
        self._bar.update(self._task, description=description)
        self._print(f"[dim]{self._deadline.elapsed:6.1f} s[/]  {escape(description)}")

    def progress(self, done: int, total: int) -> None:
        """A part of the phase is done; not shown anywhere but in a terminal, where it is a line that changes."""
        self._bar.update(self._task, description=f"{self._phase}, {done:,} of {total:,}")

    def trial(self, trial: Trial) -> None:
        """A trial ended."""
        self._trials.append(trial)
        best = incumbent(self._trials)
        if best is not None:
            self._bar.update(self._task, best=f"best {self._metric} {best.score:.4f}")
        self._print(f"[dim]{self._deadline.elapsed:6.1f} s[/]    {_line(trial, is_best=trial is best)}")

    def note(self, sentence: str) -> None:
        """An automatic choice."""
        if self._verbose > 1:
            self._print(f"[dim]          {escape(sentence)}[/]")

    def _print(self, line: str) -> None:
        if self._verbose:
            self._console.print(line, soft_wrap=not self._console.is_terminal)


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


class _Clock(ProgressColumn):
    """Time left; moves the bar by the clock."""

    def __init__(self, deadline: Deadline) -> None:
        super().__init__()
        self._deadline = deadline

    def render(self, task: Task) -> Text:
        task.completed = min(self._deadline.elapsed, self._deadline.total)
        left = max(self._deadline.left, 0.0)
        return Text(f"{int(left // 60)}:{int(left % 60):02d} left")


def _line(trial: Trial, *, is_best: bool) -> str:
    network = escape(str(trial.job.values.get("network", trial.job.origin)))
    if isinstance(trial, Failed):
        return f"trial {trial.job.id:<3} {network:<9} [red]failed[/]: {escape(trial.reason)}"
    return f"trial {trial.job.id:<3} {network:<9} {_score(trial, is_best=is_best)}  [dim]{escape(trial.job.origin)}[/]"


def _score(trial: Done, *, is_best: bool) -> str:
    error = trial.metrics.get("standard_error")
    score = f"{trial.score:.4f}" + (f" ± {error:.4f}" if error is not None else "")
    if trial.dropped:
        return f"[dim]{score} {status(trial)}[/]"
    return f"[green]{score} best so far[/]" if is_best else score
