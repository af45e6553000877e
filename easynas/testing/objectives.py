"""`check_many_objectives`: the contract of a strategy with several objectives and constraints."""

from collections.abc import Callable, Mapping

import keras_tuner
import numpy as np

from easynas.search.front import hypervolume
from easynas.search.loop import Strategy
from easynas.search.objective import SCORE, Constraint, Objective
from easynas.search.trial import Done
from easynas.space.dimension import Value
from easynas.space.space import SearchSpace
from easynas.strategies.random import Random
from easynas.testing.strategies import check_strategy

Create = Callable[..., Strategy]

_OBJECTIVES = (SCORE, Objective("latency_ms"))
_CHOICES = 6
_LARGEST = 9  # choices are numbers from 0 on
_REFERENCE = np.array([5.0, 11.0])  # the error of a random genotype, and a little more than the largest latency
_BEST = 3 / _LARGEST
_AHEAD = 0.3
"""Share of the way from random search to the true front that a strategy must come."""
_LIMIT = 3.0
_LEARNED = 0.5
"""Share of feasible proposals in the second half of a study; without learning a sixth do."""


def check_many_objectives(create: Create, *, trials: int = 100, seeds: int = 3) -> None:
    """Checks that the strategies of `create` know several objectives and constraints.

    They keep the contract of `check_strategy` when some trials lack a measure; the front that they find is clearly
    better than that of random search; they learn a constraint that only a trial tells; and they never propose what is
    against a cheap one.

    Args:
        create: `create(space, seed, objectives=(...), constraints=(...))` makes a new strategy.
        trials: length of a study.
        seeds: studies whose mean is judged.

    Raises:
        AssertionError: what the strategy does wrong.
    """
    limits = (Constraint("latency_ms", 5.0),)
    check_strategy(lambda space, seed: create(space, seed, objectives=_OBJECTIVES, constraints=limits))
    _check_front(create, trials=trials, seeds=seeds)
    _check_learned(create, trials=trials, seeds=seeds)
    _check_cheap(create, trials=trials)


def _check_front(create: Create, *, trials: int, seeds: int) -> None:
    space = _space()
    made = (create(space, seed, objectives=_OBJECTIVES, constraints=()) for seed in range(seeds))
    found = np.mean([_volume(strategy, trials) for strategy in made])
    chance = np.mean([_volume(Random(space, seed=seed), trials) for seed in range(seeds)])
    ahead = (found - chance) / (_best_volume() - chance)
    assert ahead >= _AHEAD, (
        f"The front must come {_AHEAD:.0%} of the way from that of random search to the true one. "
        f"Received: {ahead:.0%} after {trials} trials."
    )


def _check_learned(create: Create, *, trials: int, seeds: int) -> None:
    kept = []
    for seed in range(seeds):
        told = _search(create(_space(), seed, objectives=(), constraints=(Constraint("size_kb", _LIMIT),)), trials)
        kept += [trial.metrics["size_kb"] <= _LIMIT for trial in told[trials // 2 :]]
    share = float(np.mean(kept))
    assert share >= _LEARNED, (
        f"A constraint that trials tell must be learned: {_LEARNED:.0%} of the later proposals must keep it. "
        f"Received: {share:.0%}."
    )


def _check_cheap(create: Create, *, trials: int) -> None:
    limit = Constraint("size_kb", _LIMIT, cheap=_size_kb)
    told = _search(create(_space(), 0, objectives=_OBJECTIVES, constraints=(limit,)), trials)
    above = next((trial.job for trial in told if trial.metrics["size_kb"] > _LIMIT), None)
    assert above is None, f"Nothing may be proposed that is against a cheap constraint. Received: {above}."


def _volume(strategy: Strategy, trials: int) -> float:
    return hypervolume(
        np.array([[-trial.score, trial.metrics["latency_ms"]] for trial in _search(strategy, trials)]), _REFERENCE
    )


def _best_volume() -> float:
    latency = np.arange(_LARGEST + 1) / _LARGEST
    return hypervolume(np.stack([1.0 - np.sqrt(latency), 1.0 + 9.0 * latency], axis=1), _REFERENCE)


def _search(strategy: Strategy, trials: int) -> list[Done]:
    told: list[Done] = []
    while len(told) < trials and (job := strategy.ask(len(told))) is not None:
        metrics = {"latency_ms": _latency_ms(job.values), "size_kb": _size_kb(job.values)}
        told.append(Done(job, -_error(job.values), 1.0, metrics))
        strategy.tell(told[-1])
    assert len(told) == trials, f"A strategy must go on in a large space. Received: None after {len(told)} trials."
    return told


def _space() -> SearchSpace:
    hp = keras_tuner.HyperParameters()
    for number in range(_CHOICES):
        hp.Int(f"choice{number}", 0, _LARGEST)
    return SearchSpace(hp)


def _error(values: Mapping[str, Value]) -> float:
    """ZDT1 of Zitzler, Deb & Thiele 2000 ("Comparison of multiobjective evolutionary algorithms").

    The best value of the other choices is moved away from the edge of the space, where any clipping would find it.
    """
    first, *rest = _numbers(values)
    distance = 1.0 + 9.0 * float(np.mean(np.abs(np.array(rest) - _BEST))) / (1.0 - _BEST)
    return distance * (1.0 - float(np.sqrt(first / distance)))


def _latency_ms(values: Mapping[str, Value]) -> float:
    return 1.0 + 9.0 * _numbers(values)[0]


def _size_kb(values: Mapping[str, Value]) -> float:
    """Where the score is best it is too large."""
    return 10.0 * float(np.mean(_numbers(values)[:2]))


def _numbers(values: Mapping[str, Value]) -> list[float]:
    return [float(values[f"choice{number}"]) / _LARGEST for number in range(_CHOICES)]
