"""TF-IDF of words and pairs of words, and logistic regression, with a small search over its strength."""

import time
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict, cross_val_score
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import MultiLabelBinarizer

from peers.contract import Array, Fitted, Task

STRENGTHS = (3.0, 10.0, 1.0, 30.0, 0.3)
THRESHOLDS = (0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5)
FOLDS = 3


def fit(task: Task) -> Fitted:
    """Tries strengths until half of the time is over, then fits the best on everything."""
    binarizer = MultiLabelBinarizer() if task.settings.target == "labels" else None
    y = task.y if binarizer is None else binarizer.fit_transform(task.y)
    best, best_score, curve = STRENGTHS[0], -np.inf, []
    took = 0.0
    for strength in STRENGTHS:
        if time.monotonic() + 2 * took > task.began + task.settings.budget / 2:
            break
        started = time.monotonic()
        pipeline = model(strength, several=binarizer is not None)
        score = float(cross_val_score(pipeline, task.x, y, cv=FOLDS, scoring=task.settings.metric).mean())
        took = time.monotonic() - started
        if score > best_score:
            best, best_score = strength, score
            curve.append((time.monotonic() - task.began, score))
    pipeline = model(best, several=binarizer is not None).fit(task.x, y)
    figures = {"strength": best}
    if binarizer is None:
        return Fitted(
            pipeline.predict, _saver(pipeline), pipeline.predict_proba, list(pipeline.classes_), curve, figures=figures
        )
    threshold = _threshold(best, task, y, took)
    names = binarizer.classes_

    def predict(x: Any) -> list[list[str]]:
        return [list(names[row > threshold]) for row in pipeline.predict_proba(x)]

    return Fitted(predict, _saver(pipeline), curve=curve, figures={**figures, "threshold": threshold})


def model(strength: float, *, several: bool) -> Pipeline:
    """The pipeline; `several` if a text can have more than one label."""
    regression: Any = LogisticRegression(C=strength, max_iter=1_000)
    vectors = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=1, strip_accents=None)
    return make_pipeline(vectors, OneVsRestClassifier(regression) if several else regression)


def _threshold(strength: float, task: Task, y: Array, took: float) -> float:
    """The probability from which a label is given, by the F1 on held-out folds; 0.2 if there is no time for it."""
    from sklearn.metrics import f1_score

    if time.monotonic() + 2 * took > task.deadline:
        return 0.2
    held_out = cross_val_predict(model(strength, several=True), task.x, y, cv=FOLDS, method="predict_proba")
    return max(THRESHOLDS, key=lambda each: f1_score(y, held_out > each, average="macro", zero_division=0))


def _saver(pipeline: Pipeline) -> Any:
    def save(folder: Path) -> None:
        joblib.dump(pipeline, folder / "model.joblib")

    return save
