"""A benchmark in a table: looked up, on a clock that is simulated."""

from collections.abc import Mapping, Sequence

import pytest

from easynas.search.budget import Deadline
from easynas.search.trial import Done, Failed, Job, Trial
from easynas.space.dimension import Value
from easynas.strategies.random import Random
from easynas.testing import Row, TabulatedEvaluator, simulate
from tests.strategies import landscape

SPACE = landscape.space()


def rows(values: Mapping[str, Value]) -> Sequence[Row]:
    """A short training and a long one, done three times; nothing of the largest networks."""
    width = float(values["width0"])
    if width == 5:
        return ()
    long = Row((width, width + 0.25, width + 0.5), 10.0 * (width + 1.0), metrics={"latency_ms": width})
    return Row((width / 2.0,), width + 1.0, fidelity=0.1), long


def evaluated(job: Job, *, seed: int = 0, continued: bool = False) -> Trial:
    evaluate = TabulatedEvaluator(SPACE, rows, seed=seed, continued=continued)
    return evaluate(job, deadline=Deadline.after(1.0), bar=0.0)


def of_width(width: int, **settings: float) -> Job:
    return Job(0, {**SPACE.default(), "width0": width}, **settings)  # type: ignore[arg-type]


def test_a_trial_is_what_the_table_says() -> None:
    trial = evaluated(of_width(3))
    assert isinstance(trial, Done)
    assert trial.score in (3.0, 3.25, 3.5)
    assert (trial.seconds, trial.fidelity, trial.metrics) == (40.0, 1.0, {"latency_ms": 3.0})


def test_a_job_gets_the_shortest_training_that_is_long_enough() -> None:
    seconds = [evaluated(of_width(3, fidelity=fidelity)).seconds for fidelity in (0.01, 0.1, 0.11, 0.9)]
    assert seconds == [4.0, 4.0, 40.0, 40.0]
    trial = evaluated(of_width(3, fidelity=0.01))
    assert isinstance(trial, Done)
    assert not trial.dropped


def test_what_the_table_lacks_has_failed() -> None:
    assert evaluated(of_width(5)) == Failed(of_width(5), "the table does not have it", 0.0)


def test_the_same_training_gives_the_same_score() -> None:
    genotypes = [{**SPACE.default(), "width0": width, "width1": other} for width in range(5) for other in range(6)]

    def drawn(seed: int) -> list[float]:
        trials = [evaluated(Job(number, values), seed=seed) for number, values in enumerate(genotypes)]
        return [trial.score - float(trial.job.values["width0"]) for trial in trials if isinstance(trial, Done)]

    assert drawn(0) == drawn(0) != drawn(1)
    assert set(drawn(0)) == {0.0, 0.25, 0.5}


@pytest.mark.parametrize(("continued", "seconds"), [(True, 36.0), (False, 40.0)])
def test_going_on_takes_the_time_that_is_missing(*, continued: bool, seconds: float) -> None:
    job = of_width(3, continues=0, trained=0.1)
    assert evaluated(job, continued=continued).seconds == seconds


def test_going_on_to_what_was_paid_for_is_free() -> None:
    assert evaluated(of_width(3, fidelity=0.1, continues=0, trained=0.05), continued=True).seconds == 0.0


def test_a_simulation_ends_with_its_trials_or_with_its_time() -> None:
    evaluate = TabulatedEvaluator(SPACE, rows)
    assert len(simulate(Random(SPACE, seed=0), evaluate, trials=7)) == 7
    told = simulate(Random(SPACE, seed=0), evaluate, seconds=200.0)
    spent = sum(trial.seconds for trial in told)
    following = simulate(Random(SPACE, seed=0), evaluate, trials=len(told) + 1)
    assert spent <= 200.0 < sum(trial.seconds for trial in following)
    assert following[: len(told)] == told


def test_a_simulation_ends_where_nothing_is_left() -> None:
    narrow = Random(SPACE, seed=0, feasible=lambda _: False)
    assert simulate(narrow, TabulatedEvaluator(SPACE, rows)) == []


def test_the_strategy_is_told_every_trial_in_order() -> None:
    class Listening:
        def __init__(self) -> None:
            self.inner, self.heard = Random(SPACE, seed=0), []

        def ask(self, job_id: int) -> Job | None:
            return self.inner.ask(job_id)

        def tell(self, trial: Trial) -> None:
            self.heard.append(trial)

    strategy = Listening()
    assert simulate(strategy, TabulatedEvaluator(SPACE, rows), trials=9) == strategy.heard
    assert [trial.job.id for trial in strategy.heard] == list(range(9))
