"""The journal: what was recorded is there after a crash, and nothing else is."""

import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from easynas.errors import StudyError
from easynas.search.study import FILE, Study
from easynas.search.trial import Done, Failed, Job, Trial

HEADER = {"task": "ImageClassifier", "data": "1fb2", "validation": None, "metric": "accuracy", "seed": 0}
FIRST = Done(Job(0, {}, origin="baseline"), 0.8, 2.5, {"loss": 0.5})
SECOND = Done(Job(1, {"kind": "conv", "width": 16, "rate": 0.1, "residual": True}), 0.9, 7.0, fidelity=0.5)
THIRD = Failed(Job(2, {"kind": "dense"}, fidelity=0.25), 'out of memory: "é"\nmore', 1.0)
TRIALS: tuple[Trial, ...] = (FIRST, SECOND, THIRD)


def written(folder: Path, *trials: Trial) -> Path:
    """The journal of a study with these trials."""
    study = Study.open(folder, HEADER)
    for trial in trials:
        study.append(trial)
    study.close()
    return folder / FILE


def test_a_study_comes_back_as_it_was(tmp_path: Path) -> None:
    written(tmp_path / "new" / "folder", *TRIALS)
    for study in (Study.open(tmp_path / "new" / "folder", HEADER), Study.read(tmp_path / "new" / "folder")):
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


def test_a_closed_study_tells_nobody(tmp_path: Path) -> None:
    study, heard = Study.open(tmp_path, HEADER), list[Trial]()
    study.subscribe(heard.append)
    study.close()
    study.append(FIRST)
    assert heard == []


def test_numbers_go_on_after_the_largest(tmp_path: Path) -> None:
    study = Study.open(tmp_path, HEADER)
    assert study.next_id == 0
    study.append(Failed(Job(7, {}), "killed", 1.0))
    study.append(Failed(Job(3, {}), "killed", 1.0))
    assert study.next_id == Study.open(tmp_path, HEADER).next_id == 8


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
    again = Study.open(tmp_path, HEADER)
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
    study = Study.open(folder, HEADER)
    left = max(content[:cut].count(b"\n") - 1, 0)
    assert tuple(study.trials) == TRIALS[:left]
    study.append(FIRST)
    assert tuple(Study.open(folder, HEADER).trials) == (*TRIALS[:left], FIRST)


def test_looking_at_a_study_changes_nothing(tmp_path: Path) -> None:
    path = written(tmp_path, *TRIALS)
    half = path.read_bytes()[:-9]  # as somebody else writes it at this moment
    path.write_bytes(half)
    assert tuple(Study.read(tmp_path).trials) == TRIALS[:2]
    assert path.read_bytes() == half


@pytest.mark.parametrize("damage", [b"", b"\x00\x00\x00", b'{"status": "do', b"\xff\xfe", b"3", b"{}"])
def test_a_damaged_line_is_named(tmp_path: Path, damage: bytes) -> None:
    path = written(tmp_path, *TRIALS)
    lines = path.read_bytes().split(b"\n")
    lines[2] = damage
    path.write_bytes(b"\n".join(lines))
    for look in (Study.read, lambda folder: Study.open(folder, HEADER)):
        with pytest.raises(StudyError, match=f"{FILE} .* Line 3 is not"):
            look(tmp_path)


@pytest.mark.parametrize("name", ["task", "data", "validation", "metric"])
def test_a_study_of_something_else_is_refused(tmp_path: Path, name: str) -> None:
    before = written(tmp_path, FIRST).read_bytes()
    with pytest.raises(StudyError, match=rf"has other {name}: .*Received: 'other'.*another directory"):
        Study.open(tmp_path, {**HEADER, name: "other"})
    assert (tmp_path / FILE).read_bytes() == before


def test_another_seed_or_budget_continues_the_study(tmp_path: Path) -> None:
    written(tmp_path, FIRST)
    assert Study.open(tmp_path, {**HEADER, "seed": 5}).header["seed"] == 0


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
