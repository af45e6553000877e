"""`easynas watch`: a page of this machine that follows a running fit."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from easynas.cli import place
from easynas.cli.failures import errors_as_sentences
from easynas.cli.options import Debug

if TYPE_CHECKING:
    from easynas.report.dashboard import Dashboard

HOST = "127.0.0.1"


def watch(
    directory: Annotated[
        Path,
        typer.Argument(metavar="DIR", help="Folder of `easynas fit --out`, or of `directory=`.", show_default=False),
    ],
    *,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of this machine; 0: any that is free.")] = 0,
    browser: Annotated[bool, typer.Option("--browser", help="Open the page in your browser.")] = False,
    debug: Debug = False,
) -> None:
    """Shows a page that follows a running fit and can stop it. Only this machine can open it; Ctrl-C ends it."""
    with errors_as_sentences(debug=debug):
        study = _study(directory)
        from easynas.report.dashboard import Dashboard

        _serve(Dashboard(study), port, browser=browser)


def _study(directory: Path) -> Path:
    """The folder with the journal: the one given, or the one that `easynas fit` makes inside of it."""
    from easynas.errors import InputError
    from easynas.search.journal import FILE

    for folder in (directory, directory / place.STUDY):
        if (folder / FILE).is_file():
            return folder.absolute()
    raise InputError(
        f"DIR must be a folder in which a fit began. Received {str(directory)!r} without {FILE}; give the `--out` of "
        "`easynas fit`, or the `directory` of an estimator, once its fit has begun."
    )


def _serve(dashboard: "Dashboard", port: int, *, browser: bool) -> None:
    """Serves the page until Ctrl-C."""
    import webbrowser

    import waitress

    from easynas.errors import InputError

    try:
        server = waitress.create_server(dashboard, host=HOST, port=port, threads=4, ident=None)
    except OSError as error:
        raise InputError(f"`--port` must be free. Received {port}: {error.strerror}. Use 0 for any.") from error
    address = f"http://{HOST}:{server.effective_port}{dashboard.address}"
    typer.echo(address)
    typer.echo("Ctrl-C ends this page, not the fit.", err=True)
    if browser:
        webbrowser.open(address)
    server.run()
