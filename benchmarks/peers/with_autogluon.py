"""AutoGluon's tabular predictor with one of its presets; a text is a column like any other."""

import time
from pathlib import Path
from typing import Any

import pandas as pd
from autogluon.tabular import TabularPredictor

from peers.contract import Array, Fitted, Task

METRICS = {
    "accuracy": "accuracy",
    "roc_auc": "roc_auc",
    "r2": "r2",
    "neg_root_mean_squared_error": "root_mean_squared_error",
}
ANSWER = "answer to predict"


def fit(task: Task) -> Fitted:
    """The preset is the setting of the method."""
    return _fitted(_learn(task), task)


def recover(task: Task) -> Fitted:
    """A predictor saves itself after every model."""
    return _fitted(TabularPredictor.load(str(_folder(task))), task)


def _learn(task: Task) -> Any:
    table = _table(task.x)
    table[ANSWER] = task.y
    kind = "regression"
    if task.settings.target == "classes":
        kind = "binary" if table[ANSWER].nunique() == 2 else "multiclass"
    predictor = TabularPredictor(ANSWER, kind, METRICS[task.settings.metric], path=str(_folder(task)), verbosity=1)
    left = task.deadline - time.monotonic()
    return predictor.fit(table, time_limit=left, presets=task.settings.setting)


def _fitted(predictor: Any, task: Task) -> Fitted:
    classes = list(predictor.class_labels) if task.settings.target == "classes" else []

    def probabilities(x: Any) -> Array:
        table: Array = predictor.predict_proba(_table(x))[classes].to_numpy()
        return table

    def save(folder: Path) -> None:
        predictor.clone_for_deployment(str(folder / "predictor"))

    board = predictor.leaderboard()
    return Fitted(
        lambda x: predictor.predict(_table(x)).to_numpy(),
        save,
        probabilities if classes else None,
        classes,
        figures={"models": len(board), "winner": predictor.model_best},
    )


def _table(x: Any) -> pd.DataFrame:
    return x.copy() if isinstance(x, pd.DataFrame) else pd.DataFrame({"text": x})


def _folder(task: Task) -> Path:
    return task.folder / "autogluon"
