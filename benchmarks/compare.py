"""Runs methods on problems × budgets × seeds, each cell in the environment of its method, a JSON line a cell.

    python benchmarks/compare.py --problems digits titanic --methods easynas flaml --budgets 60 --seeds 0 1 2

Cells that the file has already are skipped, so an interrupted run goes on where it stopped. Methods that do not take a
problem are left out.
"""

import argparse
import itertools
import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import environments
import peer_problems
from peer_cell import PeerCell, run
from peers.methods import METHODS
from runner import Record, run_missing

HERE = Path(__file__).parent
SMALL = ("digits", "fashion_1000", "sms", "sst2", "titanic", "imports")
"""With all methods, a minute and one seed: 38 fits and 6 of `majority`, in about an hour."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs what is missing and appends it to the file of results; `arguments` are those of the command line."""
    options = _options(arguments)
    cells = wanted(options.problems, options.methods, options.budgets, options.seeds)
    running = partial(run, data=options.data, environments=options.folder)
    for cell, record in run_missing(cells, of=PeerCell.of, run=running, out=options.out):
        print(f"{cell.problem} {cell.method} {cell.budget:g} s, seed {cell.seed}: {_summary(record)}", flush=True)


def wanted(
    problems: Sequence[str], methods: Sequence[str], budgets: Sequence[float], seeds: Sequence[int]
) -> list[PeerCell]:
    """The cells, one seed of everything before the next, with the methods that take each problem."""
    return [
        PeerCell(problem, method, budget, seed)
        for seed, budget, problem, method in itertools.product(seeds, budgets, problems, methods)
        if METHODS[method].takes(*peer_problems.describe(problem))
    ]


def _summary(record: Record) -> str:
    if "error" in record:
        return f"FAILED {record['error'].splitlines()[-1]}"
    killed = ", killed" if record["killed"] else ""
    return f"{record['metric']} {record['score']:.4f} in {record['fit_wall_seconds']:.1f} s{killed}"


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--problems", nargs="+", choices=peer_problems.NAMES, default=SMALL, metavar="PROBLEM")
    parser.add_argument("--methods", nargs="+", choices=list(METHODS), default=list(METHODS), metavar="METHOD")
    parser.add_argument("--budgets", nargs="+", type=float, default=[60.0], help="seconds")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--data", type=Path, default=os.environ.get("EASYNAS_DATA"), help="default: EASYNAS_DATA")
    parser.add_argument("--out", type=Path, default=HERE / "results" / "peers.jsonl")
    environments.add_folder(parser)
    options = parser.parse_args(arguments)
    if peer_problems.need_data(options.problems) and (options.data is None or not Path(options.data).is_dir()):
        parser.error(f"`--data` or EASYNAS_DATA must name the folder of data. Received: {options.data}.")
    needed = {METHODS[name].environment for name in options.methods}
    if missing := sorted(name for name in needed if not environments.is_made(options.folder, name)):
        parser.error(
            f"The methods need their environments in {options.folder}. Missing or out of date: {', '.join(missing)}. "
            f"Make them by `python benchmarks/environments.py {' '.join(missing)}`."
        )
    return options


if __name__ == "__main__":
    main()
