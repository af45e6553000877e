"""What a search takes besides evaluating, at the end of a long study: a JSON line a strategy.

    python benchmarks/bookkeeping.py --trials 10000

Every trial goes through the loop itself: bar, ask, append with its sync to the disk, tell. Evaluating takes no time.
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

LAST = 200
"""Trials at the end of the study that are timed."""


def main() -> None:
    """Runs every strategy that there is."""
    parser = argparse.ArgumentParser(description="Times ask, tell and append at the end of a long study.")
    parser.add_argument("--trials", type=int, default=10_000)
    parser.add_argument("--strategies", nargs="+", choices=strategies.names(), default=list(strategies.names()))
    options = parser.parse_args()
    for name in options.strategies:
        print(json.dumps({"strategy": name, **measure(name, options.trials)}), flush=True)


def measure(name: str, trials: int) -> dict[str, float]:
    """Milliseconds a trial at the beginning and at the end of a study of so many trials."""
    hp = keras_tuner.HyperParameters()
    spaces.create("auto").declare(hp)
    space = SearchSpace(hp)
    ended: list[float] = []

    def evaluate(job: Job, *, deadline: Deadline, bar: float) -> Done | Failed:
        if job.id % 10 == 9:
            return Failed(job, "diverged", 1.0)
        metrics = {"first_slice_score": 0.5, "standard_error": 0.01, "bar": max(bar, -1.0), "left": deadline.left}
        return Done(job, _score(space, job.values), 1.0, metrics)

    clock = FakeClock()
    with tempfile.TemporaryDirectory() as folder, Study.open(Path(folder), {"task": "none"}) as study:
        study.subscribe(lambda _: ended.append(time.perf_counter()))
        strategy: Strategy = strategies.create(name, space, random_state=0)
        run_search(
            strategy,
            FakeEngine(evaluate, clock=clock),
            study,
            Deadline.after(10.0 * trials, clock),
            trial_seconds=1.0,
            max_trials=trials,
        )
    steps = 1e3 * np.diff(ended)
    return {
        "trials": len(ended),
        "dimensions": len(space.dimensions),
        "first_ms": round(float(np.median(steps[:LAST])), 2),
        "last_ms": round(float(np.median(steps[-LAST:])), 2),
        "last_worst_ms": round(float(np.max(steps[-LAST:])), 2),
    }


def _score(space: SearchSpace, values: Mapping[str, object]) -> float:
    return 1.0 - math.sqrt(float(np.mean((space.encode(values) - 0.3) ** 2)))  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
