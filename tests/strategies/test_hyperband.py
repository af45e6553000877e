"""Halving and Hyperband: the papers' rungs, in order, whatever ends when; and better than full trainings alone."""

from collections import Counter

import keras_tuner
import numpy as np
import pytest

from easynas import strategies
from easynas.search.loop import Strategy
from easynas.search.trial import Done, Failed, Job
from easynas.space.space import SearchSpace
from easynas.strategies.evolution import Evolution
from easynas.strategies.hyperband import Halving, Hyperband, hyperband_cycle, rung_sizes
from easynas.strategies.random import Random
from tests.strategies import fidelities, landscape

SPACE = landscape.space()


def halving(seed: int = 0, *, least: float = 1 / 9) -> Halving:
    return Halving(SPACE, seed=seed, around=lambda: Random(SPACE, seed=seed), least=least)


def hyperband(seed: int = 0, *, least: float = 1 / 9) -> Hyperband:
    return Hyperband(SPACE, seed=seed, around=lambda: Random(SPACE, seed=seed), least=least)


def asked(strategy: Strategy, job_id: int) -> Job:
    job = strategy.ask(job_id)
    assert job is not None
    return job


def done(job: Job, score: float | None = None) -> Done:
    """The trial of a job that was trained to its end; by default, later jobs are better."""
    return Done(job, float(job.id) if score is None else score, 1.0, fidelity=job.fidelity)


def play(strategy: Strategy, count: int) -> list[Job]:
    """One job after the other."""
    jobs = []
    for job_id in range(count):
        jobs.append(asked(strategy, job_id))
        strategy.tell(done(jobs[-1]))
    return jobs


def test_the_brackets_are_those_of_the_papers_table() -> None:
    assert hyperband_cycle(5, reduction=3) == (
        (0, (81, 27, 9, 3, 1)),
        (1, (34, 11, 3, 1)),
        (2, (15, 5, 1)),
        (3, (8, 2)),
        (4, (5,)),
    )


def test_a_rung_has_the_part_of_its_start_that_went_on() -> None:
    assert rung_sizes(34, rungs=4, reduction=3) == (34, 11, 3, 1)
    assert rung_sizes(16, rungs=3, reduction=4) == (16, 4, 1)


def test_hyperband_runs_its_brackets_in_order_and_then_again() -> None:
    # 9, 3, 1 from a ninth; 5, 1 from a third; 3 full ones.
    expected = [1 / 9] * 9 + [1 / 3] * 3 + [1.0] + [1 / 3] * 5 + [1.0] + [1.0] * 3
    jobs = play(hyperband(), 2 * len(expected))
    assert [job.fidelity for job in jobs] == pytest.approx(2 * expected)


def test_a_whole_run_of_the_papers_example_has_its_numbers() -> None:
    jobs = play(hyperband(least=1 / 81), 81 + 27 + 9 + 3 + 1 + 34 + 11 + 3 + 1 + 15 + 5 + 1 + 8 + 2 + 5)
    counts = Counter(round(job.fidelity * 81) for job in jobs)
    assert counts == {1: 81, 3: 27 + 34, 9: 9 + 11 + 15, 27: 3 + 3 + 5 + 8, 81: 1 + 1 + 1 + 2 + 5}


def test_halving_repeats_its_only_bracket() -> None:
    jobs = play(halving(), 26)
    assert [job.fidelity for job in jobs] == pytest.approx(2 * ([1 / 9] * 9 + [1 / 3] * 3 + [1.0]))


def test_the_best_go_on_and_from_their_own_weights() -> None:
    strategy = halving()
    starts = [asked(strategy, job_id) for job_id in range(9)]
    scores = [5, 9, 1, 7, 3, 8, 2, 6, 4]
    for job, score in zip(starts, scores, strict=True):
        strategy.tell(done(job, score))
    promoted = [asked(strategy, job_id) for job_id in range(9, 12)]
    assert [job.continues for job in promoted] == [1, 5, 3]
    assert [job.values for job in promoted] == [starts[index].values for index in (1, 5, 3)]
    assert [job.trained for job in promoted] == pytest.approx([1 / 9] * 3)
    for job, score in zip(promoted, (1, 2, 3), strict=True):
        strategy.tell(done(job, score))
    last = asked(strategy, 12)
    assert (last.continues, last.fidelity, last.trained) == (11, 1.0, pytest.approx(1 / 3))
    assert last.values == starts[3].values


def test_idle_workers_start_the_next_bracket_while_a_rung_is_not_complete() -> None:
    strategy = hyperband()
    jobs = [asked(strategy, job_id) for job_id in range(10)]
    assert [job.fidelity for job in jobs] == pytest.approx([1 / 9] * 9 + [1 / 3])
    for job in jobs[:8]:
        strategy.tell(done(job))
    assert asked(strategy, 10).continues is None
    strategy.tell(done(jobs[8]))
    assert [asked(strategy, job_id).continues for job_id in (11, 12, 13)] == [8, 7, 6]
    assert asked(strategy, 14).continues is None


def test_failed_and_dropped_trials_are_never_promoted() -> None:
    strategy = halving()
    for job in [asked(strategy, job_id) for job_id in range(9)]:
        if job.id < 4:
            strategy.tell(Failed(job, "out of memory", 1.0))
        elif job.id < 7:
            strategy.tell(Done(job, 100.0, 1.0, fidelity=job.fidelity / 3))
        else:
            strategy.tell(done(job))
    assert [asked(strategy, job_id).continues for job_id in (9, 10)] == [8, 7]
    assert asked(strategy, 11).continues is None


def test_a_promotion_that_failed_is_over() -> None:
    strategy = halving()
    for job in [asked(strategy, job_id) for job_id in range(9)]:
        strategy.tell(done(job))
    promoted = [asked(strategy, job_id) for job_id in range(9, 12)]
    strategy.tell(Failed(promoted[0], "killed", 1.0))
    for job in promoted[1:]:
        strategy.tell(done(job))
    assert asked(strategy, 12).continues == 11
    assert asked(strategy, 13).fidelity == pytest.approx(1 / 9)


def test_a_promotion_that_had_to_start_anew_keeps_its_place() -> None:
    strategy = halving()
    for job in [asked(strategy, job_id) for job_id in range(9)]:
        strategy.tell(done(job))
    for job_id in (9, 10, 11):
        job = asked(strategy, job_id)
        strategy.tell(done(Job(job.id, job.values, fidelity=job.fidelity)))
    last = asked(strategy, 12)
    assert (last.continues, last.fidelity) == (11, 1.0)


def test_a_job_that_was_lost_with_its_process_is_made_up_for() -> None:
    strategy, continued = halving(), halving()
    for job in [asked(strategy, job_id) for job_id in range(9)][1:]:
        continued.tell(done(job))
    start = asked(continued, 9)
    assert (start.continues, start.fidelity) == (None, pytest.approx(1 / 9))
    continued.tell(done(start))
    assert asked(continued, 10).continues == 9


def test_full_trainings_of_another_search_are_learned_from() -> None:
    strategy = hyperband()
    rng = np.random.default_rng(0)
    known = [SPACE.sample(rng) for _ in range(4)]
    for job_id, values in enumerate(known):
        strategy.tell(done(Job(job_id, values)))
    strategy.tell(done(Job(4, known[0], fidelity=0.5)))
    jobs = [asked(strategy, job_id) for job_id in range(5, 20)]
    assert [job.fidelity for job in jobs] == pytest.approx(
        [1 / 9] * 9 + [1 / 3] * 5 + [1 / 9]
    )  # its full ones are there
    assert not [job for job in jobs if job.values in known]


def test_a_space_that_is_smaller_than_a_bracket_is_searched_to_the_end() -> None:
    hp = keras_tuner.HyperParameters()
    hp.Int("width", 0, 4)
    space = SearchSpace(hp)
    strategy = Hyperband(space, seed=0, around=lambda: Random(space, seed=0))
    best = 0
    for job_id in range(50):
        job = strategy.ask(job_id)
        if job is None:
            break
        strategy.tell(done(job, float(job.values["width"])))
        best = max(best, int(job.values["width"]) if job.fidelity == 1.0 else 0)
    assert job is None
    assert best == 4


@pytest.mark.parametrize("kind", ["halving", "hyperband", "asha"])
def test_at_equal_cost_it_finds_better_than_the_strategy_inside(kind: str) -> None:
    assert means(kind, "random", seeds=5, cost=15.0) > means("random", None, seeds=5, cost=15.0) + 0.7


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["halving", "hyperband", "asha"])
def test_it_still_does_when_there_is_more_time(kind: str) -> None:
    assert means(kind, "random", seeds=16, cost=27.0) > means("random", None, seeds=16, cost=27.0) + 1.0


def means(name: str, around: str | None, *, seeds: int, cost: float) -> float:
    """The mean of the best scores of full trainings."""
    found = [
        fidelities.search(strategies.create(name, SPACE, random_state=seed, around=around), cost=cost).best
        for seed in range(seeds)
    ]
    return float(np.mean(found))


def test_a_strategy_inside_learns_from_one_fidelity_at_a_time() -> None:
    told: list[set[float]] = []

    class Recorder:
        """Evolution that notes the fidelities that it is told of."""

        def __init__(self) -> None:
            self.inner = Evolution(SPACE, seed=0, population=5, sample=3)
            told.append(set())

        def ask(self, job_id: int) -> Job | None:
            return self.inner.ask(job_id)

        def tell(self, trial: Done | Failed) -> None:
            told[-1].add(trial.job.fidelity)
            self.inner.tell(trial)

        def skip(self, trial: Done | Failed) -> None:
            self.inner.skip(trial)

    strategy = Hyperband(SPACE, seed=0, around=Recorder)
    play(strategy, 120)
    assert all(len(fidelities) <= 1 for fidelities in told)
    assert told[-1] == {1.0}
    assert {1 / 9} in told
