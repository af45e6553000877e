"""TF-IDF of words and pairs of words, and logistic regression, with a small search over its strength."""

import time
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.model_selection import cross_val_predict, cross_val_score
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import MultiLabelBinarizer

from peers.contract import Array, Fitted, Task

STRENGTHS = (3.0, 10.0, 1.0, 30.0, 0.3)
THRESHOLDS = (0.2, 0.1, 0.15, 0.25, 0.3, 0.4, 0.5)
"""The first is what counts where there is no time to compare."""

FOLDS = 3

Points = list[tuple[float, float]]


def fit(task: Task) -> Fitted:
    """Fits the first strength, then compares as many as there is time for, and fits the best."""
    several = task.settings.target == "labels"
    binarizer = MultiLabelBinarizer()
    y = binarizer.fit_transform(task.y) if several else task.y
    started = time.monotonic()
    pipeline = model(STRENGTHS[0], several=several).fit(task.x, y)
    strength, threshold, curve = search(task, y, seconds=time.monotonic() - started)
    if strength != STRENGTHS[0]:
        pipeline = model(strength, several=several).fit(task.x, y)

    def predict(x: Any) -> Any:
        if not several:
            return pipeline.predict(x)
        return [list(binarizer.classes_[row > threshold]) for row in pipeline.predict_proba(x)]

    def save(folder: Path) -> None:
        joblib.dump((pipeline, binarizer), folder / "model.joblib")

    figures = {"strength": strength, "threshold": threshold if several else None}
    if several:
        return Fitted(predict, save, curve=curve, figures=figures)
    return Fitted(predict, save, pipeline.predict_proba, list(pipeline.classes_), curve, figures=figures)


def search(task: Task, y: Array, *, seconds: float) -> tuple[float, float, Points]:
    """The best strength and threshold, and when which score was reached; a fit took so many seconds."""
    best, curve = (-np.inf, STRENGTHS[0], THRESHOLDS[0]), []
    for strength in STRENGTHS:
        if time.monotonic() + (FOLDS + 1) * seconds > task.deadline:
            break
        started = time.monotonic()
        score, threshold = compared(model(strength, several=task.settings.target == "labels"), task, y)
        seconds = max(seconds, (time.monotonic() - started) / FOLDS)
        if score > best[0]:
            best = (score, strength, threshold)
            curve.append((time.monotonic() - task.began, score))
    return best[1], best[2], curve


def model(strength: float, *, several: bool) -> Pipeline:
    """The pipeline; `several` if a text can have more than one label."""
    regression: Any = LogisticRegression(C=strength, max_iter=1_000)
    vectors = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
    return make_pipeline(vectors, OneVsRestClassifier(regression) if several else regression)


def compared(pipeline: Pipeline, task: Task, y: Array) -> tuple[float, float]:
    """The score on held-out folds, and the probability from which a label is given that reaches it."""
    if task.settings.target != "labels":
        scores = cross_val_score(pipeline, task.x, y, cv=FOLDS, scoring=task.settings.metric)
        return float(scores.mean()), THRESHOLDS[0]
    held_out = cross_val_predict(pipeline, task.x, y, cv=FOLDS, method="predict_proba")
    by_f1 = {each: float(f1_score(y, held_out > each, average="macro", zero_division=0)) for each in THRESHOLDS}
    threshold = max(by_f1, key=lambda each: by_f1[each])
    return by_f1[threshold], threshold
