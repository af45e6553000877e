"""The journal: what was recorded is there after a crash, and nothing else is."""

import math
import pickle
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from easynas.errors import StudyError
from easynas.search.incumbent import PROMOTED
from easynas.search.journal import FILE
from easynas.search.study import FRONT, KEPT, Study
from easynas.search.trial import Done, Failed, Job, Trial
from easynas.testing import FakeClock

HEADER = {"task": "ImageClassifier", "data": "1fb2", "validation": None, "metric": "accuracy", "seed": 0}
FIRST = Done(Job(0, {}, origin="baseline"), 0.8, 2.5, {"loss": 0.5})
SECOND = Done(Job(1, {"kind": "conv", "width": 16, "rate": 0.1, "residual": True}), 0.9, 7.0, fidelity=0.5)
THIRD = Failed(Job(2, {"kind": "dense"}, fidelity=0.25), 'out of memory: "é"\nmore', 1.0)
TRIALS: tuple[Trial, ...] = (FIRST, SECOND, THIRD)


def written(folder: Path, *trials: Trial) -> Path:
    """The journal of a study with these trials."""
    with Study.open(folder, HEADER, clock=lambda: 1000.0) as study:
        for trial in trials:
            study.append(trial)
    return folder / FILE


def look(folder: Path) -> Study:
    """The study that is there, opened to go on with and closed again."""
    with Study.open(folder, HEADER) as study:
        return study


def test_a_study_comes_back_as_it_was(tmp_path: Path) -> None:
    written(tmp_path / "new" / "folder", *TRIALS)
    for study in (look(tmp_path / "new" / "folder"), Study.read(tmp_path / "new" / "folder")):
        assert tuple(study.trials) == TRIALS
        assert study.header == {"format": 1, **HEADER}
        assert study.shipped is None


def test_a_trial_is_on_the_disk_before_anybody_hears_of_it(tmp_path: Path) -> None:
    study = Study.open(tmp_path, HEADER)
    heard: list[tuple[Trial, list[Trial]]] = []
    study.subscribe(lambda trial: heard.append((trial, Study.read(tmp_path).trials)))
    study.append(FIRST)
    study.append(THIRD)
    assert heard == [(FIRST, [FIRST]), (THIRD, [FIRST, THIRD])]


def test_a_closed_study_takes_nothing_more(tmp_path: Path) -> None:
    path = written(tmp_path, FIRST)
    before = path.read_bytes()
    for study in (look(tmp_path / "other"), Study.read(tmp_path)):
        with pytest.raises(StudyError, match="closed, or was opened to look at"):
            study.append(SECOND)
    assert path.read_bytes() == before


def test_numbers_go_on_after_the_largest(tmp_path: Path) -> None:
    study = Study.open(tmp_path, HEADER)
    assert study.next_id == 0
    study.append(Failed(Job(7, {}), "killed", 1.0))
    study.append(Failed(Job(3, {}), "killed", 1.0))
    assert study.next_id == Study.read(tmp_path).next_id == 8


def test_the_best_is_the_best_that_was_not_dropped(tmp_path: Path) -> None:
    study = Study.open(tmp_path, HEADER)
    assert study.best is None
    for trial in TRIALS:
        study.append(trial)
    assert study.best == FIRST


def test_what_was_shipped_is_remembered(tmp_path: Path) -> None:
    study = Study.open(tmp_path, HEADER)
    study.append(FIRST)
    study.append(SECOND)
    study.ship(SECOND)
    study.ship(FIRST)
    study.append(THIRD)
    study.close()
    again = look(tmp_path)
    assert study.shipped == again.shipped == FIRST
    assert tuple(again.trials) == TRIALS


def test_a_copy_has_everything(tmp_path: Path) -> None:
    study = Study.open(tmp_path, HEADER)
    for trial in TRIALS:
        study.append(trial)
    study.ship(SECOND)
    (tmp_path / "copy").mkdir()
    study.copy_to(tmp_path / "copy")
    copy = Study.read(tmp_path / "copy")
    assert (copy.header, tuple(copy.trials), copy.shipped) == (study.header, TRIALS, SECOND)


@settings(max_examples=30)
@given(st.data())
def test_a_torn_last_line_costs_only_its_own_trial(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("study")
    path = written(folder, *TRIALS)
    content = path.read_bytes()
    cut = data.draw(st.integers(0, len(content) - 1))
    path.write_bytes(content[:cut])
    left = max(content[:cut].count(b"\n") - 2, 0)
    with Study.open(folder, HEADER) as study:
        assert tuple(study.trials) == TRIALS[:left]
        study.append(FIRST)
    assert tuple(look(folder).trials) == (*TRIALS[:left], FIRST)


def test_looking_at_a_study_changes_nothing(tmp_path: Path) -> None:
    path = written(tmp_path, *TRIALS)
    half = path.read_bytes()[:-9]  # as somebody else writes it at this moment
    path.write_bytes(half)
    assert tuple(Study.read(tmp_path).trials) == TRIALS[:2]
    assert path.read_bytes() == half


DAMAGE = [
    b"",
    b"\x00\x00\x00",
    b'{"status": "do',
    b"\xff\xfe",
    b"3",
    b"{}",
    b'{"status": "done"}',
    b'{"status": "lost", "job": {"id": 0, "values": {}}}',
    b'{"status": "failed", "job": {"id": 0, "values": {}}, "reason": "late", "seconds": 1.0, "color": "red"}',
    b'{"status": "done", "job": [], "score": 1.0, "seconds": 1.0}',
    b'{"status": "shipped", "trial": 77}',
]


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_line_is_named(tmp_path: Path, damage: bytes) -> None:
    path = written(tmp_path, *TRIALS)
    lines = path.read_bytes().split(b"\n")
    lines[2] = damage
    path.write_bytes(b"\n".join(lines))
    for reader in (Study.read, look, look):  # an error leaves nothing locked
        with pytest.raises(StudyError, match=f"{FILE} .* Line 3 is not"):
            reader(tmp_path)


@pytest.mark.parametrize("name", ["task", "data", "validation", "metric"])
def test_a_study_of_something_else_is_refused(tmp_path: Path, name: str) -> None:
    before = written(tmp_path, FIRST).read_bytes()
    with pytest.raises(StudyError, match=rf"has other {name}: .*Received: 'other'.*another directory"):
        Study.open(tmp_path, {**HEADER, name: "other"})
    assert (tmp_path / FILE).read_bytes() == before


def test_another_seed_or_budget_continues_the_study(tmp_path: Path) -> None:
    written(tmp_path, FIRST)
    with Study.open(tmp_path, {**HEADER, "seed": 5}, budget=7.0) as study:
        assert study.header["seed"] == 0


def test_a_journal_of_another_format_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, FIRST)
    path.write_bytes(path.read_bytes().replace(b'"format": 1', b'"format": 99'))
    with pytest.raises(StudyError, match=r"format 1\. Received: format 99"):
        Study.open(tmp_path, HEADER)


@pytest.mark.parametrize("content", [None, b"", b'{"format": 1'])
def test_a_folder_without_a_study_cannot_be_read(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / FILE).write_bytes(content)
    with pytest.raises(StudyError, match=f"must hold a study. .*{FILE}"):
        Study.read(tmp_path)


def test_measurements_that_are_no_numbers_are_left_out(tmp_path: Path) -> None:
    path = written(tmp_path, Done(Job(0, {}), 0.5, 1.0, {"loss": math.nan, "epochs": 3.0, "ratio": math.inf}))
    assert Study.read(tmp_path).trials == [Done(Job(0, {}), 0.5, 1.0, {"epochs": 3.0})]
    assert b"NaN" not in path.read_bytes()


class Clock:
    """The time of day, as a test sets it."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_an_interrupted_run_has_its_time_behind_it(tmp_path: Path) -> None:
    clock = Clock()
    for budget, seconds, spent in ((60.0, 20.0, 0.0), (60.0, 25.0, 20.0), (60.0, 5.0, 45.0), (30.0, 0.0, 0.0)):
        with Study.open(tmp_path, HEADER, budget=budget, clock=clock) as study:
            assert study.spent == spent
            clock.now += seconds
            study.append(THIRD)
        clock.now += 10_000.0  # nobody was working


def test_a_run_that_shipped_is_over(tmp_path: Path) -> None:
    clock = Clock()
    with Study.open(tmp_path, HEADER, budget=60.0, clock=clock) as study:
        study.append(FIRST)
        clock.now += 20.0
        study.ship(FIRST)
    with Study.open(tmp_path, HEADER, budget=60.0, clock=clock) as study:
        assert study.spent == 0.0


@pytest.mark.parametrize("step", [-500.0, 500.0])
def test_a_clock_that_was_set_costs_no_more_than_the_budget(tmp_path: Path, step: float) -> None:
    clock = Clock()
    with Study.open(tmp_path, HEADER, budget=60.0, clock=clock) as study:
        clock.now += step
        study.append(FIRST)
    with Study.open(tmp_path, HEADER, budget=60.0, clock=clock) as study:
        assert study.spent == max(0.0, min(step, 60.0))


def test_a_journal_from_before_there_were_rungs_is_read(tmp_path: Path) -> None:
    path = written(tmp_path, FIRST)
    path.write_bytes(path.read_bytes().replace(b', "continues": null, "trained": 0.0', b""))
    assert b"continues" not in path.read_bytes()
    assert Study.read(tmp_path).trials == [FIRST]


def test_what_a_promotion_goes_on_from_comes_back(tmp_path: Path) -> None:
    promoted = Done(Job(5, {"width": 3}, fidelity=1.0, continues=2, trained=1 / 3), 0.9, 1.0)
    written(tmp_path, promoted)
    assert Study.read(tmp_path).trials == [promoted]


def test_weights_that_may_be_trained_on_are_kept_and_not_for_ever(tmp_path: Path) -> None:
    def ids() -> set[int]:
        return {int(path.stem) for path in (tmp_path / "weights").glob("*.npz")}

    def append(job: Job, score: float) -> None:
        study.weights_path(job.id).touch()
        study.append(Done(job, score, 1.0, fidelity=job.fidelity))

    with Study.open(tmp_path, HEADER) as study:
        study.weights_folder.mkdir()
        for number in range(4):
            append(Job(number, {}), 0.9)
        for number in range(10, 14):
            append(Job(number, {}, fidelity=1 / 3), 0.1 * (number - 10))
        assert {10, 11, 12, 13} <= ids()
        append(Job(14, {}, fidelity=1.0, continues=13, trained=1 / 3), 0.5)
        append(Job(15, {}), 0.6)
        assert ids() == {0, 1, 2, 10, 11, 12, 15}
        for number in range(100, 200):
            append(Job(number, {}, fidelity=1 / 3), 0.2)
            assert len(ids()) <= KEPT + PROMOTED + 1
    assert not ids() & {10, 11, 12}


def test_what_a_result_is_made_of_keeps_its_weights(tmp_path: Path) -> None:
    with Study.open(tmp_path, HEADER) as study:
        study.weights_folder.mkdir()
        for number, score in enumerate([0.9, 0.9, 0.9, 0.8]):
            study.weights_path(number).touch()
            study.append(Done(Job(number, {}), score, 1.0))
        study.append(Done(Job(4, {"network": "adjusted"}, members=(3,)), 0.95, 1.0))
        assert study.weights_path(3).exists()
        assert 3 in {trial.job.id for trial in study.with_weights}


def test_only_the_best_and_the_latest_keep_their_weights(tmp_path: Path) -> None:
    scores = [0.1, 0.5, 0.9, 0.3, 0.8, 0.7, 0.2]

    def ids() -> set[int]:
        return {int(path.stem) for path in (tmp_path / "weights").glob("*.npz")}

    with Study.open(tmp_path, HEADER) as study:
        study.weights_folder.mkdir()
        study.weights_path(99).touch()  # of a trial that still runs
        for number, score in enumerate(scores):
            study.weights_path(number).touch()
            study.append(Done(Job(number, {}), score, 1.0))
            assert {99, number} <= ids()
            assert len(ids()) <= KEPT + 2
    assert ids() == {99, 2, 4, 5, 6}
    (tmp_path / "weights" / "100.part").touch()
    Study.read(tmp_path)
    assert (tmp_path / "weights" / "100.part").exists()
    look(tmp_path)
    assert not (tmp_path / "weights" / "100.part").exists()
    assert ids() == {99, 2, 4, 5, 6}


def test_breaks_between_runs_are_no_time_of_fitting(tmp_path: Path) -> None:
    moments = []
    for begin, trial in ((1000.0, 0), (9000.0, 1)):
        clock = FakeClock(begin)
        with Study.open(tmp_path, HEADER, budget=60.0, clock=clock) as study:
            clock.sleep(5.0)
            study.append(Done(Job(trial, {}), 0.5, 5.0, curve=(2.0, 1.0)))
            moments = study.moments
    assert moments == [5.0, 10.0]
    read = Study.read(tmp_path)
    assert read.moments == moments
    assert [trial.curve for trial in read.trials if isinstance(trial, Done)] == [(2.0, 1.0)] * 2


def test_only_what_may_be_shipped_is_the_best_and_keeps_its_weights(tmp_path: Path) -> None:
    study = Study.open(tmp_path, HEADER, keep=1)
    large = Done(Job(0, {"width": 64}), 0.9, 1.0, {"first_slice_score": 0.5})
    small = Done(Job(1, {"width": 8}), 0.7, 1.0, {"first_slice_score": 0.4})
    study.append(large)
    assert study.front_runner is study.best is large
    study.restrict(lambda trial: trial.job.values["width"] < 32)
    assert study.front_runner is study.best is None
    study.append(small)
    study.append(Done(Job(2, {"width": 128}), 0.95, 1.0, {"first_slice_score": 0.6}))
    assert study.front_runner is study.best is small
    assert study.usable == [small]
    assert not study.may_ship(large)
    assert not study.may_ship(Failed(Job(3, {"width": 1}), "killed", 1.0))
    study.append(Done(Job(4, {"width": 4}), 0.5, 1.0))
    assert small in study.with_weights
    assert large not in study.with_weights
    study.close()
    assert pickle.dumps(study)  # what answered was the user's process
    assert study.best == small


def costed(number: int, score: float, parameters: float, macs: float) -> Done:
    return Done(Job(number, {"width": number}), score, 1.0, {"parameters": parameters, "macs": macs})


def test_smaller_and_cheaper_trials_keep_their_weights_too(tmp_path: Path) -> None:
    study = Study.open(tmp_path, HEADER, keep=1)
    best, smaller, cheaper = costed(0, 0.9, 100, 100), costed(1, 0.8, 50, 90), costed(2, 0.7, 80, 20)
    beaten, last = costed(3, 0.6, 90, 90), costed(4, 0.5, 200, 200)
    for trial in (beaten, best, smaller, cheaper, last):
        study.weights_folder.mkdir(exist_ok=True)
        study.weights_path(trial.job.id).touch()
        study.append(trial)
    assert study.front == [best, smaller, cheaper]
    assert {trial.job.id for trial in study.with_weights} == {0, 1, 2, 4}  # the latest may still be what is made
    assert not study.weights_path(beaten.job.id).exists()


def test_the_front_that_keeps_its_weights_is_bounded_and_keeps_its_ends(tmp_path: Path) -> None:
    study = Study.open(tmp_path, HEADER, keep=1)
    for number in range(30):
        study.append(costed(number, number / 30, 10.0 + number, 10.0))
    assert len(study.front) == FRONT
    assert study.front[0].job.id == 29
    assert study.front[-1].job.id == 0
    assert len(study.with_weights) <= FRONT + 2


def test_another_result_can_be_chosen_once_a_study_is_closed(tmp_path: Path) -> None:
    with Study.open(tmp_path / "a", HEADER) as study:
        study.append(FIRST)
        study.ship(FIRST)
    made = Done(Job(study.next_id, {"network": "adjusted"}, members=(0,)), 0.85, 1.0)
    for _ in range(2):
        study.choose(made)
        assert study.shipped is made
    (tmp_path / "b").mkdir()
    study.copy_to(tmp_path / "b")
    assert Study.read(tmp_path / "b").shipped == made
    assert Study.read(tmp_path / "b").trials == [FIRST, made]
    assert len(Study.read(tmp_path / "b").moments) == 2
    assert Study.read(tmp_path / "a").shipped == made
    assert Study.read(tmp_path / "a").trials == [FIRST, made]
    study.choose(FIRST)
    assert (study.shipped, len(study.trials)) == (FIRST, 2)
    assert Study.read(tmp_path / "a").shipped == FIRST


def test_a_choice_is_not_written_where_somebody_went_on_or_nothing_is_left(tmp_path: Path) -> None:
    with Study.open(tmp_path / "a", HEADER) as study:
        study.append(FIRST)
        study.ship(FIRST)
    made = Done(Job(study.next_id, {"network": "adjusted"}, members=(0,)), 0.85, 1.0)
    with Study.open(tmp_path / "a", HEADER) as later:
        study.choose(made)
        assert study.shipped == made
        later.append(Done(Job(later.next_id, {"network": "vgg"}), 0.9, 1.0))
    assert len(Study.read(tmp_path / "a").trials) == 2
    assert Study.read(tmp_path / "a").shipped == FIRST
    (tmp_path / "a" / FILE).unlink()
    study.choose(FIRST)
    assert study.shipped == FIRST
    assert not (tmp_path / "a" / FILE).exists()
