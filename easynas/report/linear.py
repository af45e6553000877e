"""A linear model of the specimens, to compare with: logistic regression, or ridge regression of numbers.

What a careful person would try in five minutes: pixels as they are, weighted counts of word pieces, scaled numbers and
indicators of categories. Where the samples were cross-validated, so is this model, in the same folds.
"""

from typing import Any

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from easynas.data.dataset import Encoder
from easynas.data.tokenizer import TextEncoder
from easynas.report.specimens import Specimens
from easynas.schema import Answer

_SIDE = 24  # pixels that are left of an image
_STEPS = 200
_MOST_CODES = 100
_MOST_CLASSES = 200


def linear_answers(
    specimens: Specimens, encoder: Encoder, answer: Answer, samples: Any, *, crossed: bool
) -> np.ndarray | None:
    """What the linear model answers for `samples`, `(n, outputs)`; None of a single class, or of too many to be quick.

    Args:
        specimens: whose training samples are learned from.
        encoder: of the samples.
        answer: what is to be answered.
        samples: in the encoder's container; where `crossed` and there are folds, the first of the specimens.
        crossed: whether `samples` are held out of this model by the specimens' folds, if there are any.
    """
    x, y = features(encoder, specimens.train), specimens.y_train
    if not crossed or specimens.folds is None:
        return _fitted(x, y, answer, features(encoder, samples))
    count = len(samples)
    answers = np.zeros((count, answer.outputs))
    for number in np.unique(specimens.folds):
        held_out = np.flatnonzero(specimens.folds[:count] == number)
        own = _fitted(x[specimens.folds != number], y[specimens.folds != number], answer, x[held_out])
        if own is None:
            return None
        answers[held_out] = own
    return answers


def features(encoder: Encoder, samples: Any) -> Any:
    """What the linear model sees of samples: a matrix `(n, features)`, sparse for texts."""
    inputs = encoder.encode(samples)
    if not isinstance(inputs, dict):
        return _pixels(inputs)
    if isinstance(encoder, TextEncoder):
        return _pieces(inputs["grams"], encoder.schema.gram_vocabulary)
    parts = []
    if "numbers" in inputs:
        numbers = inputs["numbers"]
        parts += [np.nan_to_num(numbers), np.isnan(numbers)]
    if "categories" in inputs:
        codes = np.minimum(inputs["categories"], _MOST_CODES)
        parts += [codes[:, [column]] == np.arange(_MOST_CODES + 1) for column in range(codes.shape[1])]
    return np.concatenate(parts, axis=1).astype(np.float64)


def _pixels(images: np.ndarray) -> np.ndarray:
    step = max(1, round(max(images.shape[1:3]) / _SIDE))
    height, width = (side // step * step for side in images.shape[1:3])
    cut = images[:, :height, :width].astype(np.float64)
    blocks = cut.reshape(len(cut), height // step, step, width // step, step, -1)
    return np.asarray(blocks.mean(axis=(2, 4)).reshape(len(cut), -1))


def _pieces(ids: np.ndarray, vocabulary: int) -> Any:
    """Which word pieces each text has."""
    rows, places = np.nonzero(ids)
    return sparse.csr_matrix((np.ones(len(rows)), (rows, ids[rows, places])), shape=(len(ids), vocabulary))


def _fitted(x: Any, y: np.ndarray, answer: Answer, x_new: Any) -> np.ndarray | None:
    scale: BaseEstimator = TfidfTransformer(sublinear_tf=True) if sparse.issparse(x) else StandardScaler()
    if answer.kind == "numbers":
        return np.asarray(make_pipeline(scale, Ridge(10.0)).fit(x, y).predict(x_new)).reshape(-1, answer.outputs)
    # One output after the other is many times faster where there are thousands of features that are mostly zero.
    solver, strength = ("liblinear", 1.0) if sparse.issparse(x) else ("lbfgs", 0.1)
    logistic = LogisticRegression(C=strength, solver=solver, max_iter=_STEPS, tol=1e-3)
    if answer.kind == "labels":
        return _labels(make_pipeline(scale, OneVsRestClassifier(logistic)), x, y > 0, x_new)
    if len(np.unique(y)) < 2 or answer.outputs > _MOST_CLASSES:
        return None
    fitted = make_pipeline(scale, OneVsRestClassifier(logistic) if sparse.issparse(x) else logistic).fit(x, y)
    answers = np.zeros((x_new.shape[0], answer.outputs))
    answers[:, fitted.classes_] = fitted.predict_proba(x_new)
    return answers


def _labels(model: BaseEstimator, x: Any, y: np.ndarray, x_new: Any) -> np.ndarray:
    """Probabilities of labels; those that all samples have, or none, need no model."""
    answers = np.tile(y.mean(axis=0), (x_new.shape[0], 1))
    varying = np.flatnonzero(y.any(axis=0) & ~y.all(axis=0))
    if len(varying):
        fitted = model.fit(x, y[:, varying].astype(int))
        answers[:, varying] = np.reshape(fitted.predict_proba(x_new), (len(answers), -1))[:, -len(varying) :]
    return answers
