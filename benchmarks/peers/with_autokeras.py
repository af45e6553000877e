"""AutoKeras with its defaults on shuffled arrays.

Its validation data are the last fifth of what it gets, so the samples are shuffled first. It knows no limit on time: a
callback ends the training that is running at the deadline, and the search with the next one. The checkpoint of its best
trial is then used with the preprocessing that was learned for the same trial, which the search does at its end too.
"""

import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

import autokeras
import keras_tuner
import numpy as np

from peers.contract import Array, Fitted, Task
from peers.keras_parts import Curve, TimeLimit, with_channels

ESTIMATORS = {
    ("images", "classes"): autokeras.ImageClassifier,
    ("texts", "classes"): autokeras.TextClassifier,
    ("texts", "labels"): autokeras.TextClassifier,
    ("table", "classes"): autokeras.StructuredDataClassifier,
    ("table", "number"): autokeras.StructuredDataRegressor,
}
REST = 0.95
"""Share of the time after which no training goes on: loading the best checkpoint takes some too."""


def fit(task: Task) -> Fitted:
    """Searches until the time is over."""
    return _search(task, until=task.began + REST * task.settings.budget, overwrite=True)


def recover(task: Task) -> Fitted:
    """Goes on with a search that was killed, for no time."""
    return _search(task, until=task.began, overwrite=False)


def _search(task: Task, *, until: float, overwrite: bool) -> Fitted:
    settings = task.settings
    several = {"multi_label": True} if settings.target == "labels" else {}
    search = ESTIMATORS[settings.kind, settings.target](
        directory=task.folder, overwrite=overwrite, seed=settings.seed + 1, **several
    )
    order = np.random.default_rng(settings.seed).permutation(len(task.y))
    x, (y, names) = _inputs(task.x, settings.kind)[order], _outputs(task)
    curve: list[tuple[float, float]] = []
    limit = TimeLimit(until, _over)
    with suppress(keras_tuner.errors.FatalRuntimeError):  # that is how the limit ends a search
        search.fit(x, y[order], callbacks=[limit, Curve(task.began, curve)], verbose=0)
    return _fitted(search, task, names, curve)


def _fitted(search: Any, task: Task, names: list[Any], curve: list[tuple[float, float]]) -> Fitted:
    tuner, settings = search.tuner, task.settings
    best = tuner.oracle.get_best_trials(1)
    if not best:
        raise RuntimeError("AutoKeras finished no trial.")
    if not Path(tuner.best_pipeline_path).exists():
        shutil.copyfile(Path(tuner.get_trial_dir(best[0].trial_id)) / "pipeline", tuner.best_pipeline_path)

    def predict(x: Any) -> Any:
        return _decoded(search.predict(_inputs(x, settings.kind), verbose=0), task, names)

    def predict_exported(x: Any) -> Any:
        said = search.export_model().predict(with_channels(np.asarray(x)), batch_size=256, verbose=0)
        return _decoded(tuner.get_best_pipeline().postprocess(said), task, names)

    def save(folder: Path) -> None:
        search.export_model().save(folder / "model.keras")
        shutil.copyfile(tuner.best_pipeline_path, folder / "pipeline")

    figures = {"trials": len(tuner.oracle.trials), "finished": len(tuner.oracle.get_best_trials(1_000))}
    # Texts and tables go through the pipeline, which is no part of the exported model.
    others = {"exported model": predict_exported} if settings.kind == "images" else {}
    return Fitted(predict, save, curve=curve, others=others, figures=figures)


def _inputs(x: Any, kind: str) -> Array:
    """Arrays, which is all that AutoKeras takes."""
    if kind == "images":
        return np.asarray(x)
    if kind == "texts":
        return np.asarray(x, dtype=str)
    # A missing cell among words is a number to numpy, which AutoKeras cannot sort with them.
    words = [name for name in x if x[name].dtype.kind not in "biuf"]
    return np.asarray(x.astype(dict.fromkeys(words, object)).fillna(dict.fromkeys(words, "missing")), dtype=object)


def _outputs(task: Task) -> tuple[Array, list[Any]]:
    """Targets, and what the labels are called."""
    if task.settings.target == "number":
        center, spread = _scale(task)
        return ((np.asarray(task.y, float) - center) / spread).astype("float32"), []
    if task.settings.target == "classes":
        return np.asarray(task.y), np.unique(task.y).tolist()
    names = sorted({name for each in task.y for name in each})
    return np.array([[name in each for name in names] for each in task.y], int), names


def _decoded(said: Array, task: Task, names: list[Any]) -> Any:
    """Predictions as the targets were given."""
    if task.settings.target == "number":
        center, spread = _scale(task)
        return np.asarray(said, float).reshape(len(said)) * spread + center
    if task.settings.target == "labels":
        return [[names[i] for i in np.flatnonzero(np.asarray(row, float) > 0.5)] for row in said]
    # Classes come back as texts, and 0 and 1 as 0.0 and 1.0.
    key: Any = str if isinstance(names[0], str) else float
    known = {key(name): name for name in names}
    return [known[key(each)] for each in np.asarray(said).reshape(len(said))]


def _scale(task: Task) -> tuple[float, float]:
    """Mean and deviation of the numbers: AutoKeras takes them as they are, and would first have to get there."""
    return float(np.mean(task.y)), float(np.std(task.y))


def _over() -> Exception:
    # The only kind of error after which KerasTuner does not go on with the next trial.
    error: Exception = keras_tuner.errors.FatalRuntimeError("time is over")
    return error
