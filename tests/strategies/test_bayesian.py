"""Bayesian optimization: its acquisition is what it says, it learns fast, and it endures what trials bring."""

import math
import time
from collections.abc import Callable
from typing import Any

import keras_tuner
import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from easynas.errors import InputError
from easynas.search.objective import SCORE, Constraint, Goal, Objective
from easynas.search.trial import Done, Failed, Job, Trial
from easynas.space.space import SearchSpace, Values
from easynas.strategies.bayesian import Bayesian, _adding_most, _log_improvement, _reference
from easynas.strategies.evolution import Evolution
from easynas.strategies.random import Random
from easynas.testing import check_strategy
from tests.strategies import landscape

SPACE = landscape.space()
LATENCY = Objective("latency_ms")


def searched(strategy: Any, answer: Callable[[Job], Trial], *, trials: int) -> list[Job]:
    jobs = []
    for number in range(trials):
        job = strategy.ask(number)
        assert job is not None
        jobs.append(job)
        strategy.tell(answer(job))
    return jobs


def measured(job: Job) -> Done:
    widths = [float(job.values[f"width{stage}"]) for stage in range(landscape.STAGES)]
    return Done(job, landscape.score(dict(job.values)), 1.0, {"latency_ms": sum(widths)})


@pytest.mark.parametrize(("mean", "deviation", "best"), [(0.0, 1.0, 0.0), (2.0, 0.5, 1.0), (-1.0, 0.7, 1.5)])
def test_the_expected_improvement_is_the_integral(mean: float, deviation: float, best: float) -> None:
    integral = quad(lambda y: (y - best) * norm.pdf(y, mean, deviation), best, mean + 12.0 * deviation)[0]
    found = _log_improvement(np.array([mean]), np.array([deviation]), best)
    assert found[0] == pytest.approx(math.log(integral), rel=1e-9)


@pytest.mark.parametrize("u", [-5.0, -30.0, -999.0, -1001.0, -1e5])
def test_far_below_the_best_its_logarithm_is_exact(u: float) -> None:
    # E[(z + u)+] = φ(u) / u² · ∫ s exp(-s - s² / 2u²) ds, whose integrand stays of the order of 1.
    integral = quad(lambda s: s * math.exp(-s - s**2 / (2.0 * u**2)), 0.0, 80.0)[0]
    expected = norm.logpdf(u) - 2.0 * math.log(-u) + math.log(integral)
    assert _log_improvement(np.array([u]), np.ones(1), 0.0)[0] == pytest.approx(expected, rel=1e-9, abs=1e-5)


def test_the_expected_improvement_rises_with_mean_and_doubt() -> None:
    mean, ones = np.linspace(-2000.0, 10.0, 500), np.ones(500)
    assert (np.diff(_log_improvement(mean, ones, 0.0)) > 0.0).all()
    assert (np.diff(_log_improvement(-ones, np.linspace(0.01, 3.0, 500), 0.0)) > 0.0).all()


def mean_found(make: Callable[[int], Any], *, trials: int, seeds: int) -> float:
    return float(np.mean([landscape.best_found(make(seed), trials=trials) for seed in range(seeds)]))


def evolution(seed: int) -> Evolution:
    return Evolution(SPACE, seed=seed, population=8, sample=3)


@pytest.mark.slow
def test_it_learns_in_few_trials_what_evolution_and_chance_do_not() -> None:
    found = mean_found(lambda seed: Bayesian(SPACE, seed=seed), trials=50, seeds=3)
    assert found > mean_found(evolution, trials=50, seeds=20) + 0.5
    assert found > mean_found(lambda seed: Random(SPACE, seed=seed), trials=50, seeds=20) + 2.0


@pytest.mark.slow
@pytest.mark.parametrize("acquisition", ["thompson", "logei"])
def test_so_it_does_on_average(acquisition: Any) -> None:
    found = mean_found(lambda seed: Bayesian(SPACE, seed=seed, acquisition=acquisition), trials=70, seeds=15)
    assert found > mean_found(evolution, trials=70, seeds=40) + 0.7


@pytest.mark.slow
@pytest.mark.parametrize("acquisition", ["thompson", "logei"])
@pytest.mark.parametrize("per_second", [True, False])
def test_every_acquisition_keeps_the_contract(acquisition: Any, *, per_second: bool) -> None:
    check_strategy(
        lambda space, seed: Bayesian(space, seed=seed, acquisition=acquisition, per_second=per_second), trials=20
    )


def test_the_expected_improvement_learns_too() -> None:
    jobs = searched(Bayesian(SPACE, seed=0, acquisition="logei"), measured, trials=30)
    first, last = (np.mean([landscape.score(dict(job.values)) for job in part]) for part in (jobs[:10], jobs[-10:]))
    assert last > first + 3.0


def test_per_second_short_trainings_are_preferred() -> None:
    def answer(job: Job) -> Done:
        return Done(job, float(job.values["width1"]), seconds=10.0 ** float(job.values["width0"]))

    seconds = [
        np.mean([float(job.values["width0"]) for job in searched(strategy, answer, trials=25)[12:]])
        for strategy in (
            Bayesian(SPACE, seed=0, acquisition="logei", per_second=per_second) for per_second in (True, False)
        )
    ]
    assert seconds[0] < seconds[1] - 0.8


@pytest.mark.parametrize(
    "score",
    [
        pytest.param(lambda _: 1.0, id="all equal"),
        pytest.param(lambda n: 1e300 * (-1) ** n, id="huge"),
        pytest.param(lambda n: 1e-300 * n, id="tiny"),
        pytest.param(lambda n: math.nan if n % 2 else -math.inf, id="not finite"),
        pytest.param(lambda n: math.inf if n < 8 else float(n), id="infinite at first"),
    ],
)
@pytest.mark.parametrize("acquisition", ["thompson", "logei"])
def test_any_score_is_endured(score: Callable[[int], float], acquisition: Any) -> None:
    strategy = Bayesian(SPACE, seed=0, acquisition=acquisition, first=3)
    jobs = searched(strategy, lambda job: Done(job, score(job.id), 1.0), trials=14)
    assert len({SPACE.key(job.values) for job in jobs}) == 14


def test_equal_scores_do_not_tie_it_to_one_trial() -> None:
    jobs = searched(Bayesian(SPACE, seed=0), lambda job: Done(job, 1.0, 1.0), trials=30)[10:]
    origin = jobs[0].values
    near = [sum(job.values.get(name) != origin.get(name) for name in SPACE.names) <= 2 for job in jobs]
    assert np.mean(near) < 0.5


@pytest.mark.parametrize("goal", [Goal((SCORE, LATENCY)), Goal((SCORE,), (Constraint("latency_ms", 9.0),))])
def test_a_measure_that_never_comes_makes_it_random(goal: Goal) -> None:
    strategy = Bayesian(SPACE, seed=0, goal=goal, first=3)
    jobs = searched(strategy, lambda job: Done(job, 0.5, 1.0), trials=6)
    assert {job.origin for job in jobs} == {"random"}
    strategy.tell(measured(Job(6, SPACE.default())))
    job = strategy.ask(7)
    assert job is not None
    assert job.origin == "model"


def test_feasibility_is_asked_of_few() -> None:
    asked: list[Values] = []

    def feasible(values: Values) -> bool:
        asked.append(values)
        return len(asked) % 3 == 0

    for goal in (Goal(), Goal((SCORE, LATENCY))):
        asked.clear()
        searched(Bayesian(SPACE, seed=0, feasible=feasible, goal=goal, first=3), measured, trials=12)
        assert len(asked) <= 3 * 12


def test_two_objectives_pull_apart() -> None:
    goal = Goal((SCORE, LATENCY))
    jobs = searched(Bayesian(SPACE, seed=0, goal=goal), measured, trials=40)[20:]
    latency = [measured(job).metrics["latency_ms"] for job in jobs]
    assert min(latency) <= 3.0  # a random genotype has 15
    assert max(measured(job).score for job in jobs) > -2.0


def test_several_jobs_out_are_believed_and_not_asked_for_again() -> None:
    strategy = Bayesian(SPACE, seed=0, acquisition="logei", first=3)
    searched(strategy, measured, trials=5)
    jobs = [strategy.ask(number) for number in range(5, 11)]
    assert len({SPACE.key(job.values) for job in jobs if job is not None}) == 6


def test_most_is_added_where_nothing_was_found_yet() -> None:
    told = [[0.0, 2.0], [1.0, 1.0]]
    candidates = [[0.9, 0.9], [0.0, 2.1], [2.0, 0.0], [0.1, 1.9]]  # they add 0.31, 0, 1 and 0.09
    drawn = np.array([told + candidates])
    assert list(_adding_most(drawn, np.array([3.0, 3.0]), 4)) == [2, 0, 3, 1]


def test_what_is_added_is_an_average_of_draws() -> None:
    """The first candidate is good in one draw, the second fair in both."""
    drawn = np.array([[[1.0], [0.7], [0.8]], [[1.0], [1.5], [0.8]]])
    assert list(_adding_most(drawn, np.array([2.0]), 2)) == [1, 0]


def test_what_breaks_a_constraint_neither_adds_nor_stands_in_the_way() -> None:
    told = [[0.0, 0.5], [1.0, -0.5]]
    candidates = [[0.1, 0.2], [0.9, -0.1]]
    assert list(_adding_most(np.array([told + candidates]), np.array([2.0]), 2)) == [1, 0]
    hopeless = [[0.1, 0.4], [5.0, 0.3], [0.1, 0.2]]
    assert list(_adding_most(np.array([told + hopeless]), np.array([2.0]), 3)) == [2, 1, 0]


def test_the_reference_ignores_the_networks_that_learned_nothing() -> None:
    losses = np.array([[0.1, 5.0], [0.2, 3.0], [0.3, 2.0], [0.9, 1.0]])
    np.testing.assert_allclose(_reference(losses, by=0), [0.32, 5.3])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"acquisition": "ucb"}, r"`acquisition` must be one of \('thompson', 'logei'\). Received: 'ucb'"),
        ({"goal": Goal((SCORE, LATENCY)), "acquisition": "logei"}, "Received: 'logei', per_second=False"),
        ({"goal": Goal((SCORE, LATENCY)), "per_second": True}, "Received: 'thompson', per_second=True"),
    ],
)
def test_what_it_does_not_have_is_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Bayesian(SPACE, seed=0, **settings)


def wide() -> SearchSpace:
    """Thirty choices of all kinds."""
    hp = keras_tuner.HyperParameters()
    for number in range(10):
        hp.Int(f"int{number}", 0, 9)
        hp.Choice(f"choice{number}", ["a", "b", "c"])
        hp.Float(f"float{number}", 0.0, 1.0)
    return SearchSpace(hp)


@pytest.mark.parametrize("goal", [Goal(), Goal((SCORE, LATENCY))], ids=["one", "two"])
def test_a_suggestion_takes_a_fraction_of_a_second(goal: Goal) -> None:
    space, rng = wide(), np.random.default_rng(0)
    strategy = Bayesian(space, seed=0, goal=goal)
    for number in range(200):
        values = space.sample(rng)
        score = sum(float(values[f"int{each}"]) for each in range(10))
        strategy.tell(Done(Job(number, values), score, 1.0, {"latency_ms": float(values["float0"])}))
    began = time.process_time()
    assert strategy.ask(200) is not None
    assert time.process_time() - began < 0.5  # with a fit; about a tenth is usual


@pytest.mark.slow
def test_long_studies_do_not_stop_it() -> None:
    rng = np.random.default_rng(0)
    strategy = Bayesian(SPACE, seed=0, goal=Goal((SCORE, LATENCY)))
    for number in range(900):
        job = Job(number, SPACE.sample(rng))
        strategy.tell(Failed(job, "late", 1.0) if number % 9 == 0 else measured(job))
    began = time.process_time()
    job = strategy.ask(900)
    assert job is not None
    assert job.origin == "model"
    assert time.process_time() - began < 6.0
