"""FLAML with its defaults; it has no way of its own with texts, so those become TF-IDF."""

import time
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from flaml import AutoML
from flaml.automl.data import get_output_from_log
from sklearn.feature_extraction.text import TfidfVectorizer

from peers.contract import Array, Fitted, Task
from peers.frames import Frames

METRICS = {"accuracy": "accuracy", "roc_auc": "roc_auc", "r2": "r2", "neg_root_mean_squared_error": "rmse"}
REVERSED = ("rmse",)
"""Metrics whose loss, which FLAML logs, is the metric itself; for the others it is 1 less the metric."""


def fit(task: Task) -> Fitted:
    """Gives FLAML the seconds that are left after the columns are prepared."""
    settings = task.settings
    prepare = _preparation(task)
    x = prepare(task.x)
    automl, log = AutoML(), task.folder / "flaml.log"
    of_classes = settings.target == "classes"
    # Sparse inputs want classes from 0.
    classes, y = np.unique(task.y, return_inverse=True) if of_classes else (np.empty(0), task.y)
    automl.fit(
        x,
        y,
        task="classification" if of_classes else "regression",
        metric=METRICS[settings.metric],
        time_budget=task.deadline - time.monotonic(),
        seed=settings.seed,
        log_file_name=str(log),
        verbose=0,
    )
    if automl.model is None:
        raise RuntimeError(f"FLAML found no model in {settings.budget:g} s.")

    def predict(rows: Any) -> Array:
        answers = np.asarray(automl.predict(prepare(rows)))
        return classes[answers.astype(int)] if of_classes else answers

    return Fitted(
        predict,
        lambda folder: joblib.dump((prepare, automl, classes), Path(folder) / "model.joblib"),
        (lambda rows: automl.predict_proba(prepare(rows))) if of_classes else None,
        list(classes),
        _curve(log, settings.budget, METRICS[settings.metric]),
        figures={"winner": automl.best_estimator},
    )


def _preparation(task: Task) -> Any:
    """A function from samples to what FLAML takes."""
    if task.settings.kind == "texts":
        return TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True).fit(task.x).transform
    return Frames.learn(task.x, task.settings.seed).apply


def _curve(log: Path, budget: float, metric: str) -> list[tuple[float, float]]:
    seconds, losses, *_ = get_output_from_log(filename=str(log), time_budget=10 * budget)
    return [
        (float(at), float(-loss if metric in REVERSED else 1.0 - loss))
        for at, loss in zip(seconds, losses, strict=True)
    ]
