"""An Optuna sampler or study as a strategy; needs `pip install easynas[optuna]`.

Optuna: Akiba et al. 2019, "Optuna: a next-generation hyperparameter optimization framework", KDD.

A genotype is suggested choice by choice in declared order, the active ones alone, as Optuna's "define by run" wants it.
What differs from Optuna's own loop: nothing is proposed twice, and a sampler gets a new seed for every job, so that a
continued study equals an uninterrupted one.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from easynas.errors import InputError
from easynas.search.trial import Done, Job, Trial
from easynas.space.dimension import Dimension, Value
from easynas.space.space import SearchSpace, Values
from easynas.strategies.fresh import Feasible, Fresh

MakeSampler = Callable[[int], Any]
"""`make(seed) -> optuna.samplers.BaseSampler`, called for every proposal."""

_TRIES = (
    10  # proposals of the sampler before a random genotype takes their place; each stays in Optuna's study as failed
)


class OptunaStrategy:
    """Proposes what Optuna suggests.

    Args:
        space: where to search.
        seed: of the samplers that `sampler` makes, and of the genotypes drawn when they repeat themselves.
        sampler: makes a sampler of a seed, for instance `lambda seed: optuna.samplers.GPSampler(seed=seed)`; None:
            Optuna's tree-structured Parzen estimator.
        study: an `optuna.Study` of your own with one objective, which keeps its sampler; proposals then depend on that
            sampler's state too. Trials that it holds already are Optuna's to learn from. None: one in memory.
        feasible: genotypes for which it is False are never proposed.

    Raises:
        InputError: Optuna is not installed, both a sampler and a study are given, or the study has several objectives.
    """

    def __init__(
        self,
        space: SearchSpace,
        *,
        seed: int,
        sampler: MakeSampler | None = None,
        study: Any = None,
        feasible: Feasible = lambda _: True,
    ) -> None:
        self._optuna = _optuna()
        if sampler is not None and study is not None:
            raise InputError("`sampler` or `study` must be None: a study has a sampler. Received both. Leave out one.")
        if study is not None and len(study.directions) != 1:
            raise InputError(
                f"`study` must have one objective. Received one with {len(study.directions)}. "
                'Make it with `optuna.create_study(direction="maximize")`.'
            )
        self.space = space
        self.seed = seed
        self._study = study if study is not None else self._optuna.create_study(direction="maximize")
        self._make = None if study is not None else sampler or self._parzen
        self._maximizes = self._study.direction == self._optuna.study.StudyDirection.MAXIMIZE
        self._fresh = Fresh(space, feasible)
        self._names = _names(space)
        self._out: dict[int, Any] = {}

    def ask(self, job_id: int) -> Job | None:
        """What the sampler suggests; a random genotype if that is known already; None if there is nothing new."""
        rng = np.random.default_rng((self.seed, job_id))
        for _ in range(_TRIES):
            trial = self._suggest(rng)
            values = self._fresh.first([self._walk(trial)])
            if values is not None:
                self._out[job_id] = trial
                return Job(job_id, values, origin="optuna")
            self._study.tell(trial, state=self._optuna.trial.TrialState.FAIL)
        values = self._fresh.draw(lambda: self.space.sample(rng))
        return None if values is None else Job(job_id, values, origin="random")

    def tell(self, trial: Trial) -> None:
        """Ends the trial that Optuna suggested, or adds one that it does not know; a dropped one counts as pruned."""
        values = dict(trial.job.values)
        self._fresh.add(values)
        state, value = self._outcome(trial)
        suggested = self._out.pop(trial.job.id, None)
        if suggested is not None:
            self._study.tell(suggested, value, state=state)
            return
        parameters = self._encode(values)
        self._study.add_trial(
            self._optuna.trial.create_trial(
                state=state,
                value=value,
                params={name: number for name, (number, _) in parameters.items()},
                distributions={name: distribution for name, (_, distribution) in parameters.items()},
            )
        )

    def _suggest(self, rng: np.random.Generator) -> Any:
        if self._make is not None:
            self._study.sampler = self._make(int(rng.integers(2**31)))
        return self._study.ask()

    def _parzen(self, seed: int) -> Any:
        return self._optuna.samplers.TPESampler(seed=seed)

    def _walk(self, trial: Any) -> Values:
        """A genotype of what Optuna suggests for every active choice."""
        values: Values = {}
        for dimension, name in zip(self.space.dimensions, self._names, strict=True):
            if dimension.name not in values and dimension.active(values):
                values[dimension.name] = self._suggested(trial, name, dimension)
        return values

    def _suggested(self, trial: Any, name: str, dimension: Dimension) -> Value:
        if dimension.count == 1:
            return dimension.default
        distribution = self._distribution(dimension)
        known = self._optuna.distributions
        match distribution:
            case known.CategoricalDistribution():
                number = trial.suggest_categorical(name, distribution.choices)
            case known.IntDistribution(low=low, high=high, step=step, log=log):
                number = trial.suggest_int(name, low, high, step=step, log=log)
            case _:
                number = trial.suggest_float(name, distribution.low, distribution.high, log=distribution.log)
        return _value(dimension, number)

    def _encode(self, values: Mapping[str, Value]) -> dict[str, tuple[Any, Any]]:
        """Optuna's number and distribution for every active choice, by name."""
        known: set[str] = set()
        parameters: dict[str, tuple[Any, Any]] = {}
        for dimension, name in zip(self.space.dimensions, self._names, strict=True):
            if dimension.name in known or dimension.name not in values or not dimension.active(values):
                continue
            known.add(dimension.name)
            if dimension.count > 1:
                parameters[name] = _number(dimension, values[dimension.name]), self._distribution(dimension)
        return parameters

    def _distribution(self, dimension: Dimension) -> Any:
        known, parameter = self._optuna.distributions, dimension.parameter
        match _coding(dimension):
            case "value":
                return known.CategoricalDistribution(tuple(dimension.values()))
            case "index":
                return known.IntDistribution(0, int(dimension.count) - 1)
            case "position":
                return known.FloatDistribution(0.0, 1.0)
        low, high = parameter.min_value, parameter.max_value
        if parameter.step is None:
            kind = known.IntDistribution if type(parameter).__name__ == "Int" else known.FloatDistribution
            return kind(low, high, log=parameter.sampling == "log")
        return known.IntDistribution(low, low + (int(dimension.count) - 1) * parameter.step, step=parameter.step)

    def _outcome(self, trial: Trial) -> tuple[Any, float | None]:
        states = self._optuna.trial.TrialState
        if not isinstance(trial, Done) or not math.isfinite(trial.score):
            return states.FAIL, None
        if trial.dropped:
            return states.PRUNED, None
        return states.COMPLETE, trial.score if self._maximizes else -trial.score


def _optuna() -> Any:
    try:
        import optuna
    except ModuleNotFoundError as error:
        raise InputError(
            "`OptunaStrategy` needs the package optuna. Received: it is not installed. "
            "Install it with `pip install easynas[optuna]`."
        ) from error
    return optuna


def _names(space: SearchSpace) -> tuple[str, ...]:
    """A name for Optuna of every dimension, `(dimensions,)`: its own, numbered where another scope uses it too."""
    seen: dict[str, int] = {}
    names = []
    for dimension in space.dimensions:
        seen[dimension.name] = seen.get(dimension.name, 0) + 1
        number = seen[dimension.name]
        names.append(dimension.name if number == 1 else f"{dimension.name} ({number})")
    return tuple(names)


def _coding(dimension: Dimension) -> str:
    """What a number of Optuna's stands for: a value without order, an index, a position in [0, 1], or itself."""
    parameter = dimension.parameter
    kind = type(parameter).__name__
    if dimension.categorical or kind == "Boolean":
        return "value"
    if kind == "Choice":
        return "index"
    # Optuna knows linear steps alone, and warns of those of a float that do not add up to the last digit.
    if parameter.step is not None and (kind == "Float" or parameter.sampling != "linear"):
        return "index"
    # It does not know a logarithm from the other end either; whole numbers are then spaced evenly.
    return "position" if kind == "Float" and parameter.sampling == "reverse_log" else "itself"


def _value(dimension: Dimension, number: Any) -> Value:
    match _coding(dimension):
        case "index":
            return dimension.at((number + 0.5) / dimension.count)
        case "position":
            return dimension.at(number)
    return dimension.nearest(number)


def _number(dimension: Dimension, value: Value) -> Any:
    match _coding(dimension):
        case "index":
            return int(dimension.position(value) * dimension.count)
        case "position":
            return dimension.position(value)
    return value
