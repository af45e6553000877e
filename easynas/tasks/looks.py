"""How often trials looked at an image: scores of networks that look once and of those that look twice are not compared.

Without limits a model answers for an image and its mirror image, with limits it looks once (decision 24). A study that
began one way may go on with other limits.
"""

from collections.abc import Iterable

from easynas.search.trial import LOOKS, Done, Trial


def looked_twice(trial: Trial) -> bool:
    """Whether a trial was scored on images and their mirror images together."""
    return isinstance(trial, Done) and trial.metrics.get(LOOKS, 1.0) > 1.0


def began_with_one_look(trials: Iterable[Trial]) -> bool:
    """Whether networks of a search are among the trials that were scored on images as they are, and none otherwise."""
    searched = [each for each in trials if isinstance(each, Done) and each.job.values and not each.job.members]
    return bool(searched) and not any(map(looked_twice, searched))
