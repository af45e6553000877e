"""`easynas predict`, `evaluate`, `export` and `report`: what can be done with a saved model."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from easynas.cli import place, screen
from easynas.cli.failures import errors_as_sentences
from easynas.cli.options import Debug, Json, Model, Quantization, Unseen
from easynas.cli.source import Source, known_source, labelled_source

if TYPE_CHECKING:
    import pandas as pd

_WRITERS = (".csv", ".jsonl", ".parquet")


def predict(
    model: Model,
    data: Unseen,
    *,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="File to write: .csv, .jsonl or .parquet.", show_default="standard output"),
    ] = None,
    proba: Annotated[bool, typer.Option("--proba", help="Add the probability of every class.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object a line instead of CSV.")] = False,
    debug: Debug = False,
) -> None:
    """Predicts what is new, in the order of the data."""
    with errors_as_sentences(debug=debug):
        from easynas.errors import InputError

        if out is not None and out.suffix not in _WRITERS:
            raise InputError(f"`--out` must end in {', '.join(_WRITERS)}. Received {str(out)!r}.")
        if out is not None and not out.absolute().parent.is_dir():
            raise InputError(f"`--out` must be in a folder that exists. Received {str(out)!r}.")
        fitted = place.load(model)
        if proba and not hasattr(fitted.estimator, "predict_proba"):
            raise InputError("`--proba` needs a model that predicts classes. Received one that predicts numbers.")
        source = known_source(data, kind=fitted.kind, target=fitted.target, column=fitted.column)
        table = _predictions(fitted, source, proba=proba)
        if out is not None:
            _write(table, out)
            screen.remarks().print(f"{len(table):,} predictions are in {out}.")
        elif as_json:
            table.to_json(sys.stdout, orient="records", lines=True, force_ascii=False)
        else:
            table.to_csv(sys.stdout, index=False)


def evaluate(model: Model, data: Unseen, *, as_json: Json = False, debug: Debug = False) -> None:
    """Scores a model on data whose right answers are known: a table with the target, or a folder of classes."""
    with errors_as_sentences(debug=debug, as_json=as_json):
        fitted = place.load(model)
        source = labelled_source(data, kind=fitted.kind, target=fitted.target, column=fitted.column)
        estimator: Any = fitted.estimator
        scores: dict[str, float] = estimator.evaluate(source.x, source.y)
        if as_json:
            finite = {name: screen.finite(score) for name, score in scores.items()}
            screen.print_json({"samples": len(source.x), "scores": finite, "notes": list(source.notes)})
            return
        screen.print_lines(screen.remarks(), source.notes)
        title = f"Scores on {len(source.x):,} samples"
        screen.print_rows(screen.results(), title, ("metric", "score"), scores.items())


def export(
    model: Model,
    path: Annotated[
        Path, typer.Argument(help="Ends in .tflite, .keras or .onnx; else a SavedModel folder.", show_default=False)
    ],
    *,
    quantization: Annotated[
        Quantization | None, typer.Option(help="Numbers in a .tflite file.", show_default="as in `fit`, or float32")
    ] = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Writes a model for deployment, and measures and checks the file."""
    with errors_as_sentences(debug=debug, as_json=as_json):
        report = place.load(model).estimator.export(
            path, quantization=None if quantization is None else quantization.value
        )
        if as_json:
            screen.print_json(vars(report))
        else:
            screen.print_files(screen.results(), [report])


def report(
    model: Model,
    path: Annotated[Path, typer.Argument(help="Ends in .html.", show_default=False)],
    *,
    data: Annotated[
        Path | None,
        typer.Option("--data", help="Data that `fit` never saw, with the right answers, to judge the model on."),
    ] = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Writes one page about a model: how good it is, where it errs, what it looks at, and how it was found."""
    with errors_as_sentences(debug=debug, as_json=as_json):
        fitted = place.load(model)
        unseen: dict[str, Any] = {}
        if data is not None:
            source = labelled_source(data, kind=fitted.kind, target=fitted.target, column=fitted.column)
            unseen = {"x_test": source.x, "y_test": source.y}
        written = fitted.estimator.report(path, **unseen)
        if as_json:
            screen.print_json({"report": str(written)})
        else:
            screen.print_lines(screen.results(), (f"The report is in {written}; a browser shows it.",))


def _predictions(fitted: place.Fitted, source: Source, *, proba: bool) -> "pd.DataFrame":
    """A row a sample: its name if it has one, what is predicted, and probabilities if wanted."""
    import numpy as np
    import pandas as pd

    estimator: Any = fitted.estimator
    answers = estimator.predict_proba(source.x) if proba else None
    predicted = estimator.predict(source.x) if answers is None else estimator.bundle_.predict(answers)
    columns: dict[str, Any] = {} if source.names is None else {"file": source.names}
    if isinstance(predicted, pd.DataFrame):
        columns |= {str(name): predicted[name].to_numpy() for name in predicted}
    elif np.ndim(predicted) == 2:
        columns |= dict(zip(fitted.target, np.asarray(predicted).T, strict=True))
    else:
        columns[fitted.target[0] if fitted.target else "class"] = predicted
    if answers is not None:
        columns |= {f"p({label})": answers[:, index] for index, label in enumerate(estimator.classes_)}
    return pd.DataFrame(columns)


def _write(table: "pd.DataFrame", path: Path) -> None:
    from easynas.errors import InputError

    try:
        match path.suffix:
            case ".csv":
                table.to_csv(path, index=False)
            case ".jsonl":
                table.to_json(path, orient="records", lines=True, force_ascii=False)
            case _:
                table.to_parquet(path, index=False)
    except OSError as error:
        raise InputError(f"`--out` must be a file that can be written. Received {str(path)!r}: {error}.") from error
    except ImportError as error:
        raise InputError("Parquet files need pyarrow; run `pip install 'easynas[parquet]'`, or write .csv.") from error
