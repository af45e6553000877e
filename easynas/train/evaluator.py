"""`Evaluator`: from a job to a trial. It travels to the worker processes, so it holds no data and no network.

A job that goes on from the weights of another trial is a warm restart (Loshchilov & Hutter 2017, "SGDR"): the optimizer
begins anew, the learning rate rises to its peak again and falls to zero within the job's own time.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from easynas.data.dataset import Shapes, shapes
from easynas.data.split import class_weights
from easynas.data.store import DISK_FULL, Arrays, Store
from easynas.nets.block import Block
from easynas.nets.cost import macs, parameters
from easynas.nets.network import model_of, precision
from easynas.search.budget import Deadline
from easynas.search.trial import Done, Failed, Job, Trial
from easynas.space.dimension import Value
from easynas.train import weights
from easynas.train.detached import Detached, Memory, Parcel, attach, detach
from easynas.train.devices import spread
from easynas.train.recipe import Recipe
from easynas.train.scoring import Scoring, loss
from easynas.train.trainer import Outcome, predict, train

SLICE = 1 / 3
"""Share of a candidate's time after which it is dropped if it cannot catch up."""

_CANNOT_BUILD = (ValueError, TypeError, tf.errors.InvalidArgumentError)


@dataclass(frozen=True)
class Evaluator:
    """Trains one candidate and scores it on the held-out samples.

    Attributes:
        network: what a job's values describe.
        store: the data.
        scoring: the metric.
        seed: all randomness of a job comes from it and the job's number.
        precision: Keras dtype policy to train in; scores are computed in it too.
        batch_size: samples a step.
        threads: threads of the worker.
        folder: where weights are kept, a file `{job.id}.npz` each.
        inherit: number of a job whose weights a training starts from, unless its job goes on from others; None starts
            from random ones.
        candidate: whether it competes: it is then judged after a first slice of its time, and scored in the precision
            it trains in. What is not a candidate is trained to the end and scored in float32, as it would be shipped.
        spread_over: kind of device, "GPU", of which the training uses all there are; None for one.
        mirrored: whether to measure the usual metric, as `usual_score`, and on mirrored images, as `mirrored_score`.
        defaults: choices of the training that a job leaves open.
    """

    network: Block
    store: Store | Memory
    scoring: Scoring
    seed: int
    precision: str
    batch_size: int
    threads: int
    folder: Path
    inherit: int | None = None
    candidate: bool = True
    spread_over: str | None = None
    mirrored: bool = False
    defaults: Mapping[str, Value] = field(default_factory=dict)

    def __call__(self, job: Job, *, deadline: Deadline, bar: float) -> Trial:
        """Trains until `deadline`; gives up after a first slice with a score below `bar`.

        Raises:
            MemoryError: there is not enough for this network and batch.
        """
        started = time.monotonic()
        try:
            with spread(self.spread_over) as devices:
                return self._evaluate(job, deadline, bar, started, devices=devices)
        except tf.errors.ResourceExhaustedError as error:
            raise MemoryError(_first_line(error)) from None
        except OSError as error:
            if error.errno not in DISK_FULL:
                raise
            return Failed(job, f"the weights could not be written: {error.strerror}", time.monotonic() - started)
        finally:
            keras.backend.clear_session()

    def lighter(self) -> "Evaluator":
        """The same with half the batch, for when memory ran out."""
        return replace(self, batch_size=max(1, self.batch_size // 2))

    def detached(self) -> Detached:
        """The same without files of this machine; `attached` makes trials of its results."""
        return detach(self)

    def brought(self, job: Job) -> bytes | None:
        """What a detached one needs for a job: the file of the weights that it goes on from, None for no such file."""
        if job.continues is None or not self._weights_path(job.continues).exists():
            return None
        return self._weights_path(job.continues).read_bytes()

    def attached(self, parcel: Parcel) -> Trial:
        return attach(self, parcel)

    def _evaluate(self, job: Job, deadline: Deadline, bar: float, started: float, *, devices: int) -> Trial:
        train_arrays, held_out = self._train_arrays(), self.store.validation()
        keras.utils.set_random_seed(int(np.random.default_rng((self.seed, job.id)).integers(2**31)))
        try:
            model = self._build(job, shapes(train_arrays.x))
        except _CANNOT_BUILD as error:
            return Failed(job, f"cannot build: {_first_line(error)}", time.monotonic() - started)
        shipped = model if self.candidate or self.precision == "float32" else self._float32(job, model)
        built = time.monotonic() - started
        scores: dict[str, float] = {}

        def judged() -> np.ndarray:
            if shipped is not model:
                shipped.set_weights(model.get_weights())
            return predict(shipped, held_out.x)

        def promising() -> bool:
            score = self.scoring.score(judged(), held_out.y)
            if self.candidate:
                scores["first_slice_score"] = score
            return not self.candidate or score >= bar

        outcome = train(
            model,
            train_arrays,
            Recipe.of({**self.defaults, **job.values}, batch_size=self.batch_size),
            deadline,
            self.scoring.answer,
            batch_size=self.batch_size,
            seed=self.seed + job.id,
            threads=self.threads,
            held_out=len(held_out.y) * (2 if self.mirrored else 1),
            slice_at=SLICE,
            on_slice=promising,
        )
        if outcome.diverged:
            return Failed(job, "diverged: the loss stopped being a number", time.monotonic() - started)
        if outcome.progress >= 1.0:
            scores |= self._finish(job, model, held_out, judged())
        else:
            scores["score"] = scores["first_slice_score"]
        scores["devices"] = float(devices)
        return self._done(job, model, scores, outcome, built=built, started=started)

    def _train_arrays(self) -> Arrays:
        arrays = self.store.train()
        if self.scoring.answer.kind != "classes":
            return arrays
        balance = class_weights(arrays.y, self.scoring.answer.outputs)
        return arrays._replace(weights=(arrays.weights * balance[arrays.y]).astype("float32"))

    def _build(self, job: Job, inputs: Shapes) -> Any:
        with precision(self.precision):
            model = model_of(self.network, job.values, inputs)
        source = self.inherit if job.continues is None else job.continues
        if source is not None:
            if not self._weights_path(source).exists():
                raise ValueError(f"the weights of trial {source} are gone")
            model.set_weights(weights.load(self._weights_path(source)))
        return model

    def _weights_path(self, number: int) -> Path:
        return self.folder / f"{number}.npz"

    def _float32(self, job: Job, model: Any) -> Any:
        """The network of a job as it would be shipped."""
        with precision("float32"):
            return model_of(self.network, job.values, shapes(self.store.validation().x))

    def _finish(self, job: Job, model: Any, held_out: Arrays, answers: np.ndarray) -> dict[str, float]:
        """Keeps the weights of a network, and scores its `answers` for the held-out samples."""
        weights.save(self._weights_path(job.id), model.get_weights(), answers=answers)
        score = self.scoring.score(answers, held_out.y)
        return {
            "score": score,
            "loss": loss(answers, held_out.y, self.scoring.answer),
            "standard_error": self.scoring.standard_error(score, answers, held_out.y),
            **(self._mirrored(model, held_out, answers) if self.mirrored else {}),
        }

    def _mirrored(self, model: Any, held_out: Arrays, answers: np.ndarray) -> dict[str, float]:
        """The usual metric on the images as they are, and on the same with left and right swapped."""
        if isinstance(held_out.x, dict):
            return {}
        usual = Scoring.of(None, self.scoring.answer)
        mirrored = predict(model, held_out.x[:, :, ::-1])
        return {"usual_score": usual.score(answers, held_out.y), "mirrored_score": usual.score(mirrored, held_out.y)}

    def _done(
        self, job: Job, model: Any, scores: dict[str, float], outcome: Outcome, *, built: float, started: float
    ) -> Trial:
        seconds = time.monotonic() - started
        score = scores.pop("score")
        if not np.isfinite(score):
            return Failed(job, f"the metric is not a number ({score})", seconds)
        metrics = {
            **scores,
            "parameters": float(parameters(model)),
            "macs": float(macs(model)),
            "epochs": outcome.epochs,
            "steps": float(outcome.steps),
            "batch_size": float(self.batch_size),
            "build_seconds": built,
            "first_step_seconds": built + outcome.first_seconds,
        }
        added = job.fidelity - job.trained
        fidelity = job.fidelity if outcome.progress >= 1.0 else job.trained + added * outcome.progress
        return Done(job, score, seconds, metrics, fidelity=fidelity)


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:300]
