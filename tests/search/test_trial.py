"""What came of a job."""

import pytest

from easynas.search.trial import Done, Job


@pytest.mark.parametrize(("asked", "done", "dropped"), [(1.0, 1.0, False), (1.0, 0.3, True), (0.3, 0.3, False)])
def test_a_trial_is_dropped_if_less_was_done_than_asked(asked: float, done: float, dropped: object) -> None:
    assert Done(Job(0, {}, fidelity=asked), 0.5, 1.0, fidelity=done).dropped is dropped


@pytest.mark.parametrize(
    ("job", "whole"),
    [(Job(0, {}), True), (Job(0, {}, fidelity=0.5), False), (Job(0, {}, continues=3, trained=0.5), False)],
)
def test_a_whole_training_is_a_full_one_from_random_weights(job: Job, whole: object) -> None:
    assert job.whole is whole
