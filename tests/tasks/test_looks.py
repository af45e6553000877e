"""Studies that go on with limits, or without."""

from pathlib import Path
from typing import Any

import pytest
from sklearn.datasets import load_digits

import easynas
from easynas.search.trial import LOOKS, Done, Failed, Job
from easynas.tasks.looks import began_with_one_look
from tests.tasks.exact import Exact


@pytest.mark.slow
@pytest.mark.parametrize("limits", [{"max_params": 1_000_000}, {"pruning": 0.5}])
def test_networks_that_looked_twice_are_not_compared_with_those_within_limits(
    limits: dict[str, Any], tmp_path: Path
) -> None:
    digits = load_digits()

    def fitted(**limits: Any) -> easynas.ImageClassifier:
        settings: dict[str, Any] = {"space": "vgg", "engine": Exact(), "max_trials": 1, "directory": tmp_path}
        classifier = easynas.ImageClassifier(600, random_state=0, verbose=0, **settings, **limits)
        return classifier.fit(digits.images[:200], digits.target[:200])  # the engine finds mirrored ones alike

    def looks(trials: list[easynas.Done | easynas.Failed]) -> set[float]:
        """How often those of the search and of the final training looked."""
        searched = [each for each in trials if isinstance(each, Done) and each.job.values and not each.job.members]
        return {each.metrics.get(LOOKS, 1.0) for each in searched}

    free = fitted().study_
    assert looks(free.trials) == {2.0}
    limited = fitted(**limits).study_
    new = limited.trials[len(free.trials) :]
    assert looks(new) == {1.0}
    assert {limited.shipped.job.id, *limited.shipped.job.members} <= {0, *(trial.job.id for trial in new)}
    assert any("are not compared" in note for note in limited.notes)


def test_a_study_that_began_with_one_look_goes_on_so() -> None:
    first, once = Done(Job(0, {}), 0.5, 1.0), Done(Job(1, {"network": "vgg"}), 0.6, 1.0)
    twice = Done(Job(2, {"network": "vgg"}), 0.6, 1.0, {LOOKS: 2.0})
    made = Done(Job(3, {"network": "vgg"}, members=(2,)), 0.7, 1.0)
    assert not began_with_one_look([first, Failed(Job(1, {"network": "vgg"}), "out of memory", 1.0)])
    assert began_with_one_look([first, once])
    assert not began_with_one_look([first, twice, made, once])
