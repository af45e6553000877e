"""Runs strategies on tables of trained networks: methods × problems × seeds, a JSON line a run.

    python benchmarks/nas/run.py --problems cifar10-queries --methods random bayesian --seeds 200

Runs that the file has already are skipped, so an interrupted benchmark goes on where it stopped.
"""

import argparse
import itertools
import json
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from methods import METHODS
from table_problems import PROBLEMS

from easynas import __version__
from easynas.testing import simulate

HERE = Path(__file__).parent
Key = tuple[str, str, int]


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs what is missing and appends it to the file of results; `arguments` are those of the command line."""
    options = _options(arguments)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    known = {(record["problem"], record["method"], record["seed"]) for record in read_results([options.out])}
    wanted = itertools.product(options.problems, options.methods, range(options.seeds))
    missing = [key for key in wanted if key not in known]
    print(f"{len(missing)} runs", flush=True)
    with options.out.open("a", encoding="utf-8") as file:
        for number, record in enumerate(_records(missing, options.tables, processes=options.processes), start=1):
            file.write(json.dumps(record) + "\n")
            file.flush()
            if number % 100 == 0 or number == len(missing):
                print(f"{number}/{len(missing)}", flush=True)


def run(key: Key, tables: Path) -> dict[str, Any]:
    """The record of one run: what the truth says of what was found, over what was spent."""
    name, method, seed = key
    problem = PROBLEMS[name](tables)
    started = time.process_time()
    strategy = METHODS[method](problem, seed)
    trials = simulate(strategy, problem.evaluator(seed), trials=problem.trials, seconds=problem.seconds)
    seconds = time.process_time() - started
    return {
        "problem": name,
        "method": method,
        "seed": seed,
        "trials": len(trials),
        "seconds_a_trial": round(seconds / max(len(trials), 1), 5),
        "curve": _thin(problem.judge(trials)),
        "version": __version__,
    }


def read_results(paths: Iterable[Path]) -> list[dict[str, Any]]:
    """All records of files of results; a file that is missing has none."""
    lines = (line for path in paths if path.exists() for line in path.read_text(encoding="utf-8").splitlines())
    return [json.loads(line) for line in lines]


def _records(keys: Sequence[Key], tables: Path, *, processes: int) -> Iterator[dict[str, Any]]:
    """The records of runs as they end; one process is this one."""
    if processes == 1:
        yield from (run(key, tables) for key in keys)
        return
    with ProcessPoolExecutor(processes) as pool:
        for future in as_completed([pool.submit(run, key, tables) for key in keys]):
            yield future.result()


def _thin(curve: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """The points at which something changes, and the last one."""
    kept = [point for before, point in itertools.pairwise([(0.0, float("nan")), *curve]) if point[1] != before[1]]
    return [(round(spent, 3), round(value, 5)) for spent, value in dict.fromkeys([*kept, *curve[-1:]])]


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--problems", nargs="+", choices=sorted(PROBLEMS), default=["cifar10-queries"], metavar="NAME")
    parser.add_argument("--methods", nargs="+", choices=sorted(METHODS), default=sorted(METHODS), metavar="NAME")
    parser.add_argument("--seeds", type=int, default=200, help="how many (default: 200)")
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    parser.add_argument("--tables", type=Path, default=os.environ.get("EASYNAS_NAS_DATA"), help="or EASYNAS_NAS_DATA")
    parser.add_argument("--out", type=Path, default=HERE.parent / "results" / "nas.jsonl")
    options = parser.parse_args(arguments)
    if options.tables is None or not (options.tables / "nb201.npz").exists():
        parser.error(f"--tables must name a folder with nb201.npz, see README.md. Received: {options.tables}.")
    return options


if __name__ == "__main__":
    main()
