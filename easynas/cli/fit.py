"""`easynas fit`: from data on the disk to a saved model."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from easynas.cli import place, screen
from easynas.cli.failures import errors_as_sentences
from easynas.cli.options import (
    Data,
    Debug,
    DeviceProfile,
    Drop,
    Json,
    MaxLatency,
    MaxMacs,
    MaxParams,
    MaxSize,
    Metric,
    Numbers,
    Pretrained,
    Pruning,
    Seed,
    Space,
    Target,
    Task,
    TaskOption,
    TensorBoardFolder,
    TimeBudget,
)
from easynas.cli.source import Source, estimator_of, trained_before, training_source

if TYPE_CHECKING:
    from easynas.tasks.base import Estimator


def fit(
    data: Data,
    *,
    target: Target = None,
    time_budget: TimeBudget = "10m",
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the model; made if it is missing.")] = Path(
        "model"
    ),
    task: TaskOption = Task.AUTO,
    metric: Metric = None,
    space: Space = "auto",
    search: Annotated[str, typer.Option(help="Search strategy, see docs/strategies.md.")] = "auto",
    max_trials: Annotated[
        int | None, typer.Option(min=1, help="Most trials of the search.", show_default=False)
    ] = None,
    quantization: Numbers = None,
    pruning: Pruning = None,
    max_size_kb: MaxSize = None,
    max_latency_ms: MaxLatency = None,
    max_params: MaxParams = None,
    max_macs: MaxMacs = None,
    profile: DeviceProfile = None,
    pretrained: Pretrained = None,
    jobs: Annotated[
        int | None, typer.Option("--jobs", "-j", min=1, help="Trials at once.", show_default="one a core")
    ] = None,
    drop: Drop = None,
    seed: Seed = 0,
    tensorboard: TensorBoardFolder = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Say every automatic choice.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")] = False,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Finds and trains a network for your data, and saves it. The same command again continues, also after Ctrl-C."""
    with errors_as_sentences(debug=debug, as_json=as_json):
        from easynas.report.tensorboard import TensorBoard
        from easynas.search.budget import parse_budget

        settings = {
            "time_budget": parse_budget(time_budget),
            "metric": metric,
            "space": space,
            "search": search,
            "quantization": None if quantization is None else quantization.value,
            "pruning": _share(pruning),
            "max_size_kb": max_size_kb,
            "max_latency_ms": max_latency_ms,
            "max_params": max_params,
            "max_macs": max_macs,
            "profile": None if profile is None else str(profile),
            "max_trials": max_trials,
            "n_jobs": jobs,
            "directory": out / place.STUDY,
            "random_state": seed,
            "verbose": 0 if quiet else 2 if verbose else 1,
        }
        source = training_source(data, target=target or [], drop=drop or [], task=task)
        estimator, why = estimator_of(source, task, {**settings, **trained_before(source, pretrained)})
        if not quiet:
            screen.print_lines(screen.remarks(), (*source.notes, f"{why} This is a task for {_name(estimator)}."))
        callbacks = [] if tensorboard is None else [TensorBoard(tensorboard)]
        with place.made_folder(out):
            estimator.fit(source.x, source.y, callbacks=callbacks)
            place.save(estimator, source, out)
        if as_json:
            screen.print_json(_summary(estimator, source, out))
        else:
            _print(estimator, source, out, data)


def _share(pruning: str | None) -> float | str | None:
    """A number where it is one; what else it may be the estimator says."""
    try:
        return None if pruning is None else float(pruning)
    except ValueError:
        return pruning


def _name(estimator: "Estimator") -> str:
    return type(estimator).__name__


def _summary(estimator: "Estimator", source: Source, out: Path) -> dict[str, Any]:
    study = estimator.study_
    shipped = study.shipped
    return {
        "task": _name(estimator),
        "target": list(source.target),
        "metric": study.header["metric"],
        "score": screen.finite(estimator.best_score_),
        "standard_error": None if shipped is None else shipped.metrics.get("standard_error"),
        "network": None if shipped is None else shipped.job.values.get("network"),
        "trials": len(study.trials),
        "fit_seconds": estimator.fit_seconds_,
        "model": str(out),
        "notes": [*source.notes, *study.notes],
    }


def _print(estimator: "Estimator", source: Source, out: Path, data: Path) -> None:
    console = screen.results()
    again = [str(data), *(part for name in source.target for part in ("--target", name)), "--out", str(out)]
    screen.print_leaderboard(console, estimator, samples=_SAMPLES[source.kind])
    console.print(
        f"\nThe model scores [bold]{estimator.best_score_:.4f}[/] ({estimator.study_.header['metric']}) on held-out "
        f"{_SAMPLES[source.kind]}, and is in {out}. `fit` took {estimator.fit_seconds_:.1f} s.",
        soft_wrap=True,
    )
    screen.print_lines(
        console,
        (
            "\nWhat next:",
            f"  easynas predict {out} {_NEW[source.kind]}    predictions for new {_SAMPLES[source.kind]}",
            f"  easynas evaluate {out} {_NEW[source.kind]}    scores where the right answers are known",
            f"  easynas report {out} {out / 'report.html'}    a page about it: how good, why, what it looks at",
            f"  easynas export {out} {out / 'model.tflite'} --quantization int8    a small file for a device",
            f"  easynas fit {shlex.join(again)}    the same again continues with more time",
        ),
    )


_SAMPLES = {"images": "images", "texts": "texts", "tables": "rows"}
_NEW = {"images": "new_photos/", "texts": "new.csv", "tables": "new.csv"}
