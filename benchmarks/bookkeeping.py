"""What a search takes besides evaluating, at the end of a long study: a JSON line a strategy.

    python benchmarks/bookkeeping.py --trials 10000

The timed trials go through the loop itself: bar, ask, append with its sync to the disk, tell. Evaluating takes no time.
Those before them, but for the first, are proposed by a strategy that is fast and leaves the same kind of study, and
told.
"""

import argparse
import json
import math
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import keras_tuner
import numpy as np

from easynas import Done, Failed, Job, SearchSpace, spaces, strategies
from easynas.search.budget import Deadline
from easynas.search.loop import Strategy, run_search
from easynas.search.study import Study
from easynas.testing import FakeClock, FakeEngine

TIMED = 200
"""Trials that are timed at the beginning of a study, and as many at its end."""

FEEDERS = {"asha": "asha", "bohb": "hyperband", "halving": "halving", "hyperband": "hyperband"}
"""What fills the study between, where that is not random search."""


def main() -> None:
    """Runs every strategy that there is."""
    parser = argparse.ArgumentParser(description="Times ask, tell and append at the end of a long study.")
    parser.add_argument("--trials", type=int, default=10_000)
    parser.add_argument("--strategies", nargs="+", choices=strategies.names(), default=list(strategies.names()))
    options = parser.parse_args()
    for name in options.strategies:
        print(json.dumps({"strategy": name, **measure(name, options.trials)}), flush=True)


def measure(name: str, trials: int) -> dict[str, float]:
    """Milliseconds a trial at the beginning and at the end of a study of so many trials, and of single ones."""
    hp = keras_tuner.HyperParameters()
    spaces.create("auto").declare(hp)
    space = SearchSpace(hp)
    clock = FakeClock()
    with tempfile.TemporaryDirectory() as folder, Study.open(Path(folder), {"task": "none"}) as study:
        strategy: Strategy = strategies.create(name, space, random_state=0)
        first = _run(strategy, study, space, clock)
        feeder = strategies.create(FEEDERS.get(name, "random"), space, random_state=1)
        told = time.perf_counter()
        for trial in study.trials:
            feeder.tell(trial)
        while study.next_id < trials - TIMED:
            job = feeder.ask(study.next_id)
            if job is None:
                break
            trial = _trial(space, job, {})
            feeder.tell(trial)
            study.append(trial)
            strategy.tell(trial)
        told = time.perf_counter() - told
        last = _run(strategy, study, space, clock)
    return {
        "trials": study.next_id,
        "dimensions": len(space.dimensions),
        "first_ms": round(float(np.median(first)), 2),
        "told_ms": round(1e3 * told / max(trials - 2 * TIMED, 1), 2),
        "last_ms": round(float(np.median(last)), 2),
        "last_mean_ms": round(float(np.mean(last)), 2),
        "last_worst_ms": round(float(np.max(last)), 2),
    }


def _run(strategy: Strategy, study: Study, space: SearchSpace, clock: FakeClock) -> np.ndarray:
    """Milliseconds of `TIMED` trials; the first of them, which follows no other, is not among them."""
    ended: list[float] = []

    def evaluate(job: Job, *, deadline: Deadline, bar: float) -> Done | Failed:
        ended.append(time.perf_counter())
        return _trial(space, job, {"bar": max(bar, -1.0), "left": deadline.left})

    run_search(
        strategy,
        FakeEngine(evaluate, clock=clock),
        study,
        Deadline.after(10.0 * TIMED, clock),
        trial_seconds=1.0,
        max_trials=TIMED,
    )
    return 1e3 * np.diff(ended)


def _trial(space: SearchSpace, job: Job, metrics: dict[str, float]) -> Done | Failed:
    if job.id % 10 == 9:
        return Failed(job, "diverged", 1.0)
    measured = {"first_slice_score": 0.5, "standard_error": 0.01, **metrics}
    return Done(job, _score(space, job.values), 1.0, measured, fidelity=job.fidelity)


def _score(space: SearchSpace, values: Mapping[str, object]) -> float:
    return 1.0 - math.sqrt(float(np.mean((space.encode(values) - 0.3) ** 2)))  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
