"""What a worker does with somebody's `keras_tuner.HyperModel`: find its choices, and train one of its networks."""

import copy
import json
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import keras_tuner
import numpy as np
import tensorflow as tf

from easynas.errors import InputError
from easynas.interop import arrays
from easynas.interop.stop import Stop
from easynas.search.budget import Deadline
from easynas.search.trial import Done, Failed, Job, Trial
from easynas.space.dimension import Dimension
from easynas.space.space import SearchSpace, Values
from easynas.train import weights

_FEW = 8  # samples that are enough to see which metrics a network has
_KEPT = 0.4  # share of a discovery's time that its last network may take
_ENDLESS = 1_000_000  # epochs; the deadline ends a training
_FAILURES = (
    ValueError,
    TypeError,
    ArithmeticError,
    tf.errors.InvalidArgumentError,
    keras_tuner.errors.FailedTrialError,
)
"""What a network that cannot be built or trained raises. Anything else is a bug, and is the user's to see."""


@dataclass(frozen=True)
class Objective:
    """What a search improves.

    Attributes:
        name: a metric in Keras' logs, such as "val_accuracy".
        maximize: whether larger is better.
    """

    name: str
    maximize: bool

    def score(self, value: float) -> float:
        """A value of the metric as a score, of which larger is better; and back."""
        return value if self.maximize else -value


@dataclass(frozen=True)
class Discovery:
    """Finds the choices of a hypermodel by building networks, and by training one for a step, what it measures.

    KerasTuner learns of choices on the way; a strategy wants them all before. So networks are built with the defaults,
    with all choices at their most and at their least, and with every value of every category, until nothing is new.

    Attributes:
        hypermodel: whose `build(hp)` returns a compiled network.
        x, y: where the samples are, as `arrays.write` says.
        file: where the answer is written: `{"space": ..., "metrics": [...], "train_start": s, "test_start": s}`, the
            last two the seconds of the first step, which traces the network.
    """

    hypermodel: Any
    x: Any
    y: Any
    file: Path

    def __call__(self, job: Job, *, deadline: Deadline, bar: float) -> Trial:
        started = time.monotonic()
        known = keras_tuner.HyperParameters()
        self.hypermodel.declare_hyperparameters(known)  # KerasTuner's place for what `build` does not ask for
        model = self._build(known, {})
        x, y = (arrays.take(arrays.read(tree), slice(0, _FEW)) for tree in (self.x, self.y))
        times = [time.monotonic()]
        metrics = model.train_on_batch(x, y, return_dict=True)
        times.append(time.monotonic())
        model.test_on_batch(x, y)
        times.append(time.monotonic())
        tried: set[str] = set()
        enough = deadline.before(_KEPT * deadline.total)
        while not enough.passed and (values := next((v for v in _corners(known) if str(v) not in tried), None)):
            tried.add(str(values))
            try:
                self._build(known, values)
            except _FAILURES:
                continue  # a trial with these values will say so; here only what it declared counts
        train_start, test_start = np.diff(times).tolist()
        answer = {"space": known.get_config(), "metrics": sorted(metrics)}
        self.file.write_text(json.dumps({**answer, "train_start": train_start, "test_start": test_start}))
        return Done(job, 0.0, time.monotonic() - started)

    def _build(self, known: Any, values: Values) -> Any:
        hp = known.copy()
        hp.values = dict(SearchSpace(known).canonical(values)) if known.space else {}
        try:
            return self.hypermodel.build(hp)
        finally:
            known.merge(hp, overwrite=False)


@dataclass(frozen=True)
class Fitting:
    """Trains one network of a hypermodel until its deadline; its best epoch counts.

    Attributes:
        hypermodel: whose `build(hp)` returns a compiled network, and whose `fit` trains it.
        space: configuration of the `keras_tuner.HyperParameters` with all choices.
        x, y: where the training samples are, as `arrays.write` says.
        held_out: where the validation samples are, `(x, y)`.
        objective: what counts.
        test_start: seconds of the first step of a validation, which traces the network.
        seed: all randomness of a job comes from it and the job's number.
        folder: where weights are kept, a file `{job.id}.npz` each.
    """

    hypermodel: Any
    space: dict[str, Any]
    x: Any
    y: Any
    held_out: tuple[Any, Any]
    objective: Objective
    test_start: float
    seed: int
    folder: Path

    def __call__(self, job: Job, *, deadline: Deadline, bar: float) -> Trial:
        """Trains and scores; `bar` is not used, since a hypermodel's own training decides when it has seen enough.

        Raises:
            MemoryError: there is not enough for this network.
        """
        started = time.monotonic()
        keras.utils.set_random_seed(int(np.random.default_rng((self.seed, job.id)).integers(2**31)))
        held_out = arrays.length(arrays.read(self.held_out[0]))
        stop = Stop(
            deadline,
            self.objective.name,
            maximize=self.objective.maximize,
            held_out=held_out,
            test_start=self.test_start,
        )
        try:
            hp = hyperparameters(self.space, job.values)
            declared = len(hp.space)
            model = self.hypermodel.build(hp)
            result = self._fit(hp, model, stop)
        except _FAILURES as error:
            return Failed(job, f"cannot train: {_first_line(error)}", time.monotonic() - started)
        except tf.errors.ResourceExhaustedError as error:
            raise MemoryError(_first_line(error)) from None
        finally:
            keras.backend.clear_session()
        value, logs = stop.best, stop.logs
        if logs is None:  # the hypermodel's own `fit` left our callback out
            logs = _last_logs(result, self.objective.name)
            value = logs.get(self.objective.name, math.nan)
        if not math.isfinite(value):
            return Failed(job, f"the objective {self.objective.name!r} is {value}", time.monotonic() - started)
        weights.save(self.folder / f"{job.id}.npz", [stop.weights or model.get_weights()])
        metrics = {name: float(each) for name, each in logs.items()}
        metrics |= {"epochs": float(stop.epochs), "parameters": float(model.count_params())}
        metrics["choices_found_late"] = float(len(hp.space) - declared)
        return Done(job, self.objective.score(value), time.monotonic() - started, metrics, fidelity=job.fidelity)

    def _fit(self, hp: Any, model: Any, stop: Stop) -> Any:
        x, y, validation = arrays.read(self.x), arrays.read(self.y), tuple(arrays.read(each) for each in self.held_out)
        settings: dict[str, Any] = {"validation_data": validation, "callbacks": [stop], "verbose": 0}
        if type(self.hypermodel).fit is keras_tuner.HyperModel.fit:
            settings["epochs"] = _ENDLESS  # a `fit` of the user's own sets them itself
        return self.hypermodel.fit(hp, model, x, y, **settings)


def hyperparameters(space: dict[str, Any], values: Any) -> Any:
    """`keras_tuner.HyperParameters` of a configuration, at the values of a genotype."""
    hp = keras_tuner.HyperParameters.from_config(copy.deepcopy(space))  # KerasTuner changes what it reads
    hp.values = dict(values)
    return hp


def _corners(known: Any) -> Iterator[Values]:
    """Values at which a network may declare choices that were not seen yet."""
    dimensions = [Dimension.of(parameter) for parameter in known.space]
    for position in (1.0, 0.0):
        yield {dimension.name: dimension.at(position) for dimension in dimensions if not dimension.parameter.conditions}
    for dimension in dimensions:
        if type(dimension.parameter).__name__ in ("Choice", "Boolean"):
            above = {condition.name: condition.values[0] for condition in dimension.parameter.conditions}
            for value in dimension.values():
                yield {**above, dimension.name: value}


def _last_logs(result: Any, objective: str) -> dict[str, float]:
    """What a hypermodel's own `fit` returned, a history, a dictionary or a number, as Keras' logs."""
    if isinstance(result, keras.callbacks.History):
        return {name: float(values[-1]) for name, values in result.history.items()}
    if isinstance(result, dict):
        return {name: float(value) for name, value in result.items()}
    if isinstance(result, int | float | np.number):
        return {objective: float(result)}
    raise InputError(
        "`HyperModel.fit` must pass on `callbacks`, or return a history, a dictionary of metrics or a number. "
        f"Received: {type(result).__name__}."
    )


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:300]
