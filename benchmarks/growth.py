"""Whether the user's process grows over trials; prints a JSON line now and then.

    python benchmarks/growth.py --trials 20          within one fit: a line a trial
    python benchmarks/growth.py --fits 7 --budget 40 from fit to fit in one process: a line a fit

The start of the first search has TensorFlow loaded already; what counts is the difference between the first line and a
later one, over the trials in between.
"""

import argparse
import json
from dataclasses import replace
from typing import Any

import keras_tuner
import psutil
from sklearn.datasets import load_digits

import easynas

_FIDELITY = 0.2
"""Of a full training: short trials, so that many fit into minutes."""


class Brief:
    """Random networks, trained for a share of the usual time."""

    def __init__(self) -> None:
        hp = keras_tuner.HyperParameters()
        easynas.spaces.create("vgg").declare(hp)
        self._random = easynas.strategies.create("random", easynas.SearchSpace(hp), random_state=0)

    def ask(self, job_id: int) -> easynas.Job | None:
        job = self._random.ask(job_id)
        return None if job is None else replace(job, fidelity=_FIDELITY)

    def tell(self, trial: easynas.Done | easynas.Failed) -> None:
        self._random.tell(trial)


def main() -> None:
    """Fits digits as often as asked."""
    parser = argparse.ArgumentParser(description="Measures how the user's process grows over trials.")
    parser.add_argument("--trials", type=int, help="of one fit; leave it out for one fit after the other")
    parser.add_argument("--fits", type=int, default=7)
    parser.add_argument("--budget", type=float, default=40.0, help="seconds of each of these fits")
    options = parser.parse_args()
    if options.trials:
        within_a_fit(options.trials)
    else:
        from_fit_to_fit(options.fits, options.budget)


def within_a_fit(trials: int) -> None:
    """A line a trial."""
    digits = load_digits()
    seen: list[str] = []

    def report(trial: easynas.Done | easynas.Failed) -> None:
        seen.append(type(trial).__name__)
        _print(trials=len(seen), ended=seen[-1])

    space = easynas.spaces.create("vgg")
    classifier = easynas.ImageClassifier(
        16.0 * trials, search=Brief(), space=space, max_trials=trials, random_state=0, verbose=0
    )
    classifier.fit(digits.images, digits.target, callbacks=[report])
    _print(trials=len(seen), ended="fit")


def from_fit_to_fit(fits: int, budget: float) -> None:
    """A line a fit."""
    digits = load_digits()
    trials = 0
    for number in range(fits):
        classifier = easynas.ImageClassifier(budget, random_state=number, verbose=0)
        classifier.fit(digits.images, digits.target)
        trials += len(classifier.study_.trials)
        _print(fit=number, trials=trials)


def _print(**fields: Any) -> None:
    resident = psutil.Process().memory_info().rss / 1e6
    print(json.dumps({**fields, "resident_mb": round(resident, 1)}), flush=True)


if __name__ == "__main__":
    main()
