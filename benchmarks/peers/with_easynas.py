"""easynas with its defaults; a setting names the part that is left out, see `without.py`."""

from pathlib import Path
from typing import Any

import easynas
from easynas import Done
from peers import without
from peers.contract import Fitted, Task

ESTIMATORS = {
    ("images", "classes"): "ImageClassifier",
    ("texts", "classes"): "TextClassifier",
    ("texts", "labels"): "TextClassifier",
    ("table", "classes"): "TabularClassifier",
    ("table", "number"): "TabularRegressor",
}


def fit(task: Task) -> Fitted:
    """Fits the estimator for these data; the artefact is its `.tflite` file."""
    settings = task.settings
    estimator = without.estimator(
        getattr(easynas, ESTIMATORS[settings.kind, settings.target]),
        settings.setting,
        settings.budget,
        metric=settings.metric,
        random_state=settings.seed,
        verbose=0,
    )
    estimator.fit(task.x, task.y)
    study = estimator.study_
    figures: dict[str, Any] = {"trials": len(study.trials), "winner": study.shipped.job.origin}

    def save(folder: Path) -> None:
        report = estimator.export(folder / "model.tflite")
        figures.update(file_latency_ms=report.latency_ms, agreement=report.agreement)

    classes = settings.target == "classes"
    return Fitted(
        estimator.predict,
        save,
        estimator.predict_proba if classes else None,
        list(estimator.classes_) if classes else (),
        curve=_curve(study),
        figures=figures,
    )


def _curve(study: Any) -> list[tuple[float, float]]:
    """The best score on held-out samples by the moment of each trial."""
    curve: list[tuple[float, float]] = []
    for moment, trial in zip(study.moments, study.trials, strict=True):
        if isinstance(trial, Done) and not trial.job.reference and (not curve or trial.score > curve[-1][1]):
            curve.append((moment, trial.score))
    return curve
