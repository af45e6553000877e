"""Runs one method on one task in the environment of the method, and leaves files behind that the parent judges.

    python -m peers.child MODULE FOLDER fit|recover

The parent tells the phases apart by files: `started.json` when imports and data are there and the seconds begin to
count, `fitted.json` when the fit is over, `figures.json` at the end.
"""

import importlib
import importlib.metadata
import json
import platform
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from peers.contract import Answers, Fitted, Task, read

SINGLES, SINGLE_SECONDS = 30, 10.0
"""Calls with one sample that are timed, after the first, and the seconds after which no other is begun."""

LIBRARIES = (
    *("autogluon.tabular", "autokeras", "easynas", "fasttext-numpy2-wheel", "flaml", "keras", "keras-tuner"),
    *("lightgbm", "numpy", "optuna", "pandas", "scikit-learn", "tensorflow", "torch", "xgboost"),
)


def main(arguments: Sequence[str]) -> None:
    """Fits, or recovers what a killed fit left, then predicts, saves and measures."""
    name, folder, way = arguments[0], Path(arguments[1]), arguments[2]
    module = importlib.import_module(name)
    work = folder / "work"
    work.mkdir(exist_ok=True)
    task = replace(read(folder, work, 0.0), began=time.monotonic())
    note(folder / "started.json", {"versions": versions(), "python": platform.python_version()})
    fitted: Fitted = module.recover(task) if way == "recover" else module.fit(task)
    note(folder / "fitted.json", {"seconds": time.monotonic() - task.began})
    answer(folder, fitted, task)
    artefact = folder / "artefact"
    artefact.mkdir()
    fitted.save(artefact)
    figures = {"curve": list(fitted.curve), "latency_ms": latency_ms(fitted, task), "figures": dict(fitted.figures)}
    note(folder / "figures.json", figures)


def answer(folder: Path, fitted: Fitted, task: Task) -> None:
    """Writes what the model says about the test samples, in every way that it can be asked."""
    note(folder / "predictions.json", plain(fitted.predict(task.x_test)))
    if fitted.probabilities is not None:
        said = {"classes": plain(fitted.classes), "probabilities": plain(fitted.probabilities(task.x_test))}
        note(folder / "probabilities.json", said)
    note(folder / "others.json", {name: plain(predict(task.x_test)) for name, predict in fitted.others.items()})


def latency_ms(fitted: Fitted, task: Task) -> float:
    """Median milliseconds of the public `predict` with a single sample."""
    seconds: list[float] = []
    while len(seconds) <= SINGLES and sum(seconds) < SINGLE_SECONDS:
        one = task.x_test[len(seconds) : len(seconds) + 1]
        started = time.perf_counter()
        fitted.predict(one)
        seconds.append(time.perf_counter() - started)
    return 1e3 * statistics.median(seconds[1:] or seconds)


def plain(values: Answers) -> list[Any]:
    """The values without numpy, as JSON knows them."""
    return [value.tolist() if hasattr(value, "tolist") else value for value in values]


def versions() -> dict[str, str]:
    """Of the libraries that are installed here and matter."""
    installed = {each.metadata["Name"].lower(): each.version for each in importlib.metadata.distributions()}
    return {name: installed[name] for name in LIBRARIES if name in installed}


def note(path: Path, content: Any) -> None:
    """Writes a file that is there only when it is complete."""
    part = path.with_suffix(".part")
    part.write_text(json.dumps(content, default=lambda value: value.tolist()), encoding="utf-8")  # numbers of numpy
    part.replace(path)


if __name__ == "__main__":
    main(sys.argv[1:])
