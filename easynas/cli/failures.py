"""How a command ends that cannot do what it was asked."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import typer

STOPPED = 130  # what shells expect of a program that Ctrl-C ended


@contextmanager
def errors_as_sentences(*, debug: bool, as_json: bool = False) -> Iterator[None]:
    """Ends the program with what an error of easynas says; other errors are bugs and keep their traceback.

    Args:
        debug: let errors pass with their traceback.
        as_json: say it on standard output too, as `{"error": ...}`.
    """
    from easynas.errors import EasynasError, InputError

    try:
        yield
    except EasynasError as error:
        if debug:
            raise
        _say(str(error), as_json=as_json)
        raise typer.Exit(2 if isinstance(error, InputError) else 1) from None
    except KeyboardInterrupt:
        if debug:
            raise
        _say("Stopped on request, before it was done.", as_json=as_json)
        raise typer.Exit(STOPPED) from None


def _say(sentence: str, *, as_json: bool) -> None:
    typer.echo(f"easynas: {sentence}", err=True)
    if as_json:
        typer.echo(json.dumps({"error": sentence}))
