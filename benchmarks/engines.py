"""How well an engine keeps many workers busy: jobs that sleep, on a local Ray cluster of 1 to 32 declared processors.

    python benchmarks/engines.py --jobs 8 --seconds 0.5

Prints a JSON line a number of workers: jobs a second, and the share of what so many workers could do without any loss.
"""

import argparse
import json
import time
from contextlib import closing
from pathlib import Path

from easynas import Done, Job
from easynas.engines import Ray
from easynas.search.budget import Deadline
from easynas.search.loop import Engine

WORKERS = (1, 2, 4, 8, 16, 32)


def main() -> None:
    """Starts the cluster once and runs every number of workers on it."""
    parser = argparse.ArgumentParser(description="Measures how well Ray keeps many workers busy.")
    parser.add_argument("--jobs", type=int, default=8, help="a worker")
    parser.add_argument("--seconds", type=float, default=0.5, help="that a job sleeps")
    options = parser.parse_args()
    import ray

    ray.init(num_cpus=max(WORKERS), include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    for workers in WORKERS:
        print(json.dumps(measure(workers, jobs=options.jobs * workers, seconds=options.seconds)), flush=True)
    ray.shutdown()


def measure(workers: int, *, jobs: int, seconds: float) -> dict[str, float]:
    """Jobs a second once all workers are up, every worker given its next job as soon as it is free."""

    def sleep(job: Job, *, deadline: Deadline, bar: float) -> Done:
        time.sleep(seconds)
        return Done(job, score=bar, seconds=seconds, metrics={"left": deadline.left})

    with closing(Ray().start(sleep, workers=workers, threads=1, log=Path("unused"))) as engine:
        _run(engine, workers, workers)  # all of them have started
        started = time.perf_counter()
        _run(engine, jobs, workers)
        rate = jobs / (time.perf_counter() - started)
    return {"workers": workers, "jobs_per_second": round(rate, 2), "efficiency": round(rate * seconds / workers, 3)}


def _run(engine: Engine, jobs: int, workers: int) -> None:
    submitted = ended = 0
    while ended < jobs:
        while submitted < jobs and submitted - ended < workers:
            engine.submit(Job(submitted, {}), deadline=Deadline.after(120.0), bar=0.0)
            submitted += 1
        ended += len(engine.poll(timeout=10.0))


if __name__ == "__main__":
    main()
