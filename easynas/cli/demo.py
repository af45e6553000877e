"""`easynas demo`: a first model from sample images."""

from pathlib import Path
from typing import Annotated

import typer

from easynas.cli import screen
from easynas.cli.failures import errors_as_sentences
from easynas.cli.options import Debug, Seed
from easynas.cli.place import made_folder


def demo(
    *,
    time_budget: Annotated[str, typer.Option(help='Seconds, or "90s", "10m", "1h30m"; at least 10s.')] = "60s",
    out: Annotated[Path, typer.Option(help="Folder for the model files; made if it is missing.")] = Path("demo"),
    seed: Seed = 0,
    debug: Debug = False,
) -> None:
    """Trains a first model on sample images and writes it as .keras and .tflite, with a report."""
    with errors_as_sentences(debug=debug):
        from easynas.search.budget import parse_budget

        seconds = parse_budget(time_budget)
        with made_folder(out):
            _demo(seconds, out, seed)


def _demo(seconds: float, out: Path, seed: int) -> None:
    import easynas

    (x, y), (x_test, y_test) = easynas.samples.load_fashion()
    screen.remarks().print(
        f"Looking for a network that tells {len(set(y.tolist()))} kinds of clothes apart, "
        f"from {len(x):,} images of {x.shape[2]} × {x.shape[1]} pixels, in {seconds:g} s."
    )
    classifier = easynas.ImageClassifier(time_budget=seconds, random_state=seed).fit(x, y)
    console = screen.results()
    screen.print_leaderboard(console, classifier, samples="images")
    console.print(
        f"\nTest accuracy [bold]{classifier.score(x_test, y_test):.1%}[/] on {len(x_test):,} images that `fit` "
        f"never saw. `fit` took {classifier.fit_seconds_:.1f} s.\n"
    )
    screen.remarks().print("Writing the files and measuring them, and the report.")
    reports = [classifier.export(out / "model.keras"), classifier.export(out / "model.tflite", quantization="int8")]
    screen.print_files(console, reports)
    page = classifier.report(out / "report.html", x_test=x_test, y_test=y_test)
    console.print(f"The report is in {page}: how good the model is, where it errs, what it looks at.", soft_wrap=True)
    screen.print_lines(
        console,
        (
            "\nWhat next:",
            f'  keras.models.load_model("{out / "model.keras"}")    takes raw images, needs no easynas',
            f"  easynas demo --time-budget {_more(seconds)} --out {out}    more time, a better model",
            "  easynas fit photos/ --out model    your own images, a subfolder a class",
            "  easynas fit data.csv --target column --out model    your own table or texts",
        ),
    )


def _more(seconds: float) -> str:
    """A longer budget: five minutes, or twice as long as the last one."""
    return f"{max(5, round(2 * seconds / 60))}m"
