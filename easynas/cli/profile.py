"""`easynas profile`: what a device takes for operators, and from that what a file takes there."""

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from easynas.cli import screen
from easynas.cli.failures import errors_as_sentences
from easynas.cli.options import Debug, Json

if TYPE_CHECKING:
    from collections.abc import Callable

    from easynas.runtime import Profile


def profile(
    file: Annotated[
        Path | None, typer.Argument(help="A .tflite file to predict the latency of.", show_default=False)
    ] = None,
    *,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Measure this machine, and write this file.", show_default=False)
    ] = None,
    known: Annotated[
        Path | None,
        typer.Option("--with", help="Profile of the device to predict for; without it this machine is measured."),
    ] = None,
    threads: Annotated[int, typer.Option(min=1, help="Of the interpreter, while measuring.")] = 1,
    seconds: Annotated[float, typer.Option(min=0.1, help="About as long as measuring takes.")] = 15.0,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Measures how fast this machine runs networks, in about 20 seconds, or predicts how fast a device runs a file."""
    with errors_as_sentences(debug=debug, as_json=as_json):
        from easynas.errors import InputError

        if file is None and out is None:
            raise InputError(
                "There must be something to do. Received neither `--out` nor a file; give `--out` to measure this "
                "machine, or a .tflite file to predict its latency."
            )
        if out is not None and known is not None:
            raise InputError(
                f"`--out` measures this machine, `--with` takes a profile that exists. Received both: {str(out)!r} and "
                f"{str(known)!r}; leave one out."
            )
        try:
            _profile(file, out, lambda: _found(known, threads, seconds), as_json=as_json)
        except ValueError as error:  # the runtime, which does without easynas' own errors, says so
            raise InputError(str(error)) from error


def _profile(file: Path | None, out: Path | None, find: "Callable[[], Profile]", *, as_json: bool) -> None:
    from easynas.deploy.silence import Silence
    from easynas.runtime.latency import content_of
    from easynas.runtime.operators import read_operators
    from easynas.runtime.profile import sentences

    if out is not None:
        _check_writable(out)
    if file is not None:
        content = content_of(file)
        with Silence():  # TensorFlow greets, where it is what reads files
            read_operators(content)  # before anything is measured for it
    found = find()
    if out is not None:
        found.save(out)
    parts = () if file is None else found.parts(file)
    if as_json:
        screen.print_json({"device": dict(found.device), "threads": found.threads, **_predicted(file, found)})
        return
    console = screen.results()
    screen.print_lines(console, sentences(found))
    if out is not None:
        screen.print_lines(console, (f"The profile is in {out}.",))
    if file is not None:
        rows = [
            (part.kind, part.count, round(part.ms, 4), "measured" if part.measured else "a guess") for part in parts
        ]
        screen.print_lines(console, ("", f"{file} takes about {found.predict(file):.3g} ms a sample there:"))
        screen.print_rows(console, "Where the time goes", ("operators", "times", "ms", "from"), rows)


def _predicted(file: Path | None, profile: "Profile") -> dict[str, object]:
    if file is None:
        return {"accuracy": {numbers: vars(each) for numbers, each in profile.accuracy.items()}}
    return {
        "file": str(file),
        "latency_ms": profile.predict(file),
        "operators": [vars(part) for part in profile.parts(file)],
    }


def _found(known: Path | None, threads: int, seconds: float) -> "Profile":
    from easynas.deploy.silence import Silence
    from easynas.runtime import Profile, calibrate

    if known is not None:
        return Profile.load(known)
    screen.remarks().print(f"Measuring this machine; leave it alone for about {seconds + 5:.0f} seconds.")
    # Interpreters announce their own end of life, and the kernels they pick.
    with warnings.catch_warnings(), Silence():
        warnings.simplefilter("ignore")
        return calibrate(threads=threads, seconds=seconds)


def _check_writable(out: Path) -> None:
    """Says so before anything is measured."""
    if not out.parent.is_dir() or out.is_dir():
        raise ValueError(f"`--out` must be a file in an existing folder. Received {str(out)!r}; make the folder first.")
