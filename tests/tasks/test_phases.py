"""What an earlier fit left in a study, and what a later one makes of it."""

import keras_tuner

from easynas.search.trial import Done, Job
from easynas.space.space import SearchSpace
from easynas.tasks.phases import belongs, is_baseline


def space() -> SearchSpace:
    hp = keras_tuner.HyperParameters()
    hp.Choice("network", ["vgg", "resnet"])
    return SearchSpace(hp)


def test_what_was_made_of_a_trial_is_not_learned_from_and_not_trained_on() -> None:
    own = Done(Job(3, {"network": "vgg"}), 0.8, 1.0)
    calibrated = Done(Job(4, {"network": "vgg"}, origin="trial 3, calibrated", members=(3,)), 0.9, 1.0)
    assert belongs(own, space())
    assert not belongs(calibrated, space())
    assert not is_baseline(calibrated)


def test_the_baseline_and_other_spaces_are_none_of_the_space() -> None:
    baseline, other = Done(Job(0, {}), 0.7, 1.0), Done(Job(1, {"network": "mbconv"}), 0.9, 1.0)
    assert is_baseline(baseline)
    assert not belongs(baseline, space())
    assert not belongs(other, space())
