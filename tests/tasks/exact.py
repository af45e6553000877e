"""An engine that solves networks instead of training them, so that a whole fit takes a fraction of a second.

Everything else of the fit is the real one: checks, encoders, folds, store, study, calibration, the model. It takes the
last layer of a network, whose inputs it leaves as they are drawn, and gives it the weights of a regression of
scikit-learn: the same for the same data, so that contracts which ask for equal results can be tested at all.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from sklearn.linear_model import LogisticRegression, Ridge
from threadpoolctl import threadpool_limits

from easynas.data.dataset import shapes
from easynas.data.store import Arrays
from easynas.nets.network import model_of
from easynas.schema import Answer
from easynas.search.budget import Deadline
from easynas.search.trial import LOOKS, Done, Failed, Job, Trial
from easynas.train.channels import without_channels
from easynas.train.evaluator import Evaluator
from easynas.train.filed import as_file
from easynas.train.scoring import loss
from easynas.train.trainer import predict
from easynas.train.untrained import own_random_state
from easynas.train.weights import load, save

FILE_SECONDS = 30.0  # for running a file: all held-out samples go through it
NEVER = -20.0  # logit of a class that a fold does not have


@dataclass(frozen=True)
class Exact:
    """What `engine=` takes."""

    def start(
        self,
        evaluate: Callable[..., Trial],
        *,
        workers: int | None,
        threads: int | None,
        log: Path,
        grace: float = 0.0,
    ) -> "ExactEngine":
        assert isinstance(evaluate, Evaluator)
        return ExactEngine(evaluate)


class ExactEngine:
    """Answers at once, in this process."""

    workers = 1

    def __init__(self, evaluate: Evaluator) -> None:
        self._evaluate = evaluate
        self._trials: list[tuple[int, Trial]] = []

    def submit(self, job: Job, *, deadline: Any, bar: float) -> int:
        trial = Failed(job, "nothing to compare with", 0.0) if job.reference else _solved(self._evaluate, job)
        self._trials.append((job.id, trial))
        return job.id

    def poll(self, timeout: float) -> list[tuple[int, Trial]]:
        ended, self._trials = self._trials, []
        return ended

    def kill(self, handle: int) -> None:
        """Nothing runs."""

    def close(self) -> None:
        self._trials.clear()


def _solved(evaluate: Evaluator, job: Job) -> Done:
    started = time.monotonic()
    parts, answer = evaluate.store.parts()[: 1 if evaluate.once else None], evaluate.scoring.answer
    with own_random_state(evaluate.seed + job.id):
        model = model_of(evaluate.network, job.values, shapes(parts[0].train.x))
    if job.pruned:
        assert job.continues is not None
        model.set_weights(load(evaluate.weights_path(job.continues))[0])
        few = (parts[0].train.x[:64].astype("float32"), np.eye(answer.outputs)[parts[0].train.y[:64]])
        model = without_channels(model, [few], keras.losses.CategoricalCrossentropy(), job.pruned)
    last = model.get_layer("logits")
    features = keras.Model(model.input, last.input)
    networks, found = [], np.empty((len(evaluate.store.validation().y), answer.outputs), np.float32)
    for part in parts:
        last.set_weights(_regression(predict(features, part.train.x), part.train, answer))
        networks.append(model.get_weights())
        found[part.rows] = predict(model, part.held_out.x)
    rows = np.sort(np.concatenate([part.rows for part in parts]))
    answers, y = found[rows], evaluate.store.validation().y[rows]
    save(evaluate.weights_path(job.id), networks, answers=answers)
    score = evaluate.scoring.score(answers, y)
    filed = evaluate.judge and evaluate.judge(
        job.values, networks[0], parts[0].held_out.x, deadline=Deadline.after(FILE_SECONDS)
    )
    found = {"score": score}
    if filed:
        found = as_file(filed, score, parts[0].held_out.y, evaluate.scoring, of=len(y))
    final = found.pop("score")
    metrics = {
        "loss": loss(answers, y, answer),
        "standard_error": evaluate.scoring.standard_error(score, answers, y),
        "parameters": float(model.count_params()),
        "macs": 0.0,
        "build_seconds": 0.0,
        "first_step_seconds": 0.0,
        **({LOOKS: 2.0} if evaluate.both_ways else {}),
        **found,
        **(dict.fromkeys(("usual_score", "mirrored_score"), score) if evaluate.mirrored else {}),
    }
    return Done(job, final, time.monotonic() - started, metrics)


def _regression(x: np.ndarray, arrays: Arrays, answer: Answer) -> list[np.ndarray]:
    """Kernel and bias."""
    if answer.kind == "numbers":
        ridge = Ridge().fit(x, arrays.y, sample_weight=arrays.weights)
        return [np.reshape(ridge.coef_, (answer.outputs, -1)).T, np.reshape(ridge.intercept_, answer.outputs)]
    if answer.kind == "labels":
        each = [_classes(x, y, arrays.weights, 2) for y in arrays.y.astype(int).T]
        return [np.stack([k[:, 1] - k[:, 0] for k, _ in each], axis=1), np.array([b[1] - b[0] for _, b in each])]
    return list(_classes(x, arrays.y, arrays.weights, answer.outputs))


def _classes(x: np.ndarray, y: np.ndarray, weights: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    kernel, bias = np.zeros((x.shape[1], count)), np.full(count, NEVER)
    known = np.unique(y)
    if len(known) == 1:
        bias[known] = 0.0
        return kernel, bias
    with threadpool_limits(1):  # more threads than cores would wait for each other
        regression = LogisticRegression(max_iter=200).fit(x, y, sample_weight=weights)
    slopes, starts = regression.coef_, regression.intercept_
    if len(known) == 2:
        slopes, starts = np.concatenate([-slopes / 2, slopes / 2]), np.concatenate([-starts / 2, starts / 2])
    kernel[:, known], bias[known] = slopes.T, starts
    return kernel, bias
