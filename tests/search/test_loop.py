"""The loop on simulated time: order, limits, continuation."""

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import keras_tuner
import pytest

from easynas import strategies
from easynas.search.budget import Deadline
from easynas.search.loop import Strategy, run_search
from easynas.search.study import Study
from easynas.search.trial import Done, Failed, Job, Trial
from easynas.space.space import SearchSpace
from easynas.testing import FakeClock, FakeEngine

TRIAL = 10.0


def space() -> SearchSpace:
    hp = keras_tuner.HyperParameters()
    hp.Int("width", 1, 100)
    hp.Int("depth", 1, 100)
    return SearchSpace(hp)


def evaluate(job: Job, *, deadline: Deadline, bar: float) -> Trial:
    """Uses all the time it is given; the score depends on the genotype alone, and every fifth job fails."""
    if job.id % 5 == 4:
        return Failed(job, "out of memory", 1.0)
    width, depth = int(job.values["width"]), int(job.values["depth"])
    return Done(job, score=-abs(width - 60) - abs(depth - 20), seconds=deadline.left, metrics={"bar": max(bar, -999.0)})


def search(
    folder: Path,
    strategy: Strategy,
    *,
    seconds: float = 100.0,
    workers: int = 1,
    max_trials: float = math.inf,
    work: Callable[..., Trial] = evaluate,
    clock: FakeClock | None = None,
) -> tuple[Study, FakeClock]:
    """A search in a new or an old folder; a strategy learns what is there first."""
    clock, study = clock or FakeClock(), Study.open(folder, {})
    for trial in study.trials:
        strategy.tell(trial)
    engine = FakeEngine(work, clock=clock, workers=workers)
    run_search(strategy, engine, study, Deadline.after(seconds, clock), trial_seconds=TRIAL, max_trials=max_trials)
    assert engine.poll(0.0) == []
    study.close()
    return study, clock


class Script:
    """Proposes `count` jobs, then nothing; remembers what it is told and asked."""

    def __init__(self, count: float = math.inf, *, patience: float = math.inf) -> None:
        self.count = count
        self.patience = patience
        self.asked: list[int] = []
        self.told: list[Trial] = []

    def ask(self, job_id: int) -> Job | None:
        self.asked.append(job_id)
        out = len(set(self.asked)) - 1 - len(self.told)
        return None if job_id >= self.count or out >= self.patience else Job(job_id, {"width": 1, "depth": job_id + 1})

    def tell(self, trial: Trial) -> None:
        self.told.append(trial)


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_a_search_ends_with_its_deadline_and_uses_all_of_it(tmp_path: Path, workers: int) -> None:
    study, clock = search(tmp_path, Script(), seconds=100.0, workers=workers)
    assert clock() == pytest.approx(100.0)
    assert sum(trial.seconds for trial in study.trials) > 0.8 * workers * 100.0


@pytest.mark.parametrize(("seconds", "trials"), [(5.9, 0), (6.1, 1), (14.0, 1), (16.0, 2), (34.0, 3), (36.0, 4)])
def test_trials_are_stretched_or_squeezed_to_end_together(tmp_path: Path, seconds: float, trials: int) -> None:
    def steady(job: Job, *, deadline: Deadline, bar: float) -> Trial:
        return Done(job, 0.5, deadline.left)

    study, _ = search(tmp_path, Script(), seconds=seconds, work=steady)
    assert [trial.seconds for trial in study.trials] == pytest.approx([seconds / max(trials, 1)] * trials)


def test_the_number_of_trials_can_be_limited(tmp_path: Path) -> None:
    study, clock = search(tmp_path, Script(), workers=2, max_trials=3)
    assert [trial.job.id for trial in study.trials] == [0, 1, 2]
    assert clock() < 30.0
    assert len(search(tmp_path, Script(), max_trials=2)[0].trials) == 5


def test_a_strategy_learns_what_the_journal_has_already(tmp_path: Path) -> None:
    class Careful(Script):
        def tell(self, trial: Trial) -> None:
            super().tell(trial)
            assert Study.read(tmp_path).trials == self.told

    strategy = Careful()
    study, _ = search(tmp_path, strategy, workers=3)
    assert strategy.told == study.trials
    assert len(study.trials) > 20


def test_an_exhausted_strategy_ends_the_search_early(tmp_path: Path) -> None:
    study, clock = search(tmp_path, Script(3), workers=2)
    assert [trial.job.id for trial in study.trials] == [0, 1, 2]
    assert clock() < 50.0


def test_a_strategy_that_waits_for_results_is_asked_again(tmp_path: Path) -> None:
    strategy = Script(patience=1)
    study, _ = search(tmp_path, strategy, workers=3)
    assert [trial.job.id for trial in study.trials] == list(range(len(study.trials)))
    assert len(study.trials) >= 9


def test_failures_are_recorded_and_the_search_goes_on(tmp_path: Path) -> None:
    study, _ = search(tmp_path, Script())
    assert [trial.job.id for trial in study.trials if isinstance(trial, Failed)] == [4, 9]
    assert len(study.trials) > 10


def test_an_engine_gets_the_bar_of_the_trials_so_far(tmp_path: Path) -> None:
    bars: list[float] = []

    def improving(job: Job, *, deadline: Deadline, bar: float) -> Trial:
        bars.append(bar)
        return Done(job, 0.5 + 0.1 * job.id, deadline.left, {"first_slice_score": 0.5 + 0.1 * job.id})

    search(tmp_path, Script(), seconds=30.0, work=improving)
    assert bars == pytest.approx([-math.inf, 0.5, 0.6])


def test_the_time_of_proposals_is_measured_and_not_that_of_trials(tmp_path: Path) -> None:
    clock = FakeClock()

    class Slow(Script):
        def ask(self, job_id: int) -> Job | None:
            clock.sleep(0.25)
            return super().ask(job_id)

    study, _ = search(tmp_path, Slow(), max_trials=4, clock=clock, workers=2)
    assert study.timings["bookkeeping"] == pytest.approx(4 * 0.25)


@pytest.mark.parametrize("name", strategies.names())
def test_a_continued_study_equals_an_uninterrupted_one(tmp_path: Path, name: str) -> None:
    def strategy() -> Strategy:
        return strategies.create(name, space(), random_state=0, designs=[{"width": 50, "depth": 50}])

    whole, _ = search(tmp_path / "whole", strategy(), seconds=1e9, max_trials=40, work=quick)
    for trials in (1, 6, 13, 20):
        parts, _ = search(tmp_path / "parts", strategy(), seconds=1e9, max_trials=trials, work=quick)
    assert parts.trials == whole.trials
    assert len(whole.trials) == 40


def quick(job: Job, *, deadline: Deadline, bar: float) -> Trial:
    """As `evaluate`, in one second."""
    return replace(evaluate(job, deadline=deadline, bar=bar), seconds=1.0)


def test_an_error_of_an_evaluation_ends_the_search(tmp_path: Path) -> None:
    def broken(job: Job, *, deadline: Deadline, bar: float) -> Trial:
        raise ZeroDivisionError("a bug")

    with pytest.raises(ZeroDivisionError, match="a bug"):
        search(tmp_path, Script(), work=broken)


def test_a_job_of_lower_fidelity_gets_its_share_of_the_time(tmp_path: Path) -> None:
    class Half:
        """Proposes jobs of half a training."""

        def ask(self, job_id: int) -> Job:
            return Job(job_id, {"width": job_id + 1, "depth": 1}, fidelity=0.5)

        def tell(self, trial: Trial) -> None:
            """Learns nothing."""

    study, _ = search(tmp_path, Half(), max_trials=3)
    assert [trial.seconds for trial in study.trials] == pytest.approx([0.5 * TRIAL] * 3, rel=0.1)


def test_what_check_raises_ends_the_search_and_loses_nothing(tmp_path: Path) -> None:
    clock, strategy = FakeClock(), Script()
    checks = iter(range(30))

    def check() -> None:
        if next(checks) == 25:
            raise KeyboardInterrupt

    with Study.open(tmp_path, {}) as study:
        engine = FakeEngine(evaluate, clock=clock, workers=1)
        deadline = Deadline.after(1000.0, clock)
        with pytest.raises(KeyboardInterrupt):
            run_search(strategy, engine, study, deadline, trial_seconds=TRIAL, max_trials=math.inf, check=check)
    assert 0 < len(study.trials) == len(Study.read(tmp_path).trials)
