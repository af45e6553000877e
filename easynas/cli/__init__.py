"""The command line: `easynas fit | predict | evaluate | export | report | advise | watch | profile | demo | version`.

Modules that a command needs are imported when it runs, so `--help` answers at once. Results go to standard output,
progress and errors to standard error. Exit codes: 0, 2 for a wrong option or unusable data, 130 for Ctrl-C before there
was a model, 1 for any other failure.
"""

from typing import Annotated

import typer

from easynas.cli.advise import advise
from easynas.cli.demo import demo
from easynas.cli.failures import errors_as_sentences
from easynas.cli.fit import fit
from easynas.cli.profile import profile
from easynas.cli.use import evaluate, export, predict, report
from easynas.cli.watch import watch
from easynas.version import __version__

__all__ = ["app", "errors_as_sentences", "main"]

app = typer.Typer(
    help="Finds, trains and ships a neural network within a time budget.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,  # --debug shows Python's own traceback
)
for _command in (fit, predict, evaluate, export, report, advise, watch, profile, demo):
    app.command()(_command)


def main() -> None:
    """Runs the command line; the entry point of the installed `easynas`."""
    app(prog_name="easynas")


@app.command()
def version() -> None:
    """Prints the version."""
    _print_version()


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
