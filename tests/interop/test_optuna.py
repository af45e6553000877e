"""Optuna's samplers behind ask and tell."""

import sys
from typing import Any

import keras_tuner
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from easynas.errors import InputError
from easynas.interop.optuna import OptunaStrategy
from easynas.search.trial import Done, Failed, Job
from easynas.space.space import SearchSpace, Values
from easynas.strategies.random import Random
from easynas.testing import check_strategy
from tests.space.drawn import SEEDS, spaces
from tests.strategies import landscape

optuna = pytest.importorskip("optuna")
optuna.logging.set_verbosity(optuna.logging.WARNING)
FEW = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def random_sampler(seed: int) -> Any:
    return optuna.samplers.RandomSampler(seed=seed)


@pytest.mark.slow
def test_it_keeps_the_contract_of_a_strategy() -> None:
    check_strategy(lambda space, seed: OptunaStrategy(space, seed=seed))


def test_what_optuna_learns_decides_what_it_proposes() -> None:
    def last(strategy: OptunaStrategy | Random) -> float:
        scores = []
        for job_id in range(50):
            job = strategy.ask(job_id)
            assert job is not None
            scores.append(sum(float(job.values[f"width{stage}"]) for stage in range(landscape.STAGES)))
            strategy.tell(Done(job, scores[-1], 1.0))
        return float(np.mean(scores[-15:]))

    space = landscape.space()
    assert last(OptunaStrategy(space, seed=0)) > last(Random(space, seed=0)) + 4.0


@FEW
@given(spaces(), SEEDS)
def test_what_is_suggested_and_what_is_told_are_the_same_to_optuna(space: SearchSpace, seed: int) -> None:
    study = optuna.create_study(direction="maximize", sampler=random_sampler(seed))
    job = OptunaStrategy(space, seed=seed, study=study).ask(0)
    assert job is not None
    assert job.values == space.canonical(job.values)
    other = optuna.create_study(direction="maximize", sampler=random_sampler(seed))
    OptunaStrategy(space, seed=seed, study=other).tell(Done(Job(0, job.values), 0.5, 1.0))
    [suggested], [told] = study.trials, other.trials
    assert told.state == optuna.trial.TrialState.COMPLETE
    assert list(told.distributions) == list(suggested.distributions)
    for name, distribution in suggested.distributions.items():
        assert told.distributions[name] == distribution
        number = suggested.params[name]
        exact = isinstance(number, bool | str)
        assert told.params[name] == (number if exact else pytest.approx(number, rel=1e-6, abs=1e-6))


def test_optuna_sees_the_kinds_of_choices() -> None:
    hp = keras_tuner.HyperParameters()
    hp.Float("rate", 1e-4, 1e-1, sampling="log")
    hp.Int("width", 8, 64, step=8)
    hp.Choice("kernel", [3, 5, 7])
    hp.Choice("kind", ["conv", "dense"])
    hp.Int("power", 2, 32, step=2, sampling="log")
    study = optuna.create_study(direction="maximize")
    OptunaStrategy(SearchSpace(hp), seed=0, study=study).ask(0)
    known = optuna.distributions
    assert study.trials[0].distributions == {
        "rate": known.FloatDistribution(1e-4, 1e-1, log=True),
        "width": known.IntDistribution(8, 64, step=8),
        "kernel": known.IntDistribution(0, 2),
        "kind": known.CategoricalDistribution(("conv", "dense")),
        "power": known.IntDistribution(0, 4),
    }


def test_optuna_learns_how_a_trial_ended() -> None:
    study = optuna.create_study(direction="minimize")
    strategy = OptunaStrategy(landscape.space(), seed=0, study=study)
    jobs = [strategy.ask(job_id) for job_id in range(4)]
    assert None not in jobs
    first, second, third, fourth = (job for job in jobs if job is not None)
    strategy.tell(Done(second, 0.75, 1.0))
    strategy.tell(Failed(first, "out of memory", 1.0))
    strategy.tell(Done(third, 0.5, 1.0, fidelity=0.3))
    strategy.tell(Done(fourth, float("nan"), 1.0))
    states = optuna.trial.TrialState
    assert [trial.state for trial in study.trials] == [states.FAIL, states.COMPLETE, states.PRUNED, states.FAIL]
    assert study.best_value == -0.75  # it minimizes, and larger scores are better


def test_any_sampler_can_be_chosen() -> None:
    made: list[int] = []

    def sampler(seed: int) -> Any:
        made.append(seed)
        return random_sampler(seed)

    strategy = OptunaStrategy(landscape.space(), seed=0, sampler=sampler)
    assert strategy.ask(0) is not None
    assert strategy.ask(1) is not None
    assert len(set(made)) == len(made) >= 2


def test_infeasible_genotypes_are_never_proposed() -> None:
    def feasible(values: Values) -> bool:
        return values["kind"] == "conv"

    strategy = OptunaStrategy(landscape.space(), seed=0, feasible=feasible)
    jobs = [strategy.ask(job_id) for job_id in range(30)]
    assert all(job is not None and job.values["kind"] == "conv" for job in jobs)


def test_a_study_has_a_sampler_already() -> None:
    with pytest.raises(InputError, match="Received both"):
        OptunaStrategy(landscape.space(), seed=0, sampler=random_sampler, study=optuna.create_study())


def test_a_study_with_two_objectives_is_refused() -> None:
    study = optuna.create_study(directions=["maximize", "minimize"])
    with pytest.raises(InputError, match="Received one with 2"):
        OptunaStrategy(landscape.space(), seed=0, study=study)


def test_without_optuna_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(InputError, match=r"pip install easynas\[optuna\]"):
        OptunaStrategy(landscape.space(), seed=0)
