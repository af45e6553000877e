"""What networks are compared with on tables: gradient-boosted trees, which are never shipped.

Histogram-based boosting as in scikit-learn (after Ke et al. 2017, "LightGBM"), with its default settings: what somebody
would try first. It sees the same samples, encoded as for the networks, and is scored on the same held-out ones.
"""

import time

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from threadpoolctl import threadpool_limits

from easynas.data.store import Arrays, Part, Store
from easynas.schema import Answer
from easynas.search.trial import Done, Job
from easynas.train.detached import Memory
from easynas.train.scoring import Scoring, loss

NAME = "boosted trees"
_MOST_CODES = 254  # values of a category that the trees tell apart


def reference_job() -> Job:
    """The job of the trees; it has no weights and is never shipped."""
    return Job(0, {"network": NAME}, origin="to compare with", reference=True)


def evaluate_reference(job: Job, store: Store | Memory, scoring: Scoring, *, threads: int) -> Done:
    """Trains the trees on every part of the data, and scores all their answers together.

    With more threads than idle cores boosting is ten times as slow, so it has those of its worker.
    """
    started = time.monotonic()
    parts = store.parts()
    y = store.validation().y
    answers = np.zeros((len(y), scoring.answer.outputs))
    with threadpool_limits(threads):
        for part in parts:
            answers[part.rows] = _answers(part, scoring.answer)
    score = scoring.score(answers, y)
    metrics = {
        "loss": loss(answers, y, scoring.answer),
        "standard_error": scoring.standard_error(score, answers, y),
    }
    return Done(job, score, time.monotonic() - started, metrics)


def _answers(part: Part, answer: Answer) -> np.ndarray:
    (x, categorical), (x_held_out, _) = _columns(part.train), _columns(part.held_out)
    settings = {"categorical_features": categorical, "random_state": 0}
    y, weights = part.train.y, part.train.weights
    if answer.kind == "classes":
        trees = HistGradientBoostingClassifier(**settings).fit(x, y, sample_weight=weights)
        answers = np.zeros((len(x_held_out), answer.outputs))
        answers[:, trees.classes_] = trees.predict_proba(x_held_out)
        return answers
    return np.stack(
        [_column(x, y[:, each], weights, x_held_out, answer, settings) for each in range(y.shape[1])], axis=1
    )


def _column(
    x: np.ndarray,
    y: np.ndarray,
    weights: np.ndarray,
    x_held_out: np.ndarray,
    answer: Answer,
    settings: dict[str, object],
) -> np.ndarray:
    """One label's probability, or one number."""
    if answer.kind == "numbers":
        return np.asarray(
            HistGradientBoostingRegressor(**settings).fit(x, y, sample_weight=weights).predict(x_held_out)
        )
    if y.min() == y.max():
        return np.full(len(x_held_out), y[0])
    trees = HistGradientBoostingClassifier(**settings).fit(x, y > 0, sample_weight=weights)
    return np.asarray(trees.predict_proba(x_held_out)[:, 1])


def _columns(arrays: Arrays) -> tuple[np.ndarray, list[bool]]:
    """All columns as real numbers, and which of them are categories."""
    assert isinstance(arrays.x, dict)  # as `TableEncoder.encode` gives them
    numbers, categories = arrays.x.get("numbers"), arrays.x.get("categories")
    found = [] if numbers is None else [numbers]
    found += [] if categories is None else [np.minimum(categories, _MOST_CODES).astype(np.float32)]
    categorical = [array is not numbers for array in found for _ in range(array.shape[1])]
    return np.concatenate(found, axis=1), categorical
