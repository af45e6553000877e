"""`easynas advise`: what `easynas fit` would do, before it does anything."""

from typing import TYPE_CHECKING

from easynas.cli import screen
from easynas.cli.failures import errors_as_sentences
from easynas.cli.options import Data, Debug, Drop, Json, Metric, Space, Target, Task, TaskOption, TimeBudget
from easynas.cli.source import estimator_of, training_source

if TYPE_CHECKING:
    from easynas.tasks.advice import Advice

_MOST_CLASSES = 20


def advise(
    data: Data,
    *,
    target: Target = None,
    time_budget: TimeBudget = "10m",
    task: TaskOption = Task.AUTO,
    metric: Metric = None,
    space: Space = "auto",
    drop: Drop = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Says what `fit` would do with your data, and in which time, without training anything."""
    with errors_as_sentences(debug=debug, as_json=as_json):
        from easynas.tasks import advice

        source = training_source(data, target=target or [], drop=drop or [], task=task)
        settings = {"time_budget": time_budget, "metric": metric, "space": space, "random_state": 0}
        estimator, why = estimator_of(source, task, settings)
        advised = advice.advise(estimator, source.x, source.y)
        if as_json:
            screen.print_json({**vars(advised), "notes": [*source.notes, why]})
        else:
            _print(advised, (*source.notes, why))


def _print(advised: "Advice", notes: tuple[str, ...]) -> None:
    console = screen.results()
    console.print(f"[bold]{advised.task}[/], maximising [bold]{advised.metric}[/], from {advised.samples:,} samples")
    screen.print_lines(console, (f"  {note}" for note in notes))
    if advised.classes:
        console.print()
        rows = sorted(advised.classes.items(), key=lambda each: -each[1])
        more = f", the {_MOST_CLASSES} most frequent of {len(rows)}" if len(rows) > _MOST_CLASSES else ""
        shares = [(name, count, f"{count / advised.samples:.1%}") for name, count in rows[:_MOST_CLASSES]]
        screen.print_rows(console, f"Classes{more}", ("class", "samples", "share"), shares)
    if advised.columns:
        console.print()
        headings = ("column", "kind", "missing %", "different", "why")
        screen.print_rows(console, "Columns as understood", headings, advised.columns)
    screen.print_lines(console, (f"! {warning}" for warning in advised.warnings))
    screen.print_lines(console, ("", "What would be done:", *(f"  {choice}" for choice in advised.choices)))
    screen.print_lines(console, (f"  Networks searched: {', '.join(advised.spaces)}.", ""))
    screen.print_rows(
        console, "Time, about", ("phase", "seconds"), [(name, round(each)) for name, each in advised.seconds.items()]
    )
