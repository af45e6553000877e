"""What is being trained is told by files that come and go with the jobs."""

from pathlib import Path

from easynas.search.running import Running, announce, running
from easynas.search.study import Study
from easynas.search.trial import Done, Job

JOB = Job(3, {"network": "resnet"}, origin="portfolio")


def test_what_is_announced_is_seen_in_the_order_of_the_jobs(tmp_path: Path) -> None:
    announce(tmp_path, Job(12, {}, origin="baseline"), [])
    announce(tmp_path, JOB, [2.0])
    announce(tmp_path, JOB, [2.0, 1.5])
    assert running(tmp_path) == (Running(3, "resnet", "portfolio", (2.0, 1.5)), Running(12, "", "baseline"))
    assert not list(tmp_path.glob("*.part"))


def test_nothing_runs_where_no_folder_is(tmp_path: Path) -> None:
    assert running(tmp_path / "weights") == ()


def test_a_recorded_trial_runs_no_more_and_a_new_run_forgets_what_a_killed_one_left(tmp_path: Path) -> None:
    with Study.open(tmp_path, {"metric": "accuracy"}) as study:
        announce(study.weights_folder, JOB, [2.0])
        announce(study.weights_folder, Job(4, {}), [])
        study.append(Done(JOB, 0.5, 1.0))
        assert [each.number for each in running(study.weights_folder)] == [4]
    with Study.open(tmp_path, {"metric": "accuracy"}) as study:
        assert running(study.weights_folder) == ()
