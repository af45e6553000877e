"""The score of predictions, by the same few lines for every method."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn import metrics
from sklearn.preprocessing import MultiLabelBinarizer

Said = dict[str, Any]
"""Classes, and a row of probabilities for each sample."""


def score(metric: str, true: Sequence[Any], predicted: Sequence[Any], said: Said | None = None) -> float:
    """What predictions are worth; larger is better.

    Args:
        metric: name of a scikit-learn scorer: one of `JUDGES`, or "roc_auc" of two classes.
        true: a label, a list of labels or a number for each sample.
        predicted: the same kind of thing for each, in the same order.
        said: the probabilities, which "roc_auc" needs.

    Raises:
        ValueError: there is not one prediction for each sample, one is not a number where numbers are wanted, or the
            probabilities are missing.
    """
    if len(true) != len(predicted):
        raise ValueError(f"There must be {len(true):,} predictions. Received: {len(predicted):,}.")
    if metric == "roc_auc":
        if said is None:
            raise ValueError("`roc_auc` needs probabilities. Received: labels alone.")
        return _roc_auc(true, said)
    return JUDGES[metric](true, predicted)


def read(folder: Path, metric: str, true: Sequence[Any]) -> tuple[float, dict[str, float]]:
    """The score of the predictions in a folder, and those of the other ways to predict with the same fit."""

    def content(name: str) -> Any:
        path = folder / f"{name}.json"
        return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None

    others = {name: score(metric, true, each) for name, each in (content("others") or {}).items()}
    return score(metric, true, content("predictions"), content("probabilities")), others


def _accuracy(true: Sequence[Any], predicted: Sequence[Any]) -> float:
    # As texts: some libraries give integers back as texts, which is a nuisance but no wrong answer.
    return float(np.mean([str(a) == str(b) for a, b in zip(true, predicted, strict=True)]))


def _f1_macro(true: Sequence[Any], predicted: Sequence[Any]) -> float:
    binarizer = MultiLabelBinarizer().fit([*true, *predicted])
    known = [name in {label for each in true for label in each} for name in binarizer.classes_]
    a, b = (binarizer.transform(each)[:, known] for each in (true, predicted))
    return float(metrics.f1_score(a, b, average="macro", zero_division=0))


def _roc_auc(true: Sequence[Any], said: Said) -> float:
    positive = max(map(str, said["classes"]))
    column = [str(name) for name in said["classes"]].index(positive)
    probabilities = np.asarray(said["probabilities"], float)
    return float(metrics.roc_auc_score([str(each) == positive for each in true], probabilities[:, column]))


def _r2(true: Sequence[Any], predicted: Sequence[Any]) -> float:
    return float(metrics.r2_score(true, np.asarray(predicted, float)))


def _rmse(true: Sequence[Any], predicted: Sequence[Any]) -> float:
    return -float(metrics.root_mean_squared_error(true, np.asarray(predicted, float)))


JUDGES: dict[str, Callable[[Sequence[Any], Sequence[Any]], float]] = {
    "accuracy": _accuracy,
    "f1_macro": _f1_macro,
    "r2": _r2,
    "neg_root_mean_squared_error": _rmse,
}
