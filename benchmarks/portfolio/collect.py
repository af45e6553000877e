"""Trains candidates for the portfolio of images on many settings; a JSON line for each training.

    cd benchmarks
    python -m portfolio.collect --problems digits fashion cifar10 sign_digits --images 1000 --budgets 5

Budgets are multiply-accumulates, said as seconds of a machine that makes 200 thousand million a second, so the results
are the same on a busy machine. Trainings that the file has are skipped: an interrupted run goes on where it stopped.
"""

import argparse
import itertools
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
from problems import PROBLEMS
from runner import Record, append, read_results

from easynas.engines import Local
from easynas.engines.warm import cores
from easynas.nets.portfolio import Known
from easynas.search.budget import Deadline
from easynas.search.trial import Failed, Job, Trial
from portfolio.trainings import PATIENCE, Ready, Setting, candidates, key, prepare, record

GRACE = 30.0  # seconds that a training may be late
RESULTS = Path(__file__).parents[1] / "results" / "portfolio.jsonl"


def main(arguments: Sequence[str] | None = None) -> None:
    """Trains what is missing and appends it to the file of results; `arguments` are those of the command line."""
    options = _options(arguments)
    known = {(_setting(each), key(Known(**each["candidate"]))) for each in read_results(options.out)}
    offered = list(candidates(drawn=options.drawn, related=options.related))
    for setting in _settings(options):
        missing = [each for each in offered if (setting, key(each)) not in known]
        print(f"{setting}: {len(missing)} of {len(offered)} trainings", flush=True)
        for line in collect(setting, missing, options.data, workers=options.workers):
            append(line, options.out)
            print(f"  {line['candidate']['values']['network']}: {line.get('score', line.get('error'))}", flush=True)


def collect(setting: Setting, wanted: Sequence[Known], data: Path, *, workers: int) -> Iterator[Record]:
    """The record of every candidate in a setting, as the trainings end."""
    if not wanted:
        return
    with tempfile.TemporaryDirectory() as folder:
        ready = prepare(setting, data, Path(folder))
        for candidate, trial in _trained(ready, wanted, workers):
            yield record(setting, candidate, trial)


def _trained(ready: Ready, wanted: Sequence[Known], workers: int) -> Iterator[tuple[Known, Trial]]:
    """Every candidate with the trial that came of it, as they end."""
    log = ready.evaluate.folder.parent / "workers.log"
    waiting, running = list(enumerate(wanted)), 0
    with closing(Local().start(ready.evaluate, workers=workers, threads=1, log=log, grace=GRACE)) as engine:
        while waiting or running:
            if waiting and running < workers:
                number, candidate = waiting.pop(0)
                job = ready.job(number, candidate)
                if job is None:
                    yield candidate, Failed(Job(number, dict(candidate.values)), "no network is small enough", 0.0)
                    continue
                engine.submit(job, deadline=Deadline.after(PATIENCE), bar=-np.inf)
                running += 1
                continue
            for _, trial in engine.poll(timeout=1.0):
                running -= 1
                yield wanted[trial.job.id], trial


def _settings(options: argparse.Namespace) -> list[Setting]:
    """All combinations; seeds are the outermost loop, so whenever a run is stopped those before are complete."""
    each = itertools.product(options.seeds, options.problems, options.images, options.sides, options.budgets)
    return [Setting(problem, images, side, budget, seed) for seed, problem, images, side, budget in each]


def _setting(line: Record) -> Setting:
    return Setting(**{name: line[name] for name in Setting.__dataclass_fields__})


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--problems", nargs="+", choices=sorted(PROBLEMS), default=sorted(PROBLEMS))
    parser.add_argument("--images", nargs="+", type=int, default=[1_000], help="to learn from")
    parser.add_argument("--sides", nargs="+", type=int, default=[32], help="pixels")
    parser.add_argument("--budgets", nargs="+", type=float, default=[5.0, 20.0], help="seconds of a usual machine")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--drawn", type=int, default=6, help="candidates that are drawn from the space")
    parser.add_argument("--related", type=int, default=12, help="candidates that are relatives of present ones")
    parser.add_argument("--workers", type=int, default=cores(), help="trainings at the same time")
    parser.add_argument("--data", type=Path, default=os.environ.get("EASYNAS_DATA"), help="default: EASYNAS_DATA")
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args(arguments)
    if set(options.problems) != {"digits"} and (options.data is None or not Path(options.data).is_dir()):
        parser.error(f"`--data` or EASYNAS_DATA must name the folder of data. Received: {options.data}.")
    return options


if __name__ == "__main__":
    main()
