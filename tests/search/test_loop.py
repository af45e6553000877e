"""The loop on simulated time: order, limits, continuation."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import keras_tuner
import pytest

from easynas import strategies
from easynas.search.budget import Deadline
from easynas.search.loop import REFUSED, Strategy, run_search
from easynas.search.running import running
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


def test_jobs_are_shown_while_they_are_out_wherever_that_is(tmp_path: Path) -> None:
    seen: list[list[int]] = []
    clock, study = FakeClock(), Study.open(tmp_path, {})
    run_search(
        Script(),
        FakeEngine(evaluate, clock=clock, workers=2),
        study,
        Deadline.after(60.0, clock),
        trial_seconds=TRIAL,
        max_trials=4,
        check=lambda: seen.append([each.number for each in running(study.weights_folder)]),
    )
    study.close()
    assert seen[0] == [0, 1]
    assert all(0 < len(out) <= 2 for out in seen)
    assert running(study.weights_folder) == ()


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


HEAVY = {"bananas", "bayesian", "controller"}  # they learn a model in every one of many studies


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] * (name in HEAVY)) for name in strategies.names()]
)
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


class Rungs:
    """A ninth of a training, then the rest of a third, then the rest of all, then full trainings from the start."""

    def __init__(self) -> None:
        self.told: list[Trial] = []

    def ask(self, job_id: int) -> Job:
        if job_id > 2:
            return Job(job_id, {"width": job_id, "depth": 1})
        fidelity = 3.0 ** (job_id - 2)
        if job_id == 0:
            return Job(0, {"width": 1, "depth": 1}, fidelity=fidelity)
        return Job(job_id, {"width": 1, "depth": 1}, fidelity=fidelity, continues=job_id - 1, trained=fidelity / 3)

    def tell(self, trial: Trial) -> None:
        self.told.append(trial)


@dataclass
class Trained:
    """Uses all its time and leaves weights behind, if it is told a folder; notes the bars."""

    folder: Path | None
    bars: list[float] = field(default_factory=list)

    def __call__(self, job: Job, *, deadline: Deadline, bar: float) -> Trial:
        self.bars.append(bar)
        if self.folder is not None:
            (self.folder / "weights").mkdir(exist_ok=True)
            (self.folder / "weights" / f"{job.id}.npz").touch()
        return Done(job, 0.5, deadline.left, {"first_slice_score": 0.9}, fidelity=job.fidelity)


def climbed(folder: Path, work: Trained, *, start_seconds: float = 0.0) -> list[Trial]:
    """The trials of `Rungs`, three on the rungs and two full trainings."""
    clock, strategy = FakeClock(), Rungs()
    with Study.open(folder, {}) as study:
        engine, deadline = FakeEngine(work, clock=clock, workers=1), Deadline.after(1000.0, clock)
        run_search(strategy, engine, study, deadline, trial_seconds=TRIAL, max_trials=5, start_seconds=start_seconds)
    return strategy.told


def test_a_promotion_gets_the_time_for_what_it_adds(tmp_path: Path) -> None:
    seconds = [trial.seconds for trial in climbed(tmp_path, Trained(tmp_path))]
    assert seconds == pytest.approx([TRIAL / 9, TRIAL * 2 / 9, TRIAL * 2 / 3, TRIAL, TRIAL], rel=0.01)


def test_every_job_gets_the_time_until_its_first_step(tmp_path: Path) -> None:
    seconds = [trial.seconds for trial in climbed(tmp_path, Trained(tmp_path), start_seconds=4.0)]
    assert seconds == pytest.approx([4 + 6 / 9, 4 + 6 * 2 / 9, 4 + 6 * 2 / 3, 10, 10], rel=0.01)


def test_a_promotion_whose_weights_are_gone_is_trained_from_the_start(tmp_path: Path) -> None:
    trials = climbed(tmp_path, Trained(None))
    assert [trial.seconds for trial in trials[:3]] == pytest.approx([TRIAL / 9, TRIAL / 3, TRIAL], rel=0.01)
    assert [(trial.job.continues, trial.job.trained) for trial in trials[:3]] == [(None, 0.0)] * 3
    assert [trial.job.continues for trial in climbed(tmp_path / "other", Trained(tmp_path / "other"))[:3]] == [
        None,
        0,
        1,
    ]


def test_jobs_on_rungs_have_no_bar_and_set_none(tmp_path: Path) -> None:
    work = Trained(tmp_path)
    climbed(tmp_path, work)
    assert work.bars == [-math.inf] * 4 + [0.5]


def test_a_rung_is_not_stretched_and_time_that_is_too_short_for_a_job_ends_the_search(tmp_path: Path) -> None:
    class Thirds(Script):
        def ask(self, job_id: int) -> Job:
            return Job(job_id, {"width": 1, "depth": job_id + 1}, fidelity=1 / 3)

    def steady(job: Job, *, deadline: Deadline, bar: float) -> Trial:
        return Done(job, 0.5, deadline.left, fidelity=job.fidelity)

    study, _ = search(tmp_path, Thirds(), seconds=12.0, work=steady)
    assert [trial.seconds for trial in study.trials] == pytest.approx([TRIAL / 3] * 3 + [2.0])
    assert len(search(tmp_path / "short", Thirds(), seconds=11.0, work=steady)[0].trials) == 3


def test_nothing_is_asked_for_when_there_is_no_time_for_it(tmp_path: Path) -> None:
    strategy = Script()
    study, _ = search(tmp_path, strategy, seconds=20.0)
    assert strategy.asked == [trial.job.id for trial in study.trials]


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


def test_what_is_refused_fails_at_once_with_the_reason_and_costs_no_trial(tmp_path: Path) -> None:
    clock, study, strategy = FakeClock(), Study.open(tmp_path, {}), Script()
    engine = FakeEngine(evaluate, clock=clock)
    run_search(
        strategy,
        engine,
        study,
        Deadline.after(100.0, clock),
        trial_seconds=TRIAL,
        max_trials=3,
        refuse=lambda job: "too deep" if job.id in (0, 2) else None,
    )
    study.close()
    refused = [trial for trial in study.trials if isinstance(trial, Failed) and trial.reason == "too deep"]
    assert [trial.job.id for trial in refused] == [0, 2]
    assert [trial.job.id for trial in study.trials] == [0, 1, 2, 3, 4]
    assert strategy.told == study.trials


def test_a_strategy_that_is_always_refused_ends_the_search(tmp_path: Path) -> None:
    clock, study = FakeClock(), Study.open(tmp_path, {})
    run_search(
        Script(),
        FakeEngine(evaluate, clock=clock),
        study,
        Deadline.after(100.0, clock),
        trial_seconds=TRIAL,
        max_trials=math.inf,
        refuse=lambda _: "too large",
    )
    study.close()
    assert len(study.trials) == REFUSED
    assert clock() == 0.0
