"""What came of a job."""

import pytest

from easynas.search.trial import Done, Job


@pytest.mark.parametrize(("asked", "done", "dropped"), [(1.0, 1.0, False), (1.0, 0.3, True), (0.3, 0.3, False)])
def test_a_trial_is_dropped_if_less_was_done_than_asked(asked: float, done: float, dropped: object) -> None:
    assert Done(Job(0, {}, fidelity=asked), 0.5, 1.0, fidelity=done).dropped is dropped
