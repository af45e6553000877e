"""The command line: `easynas demo` and `easynas version`.

Modules that a command needs are imported when it runs, so `--help` answers at once. Results go to standard output,
progress and errors to standard error. Exit codes: 0, 2 for a wrong option or unusable data, 1 for any other failure.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from easynas.version import __version__

if TYPE_CHECKING:
    from easynas.deploy.export import ExportReport
    from easynas.tasks.image import ImageClassifier

app = typer.Typer(
    help="Finds, trains and ships a neural network within a time budget.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # --debug shows Python's own traceback
)


def main() -> None:
    """Runs the command line; the entry point of the installed `easynas`."""
    app()


@app.command()
def demo(
    *,
    time_budget: Annotated[str, typer.Option(help='Seconds, or "90s", "10m", "1h30m"; at least 10s.')] = "60s",
    out: Annotated[Path, typer.Option(help="Folder for the model files; made if it is missing.")] = Path("demo"),
    seed: Annotated[int, typer.Option(min=0, help="Seed of everything random.")] = 0,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """Trains a first model on sample images and writes it as .keras and .tflite."""
    with errors_as_sentences(debug=debug):
        import easynas
        from easynas.search.budget import parse_budget

        seconds = parse_budget(time_budget)
        _make_folder(out)
        (x, y), (x_test, y_test) = easynas.samples.load_fashion()
        Console(stderr=True, highlight=False).print(
            f"Looking for a network that tells {len(set(y.tolist()))} kinds of clothes apart, "
            f"from {len(x):,} images of {x.shape[2]} × {x.shape[1]} pixels, in {seconds:g} s."
        )
        classifier = easynas.ImageClassifier(time_budget=seconds, random_state=seed).fit(x, y)
        console = Console(highlight=False)
        _print_leaderboard(console, classifier)
        console.print(
            f"\nTest accuracy [bold]{classifier.score(x_test, y_test):.1%}[/] on {len(x_test):,} images that `fit` "
            f"never saw. `fit` took {classifier.fit_seconds_:.1f} s.\n"
        )
        Console(stderr=True, highlight=False).print("Writing the files and measuring them.")
        reports = [classifier.export(out / "model.keras"), classifier.export(out / "model.tflite", quantization="int8")]
        _print_files(console, reports)
        _print_next(console, out)


@app.command()
def version() -> None:
    """Prints the version."""
    _print_version()


@contextmanager
def errors_as_sentences(*, debug: bool) -> Iterator[None]:
    """Ends the program with what an error of easynas says; other errors are bugs and keep their traceback."""
    from easynas.errors import EasynasError, InputError

    try:
        yield
    except EasynasError as error:
        if debug:
            raise
        typer.echo(f"easynas: {error}", err=True)
        raise typer.Exit(2 if isinstance(error, InputError) else 1) from None


@app.callback(invoke_without_command=True)
def _options(
    *,
    version: Annotated[bool, typer.Option("--version", help="Print the version.", is_eager=True)] = False,
) -> None:
    if version:
        _print_version()
        raise typer.Exit


def _print_version() -> None:
    typer.echo(f"easynas {__version__}")


def _make_folder(folder: Path) -> None:
    """Makes the folder now: a minute later would be too late to learn that it cannot be made."""
    from easynas.errors import InputError

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"`--out` must be a folder that can be made. Received {str(folder)!r}: {error.strerror}."
        ) from error


def _print_leaderboard(console: Console, classifier: "ImageClassifier") -> None:
    """A row a trial, the shipped one marked, and the reasons of those that failed."""
    board = classifier.leaderboard()
    shipped = classifier.study_.shipped
    table = Table(title="Leaderboard: scores on held-out images", title_justify="left")
    for heading in ("trial", "status", "score", "network", "origin", "seconds", "epochs", "params"):
        table.add_column(heading, justify="left" if heading in _WORDS else "right")
    for row in board.to_dict("records"):
        is_shipped = shipped is not None and row["trial"] == shipped.job.id
        table.add_row(
            f"{'*' if is_shipped else ''}{row['trial']}",
            row["status"],
            _number(row["score"], ".4f"),
            row["network"] or "–",
            row["origin"],
            _number(row["seconds"], ".1f"),
            _number(row["epochs"], ".1f"),
            _number(row["parameters"], ",.0f"),
            style="bold" if is_shipped else None,
        )
    console.print()
    console.print(table)
    if shipped is not None:
        console.print(f"* the model that you get; it scored {shipped.score:.4f}")
    for row in board[board["status"] == "failed"].to_dict("records"):
        console.print(f"Trial {row['trial']} failed: {row['reason']}", markup=False)


_WORDS = {"status", "network", "origin"}


def _number(value: float, form: str) -> str:
    return "–" if value != value else format(value, form)  # only NaN differs from itself


def _print_files(console: Console, reports: Sequence["ExportReport"]) -> None:
    table = Table(title="Files, measured after writing", title_justify="left")
    table.add_column("file", overflow="fold")
    table.add_column("numbers")
    for heading in ("size", "latency", "agreement"):
        table.add_column(heading, justify="right")
    for report in reports:
        latency = "–" if report.latency_ms is None else f"{report.latency_ms:.3g} ms an image"
        table.add_row(
            str(report.path), report.quantization, f"{report.size_kb:.1f} kB", latency, f"{report.agreement:.1%}"
        )
    console.print(table)
    console.print("Agreement: share of images to which the file gives the same label as the trained model.")
    for warning in (warning for report in reports for warning in report.warnings):
        console.print(warning, markup=False)


def _print_next(console: Console, out: Path) -> None:
    lines = (
        "\nWhat next:",
        f'  keras.models.load_model("{out / "model.keras"}")    takes raw images, needs no easynas',
        f"  easynas demo --time-budget 5m --out {out}    more time, a better model",
        '  easynas.ImageClassifier(time_budget="10m").fit(x, y)    your own images, see README.md',
    )
    for line in lines:
        console.print(line, markup=False, soft_wrap=True)
