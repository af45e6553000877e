"""A fit in a terminal: a panel that changes in place below the lines of what happened."""

from rich.console import Console, ConsoleOptions, Group, RenderResult
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from easynas.report.standing import PARTS, Standing, clock_text, network_text, score_text, sparkline
from easynas.search.running import Running
from easynas.search.trial import Done

_LEADERS, _RUNNING = 3, 4


class Panel:
    """A standing as rich shows it.

    Args:
        standing: what to show.
        spinner: what turns; it keeps its own time, so every panel of a fit gets the same one.
    """

    def __init__(self, standing: Standing, spinner: Spinner) -> None:
        self._standing = standing
        self._spinner = spinner

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        bars = not options.ascii_only
        yield Group(self._head(), *self._best(), self._rows(bars=bars))

    def _head(self) -> Table:
        shown = self._standing
        head = Table.grid(padding=(0, 1))
        phase = Text(shown.phase, style="bold", no_wrap=True, overflow="ellipsis")
        bar = ProgressBar(total=1.0, completed=shown.share, width=24)
        then = Text(f"next: {shown.then}" if shown.then else "", style="dim", no_wrap=True, overflow="ellipsis")
        head.add_row(self._spinner, phase, bar, Text(f"{clock_text(shown.left)} left", no_wrap=True), then)
        return head

    def _best(self) -> list[Text]:
        best = self._standing.best
        if best is None:
            return []
        found = f"{network_text(best)}, trial {best.job.id}"
        return [
            Text.assemble(
                "  best ", self._standing.metric, " ", (score_text(best), "bold green"), (f"  {found}", "dim")
            )
        ]

    def _rows(self, *, bars: bool) -> Table:
        rows = Table.grid(padding=(0, 2))
        for done in self._standing.leaders(_LEADERS):
            rows.add_row(*_ended(done, bars=bars))
        for job in self._standing.running[:_RUNNING]:
            rows.add_row(*_trained(job, bars=bars))
        more = len(self._standing.running) - _RUNNING
        if more > 0:
            rows.add_row("", "", Text(f"and {more} more", style="dim"))
        return rows


def _ended(done: Done, *, bars: bool) -> tuple[Text, ...]:
    return (
        Text(f"  trial {done.job.id}"),
        Text(network_text(done), no_wrap=True, overflow="ellipsis"),
        Text(score_text(done), no_wrap=True),
        Text(_curve(done.curve, bars=bars), style="cyan", no_wrap=True),
        Text(f"{done.seconds:.0f} s", style="dim", no_wrap=True),
    )


def _trained(job: Running, *, bars: bool) -> tuple[Text, ...]:
    done = Text(_curve(job.curve, bars=bars), style="cyan", no_wrap=True)
    rest = "·" * (PARTS - len(job.curve)) if bars else ""
    return (
        Text(f"  trial {job.number}", style="dim"),
        Text(job.network or job.origin, style="dim", no_wrap=True, overflow="ellipsis"),
        Text("training", style="dim", no_wrap=True),
        done.append(rest, style="dim"),
        Text(f"{len(job.curve) / PARTS:.0%}", style="dim", no_wrap=True),
    )


def _curve(curve: tuple[float, ...], *, bars: bool) -> str:
    """The loss as bars, or from where to where it fell in a terminal that has none."""
    if not curve:
        return ""
    return sparkline(curve) if bars else f"{curve[0]:.3g} > {curve[-1]:.3g}"
