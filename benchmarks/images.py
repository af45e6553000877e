"""Runs `easynas.ImageClassifier` on problems × budgets × seeds, a process a cell, a JSON line a result.

    python benchmarks/images.py --problems digits fashion --budgets 60 600 --seeds 0 1 2

Cells that the file has already are skipped, so an interrupted run goes on where it stopped. To run one again, delete
its line.
"""

import argparse
import itertools
import json
import os
import sys
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any

from cell import Cell
from problems import PROBLEMS
from runner import call, run_missing

HERE = Path(__file__).parent
MEASURING = 900.0
"""Seconds that a cell may take beyond its budget: loading data, predicting, exporting, running every test image."""


def main() -> None:
    """Runs what is missing and appends it to the file of results."""
    options = _options()
    wanted = [Cell(*key) for key in itertools.product(options.problems, options.budgets, options.seeds)]
    for cell, record in run_missing(wanted, of=Cell.of, run=partial(run, data=options.data), out=options.out):
        print(f"{cell}: {_summary(record)}", flush=True)


def run(cell: Cell, data: Path) -> dict[str, Any]:
    """The record of one cell, or its keys and the `error` that ended it."""
    command = [sys.executable, str(HERE / "cell.py"), json.dumps(cell.key()), str(data)]
    too_late = f"killed {MEASURING:g} s after the time allowed"
    ended = call(command, seconds=cell.allowed + MEASURING, too_late=too_late)
    if ended.error:
        return {**cell.key(), "error": ended.error}
    record: dict[str, Any] = json.loads(ended.output.splitlines()[-1])
    return record


def _summary(record: dict[str, Any]) -> str:
    if "error" in record:
        return f"FAILED {record['error'].splitlines()[-1]}"
    return (
        f"accuracy {record['accuracy']:.4f}, int8 {record['int8_accuracy']:.4f}, "
        f"fit {record['fit_wall_seconds']:.1f} of {record['allowed_seconds']:.1f} s"
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--problems", nargs="+", choices=sorted(PROBLEMS), default=list(PROBLEMS))
    parser.add_argument("--budgets", nargs="+", type=float, default=[60.0, 600.0], help="seconds")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--data", type=Path, default=os.environ.get("EASYNAS_DATA"), help="default: EASYNAS_DATA")
    parser.add_argument("--out", type=Path, default=HERE / "results" / "images.jsonl")
    options = parser.parse_args()
    _check_data(parser, options.problems, options.data)
    return options


def _check_data(parser: argparse.ArgumentParser, problems: Iterable[str], data: Path | None) -> None:
    if set(problems) == {"digits"}:
        return
    if data is None or not data.is_dir():
        parser.error(
            "`--data` or the environment variable EASYNAS_DATA must name the folder of data, see benchmarks/README.md. "
            f"Received: {data}. Only the problem `digits` needs none."
        )


if __name__ == "__main__":
    main()
