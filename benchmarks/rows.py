"""Runs the estimators of texts and tables on problems × seeds, a process a cell, a JSON line a result.

    python benchmarks/rows.py --problems sst2 adult --budget 120 --seeds 0 1 2
    python benchmarks/rows.py --show

Cells that the file has already are skipped. `--show` prints what the file says: the mean on the test samples beside a
floor, which is what a quick model of scikit-learn reached on the same split.
"""

import argparse
import itertools
import json
import os
import statistics
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
from row_problems import PROBLEMS, load
from runner import call, read_results, run_missing

HERE = Path(__file__).parent
MEASURING = 900.0
"""Seconds that a cell may take beyond its budget: loading, predicting, exporting."""

Cell = tuple[str, float, int]
"""Problem, budget in seconds, seed."""


def main() -> None:
    """Runs what is missing, or shows what there is."""
    options = _options()
    if options.cell is not None:
        problem, seconds, seed = json.loads(options.cell)
        print(json.dumps(measure(problem, seconds, seed, options.data)))
    elif options.show:
        print(summarize(list(read_results(options.out))).to_string(index=False))
    else:
        pairs = itertools.product(options.seeds, options.problems)
        cells = [(problem, options.budget or PROBLEMS[problem].budget, seed) for seed, problem in pairs]
        for cell, record in run_missing(cells, of=_cell, run=partial(_run, data=options.data), out=options.out):
            print(*cell, record.get("score", record.get("error")), flush=True)


def measure(problem: str, seconds: float, seed: int, data: Path) -> dict[str, Any]:
    """Fits once and says how good the model is on the test samples, which nothing else looks at."""
    import easynas

    rows = PROBLEMS[problem]
    (x, y), (x_test, y_test) = load(rows, data)
    estimator = getattr(easynas, rows.estimator)(seconds, metric=rows.metric, random_state=seed, verbose=0)
    started = time.monotonic()
    estimator.fit(x, y)
    wall = time.monotonic() - started
    with tempfile.TemporaryDirectory() as folder:
        report = estimator.export(Path(folder) / "model.tflite")
    board = estimator.leaderboard()
    reference = board[~board["deployable"] & (board["status"] == "done")]["score"]
    return {
        "problem": problem,
        "budget": seconds,
        "seed": seed,
        "score": estimator.score(x_test, y_test),
        "metrics": estimator.evaluate(x_test, y_test),
        "best_score": estimator.best_score_,
        "reference_score": None if reference.empty else float(reference.max()),
        "shipped": estimator.study_.shipped.job.origin,
        "trials": len(board),
        "failed": int((board["status"] == "failed").sum()),
        "fit_wall_seconds": wall,
        "allowed_seconds": seconds + max(2.0, 0.02 * seconds),
        "agreement": report.agreement,
        "size_kb": report.size_kb,
        "latency_ms": report.latency_ms,
    }


def summarize(records: list[dict[str, Any]]) -> pd.DataFrame:
    """A row a problem and budget."""
    rows = []
    keys = dict.fromkeys((record["problem"], record["budget"]) for record in records)
    for problem, budget in keys:
        own = [record for record in records if (record["problem"], record["budget"]) == (problem, budget)]
        done = [record for record in own if "error" not in record]
        scores = [record["score"] for record in done]
        rows.append(
            {
                "problem": problem,
                "budget": budget,
                "metric": PROBLEMS[problem].metric,
                "runs": len(done),
                "mean": statistics.mean(scores) if scores else float("nan"),
                "worst": min(scores, default=float("nan")),
                "floor": PROBLEMS[problem].floor,
                "optimism": statistics.mean(r["best_score"] - r["score"] for r in done) if done else float("nan"),
                "time share": max((r["fit_wall_seconds"] / r["allowed_seconds"] for r in done), default=float("nan")),
                "agreement": min((r["agreement"] for r in done), default=float("nan")),
                "kB": max((r["size_kb"] for r in done), default=float("nan")),
                "errors": len(own) - len(done),
            }
        )
    return pd.DataFrame(rows)


def _cell(record: dict[str, Any]) -> Cell:
    return record["problem"], record["budget"], record["seed"]


def _run(cell: Cell, data: Path) -> dict[str, Any]:
    command = [sys.executable, __file__, "--data", str(data), "--cell", json.dumps(cell)]
    ended = call(command, seconds=cell[1] + MEASURING, too_late=f"killed {MEASURING:g} s after its time")
    if ended.error:
        return {**dict(zip(("problem", "budget", "seed"), cell, strict=True)), "error": ended.error}
    record: dict[str, Any] = json.loads(ended.output.splitlines()[-1])
    return record


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--problems", nargs="+", choices=list(PROBLEMS), default=list(PROBLEMS))
    parser.add_argument("--budget", type=float, help="seconds; by default those of the problem")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--data", type=Path, default=os.environ.get("EASYNAS_DATA"), help="default: EASYNAS_DATA")
    parser.add_argument("--out", type=Path, default=HERE / "results" / "rows.jsonl")
    parser.add_argument("--show", action="store_true", help="print a table instead")
    parser.add_argument("--cell", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if not options.show and (options.data is None or not Path(options.data).is_dir()):
        parser.error(f"`--data` or EASYNAS_DATA must name the folder of data. Received: {options.data}.")
    return options


if __name__ == "__main__":
    main()
