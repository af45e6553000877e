"""scikit-learn's histogram gradient boosting: a random search with cross-validation, then a fit on everything."""

import time
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.model_selection import ParameterSampler, cross_val_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OrdinalEncoder

from peers.contract import Fitted, Task
from peers.frames import Frames

SPACE = {
    "learning_rate": [0.02, 0.05, 0.1, 0.2],
    "max_leaf_nodes": [7, 15, 31, 63],
    "min_samples_leaf": [5, 10, 20, 50],
    "l2_regularization": [0.0, 0.1, 1.0, 10.0],
    "max_features": [0.3, 0.6, 1.0],
}
MOST_CATEGORIES = 255
FOLDS = 5


def fit(task: Task) -> Fitted:
    """Fits the defaults, then compares as many settings as there is time for, and fits the best."""
    settings = task.settings
    frames = Frames.learn(task.x, settings.seed)
    x = frames.apply(task.x)
    started = time.monotonic()
    pipeline = model(x, task, {}).fit(x, task.y)
    slowest = time.monotonic() - started
    best: dict[str, Any] = {}
    best_score, curve, tried = -np.inf, [], 0
    sampled = ParameterSampler(SPACE, n_iter=500, random_state=settings.seed)
    for values in ({}, *sampled):
        # The fit on everything may be as slow as the slowest fold was.
        if time.monotonic() + (FOLDS + 1) * slowest > task.deadline:
            break
        started = time.monotonic()
        scores = cross_val_score(model(x, task, values), x, task.y, cv=FOLDS, scoring=settings.metric)
        slowest, tried = max(slowest, (time.monotonic() - started) / FOLDS), tried + 1
        if scores.mean() > best_score:
            best, best_score = values, float(scores.mean())
            curve.append((time.monotonic() - task.began, best_score))
    if best:
        pipeline = model(x, task, best).fit(x, task.y)
    whole = make_pipeline(FunctionTransformer(frames.apply), pipeline)
    classes = settings.target == "classes"
    return Fitted(
        whole.predict,
        lambda folder: joblib.dump(whole, Path(folder) / "model.joblib"),
        whole.predict_proba if classes else None,
        list(pipeline.classes_) if classes else (),
        curve,
        figures={"settings tried": tried, "settings": best},
    )


def model(x: Any, task: Task, values: dict[str, Any]) -> Pipeline:
    """Categories are numbered, and told to the trees where they are few enough."""
    from sklearn.compose import make_column_transformer

    words = [name for name in x if x[name].dtype == "category"]
    few = [name for name in words if x[name].nunique() <= MOST_CATEGORIES]
    numbered = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan, encoded_missing_value=np.nan)
    columns = make_column_transformer(
        (numbered, words), remainder="passthrough", verbose_feature_names_out=False
    ).set_output(transform="pandas")
    kind = HistGradientBoostingClassifier if task.settings.target == "classes" else HistGradientBoostingRegressor
    trees = kind(categorical_features=few, early_stopping=False, random_state=task.settings.seed, **values)
    return make_pipeline(columns, trees)
