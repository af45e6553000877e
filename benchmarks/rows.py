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
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from images import read_results

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Rows:
    """A data set of texts or rows, in a file with a column `split`.

    Attributes:
        file: its name without the ending.
        target: column to predict.
        estimator: name of the estimator.
        metric: name of a scikit-learn scorer.
        floor: what a quick model reached on the test samples; None: not measured in this metric.
        text: columns of the text, joined; none: all other columns are a table.
        dropped: columns that may not be looked at.
        budget: seconds, unless `--budget` says otherwise.
    """

    file: str
    target: str
    estimator: str
    metric: str
    floor: float | None
    text: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    budget: float = 120.0


def _texts(file: str, floor: float, *, text: tuple[str, ...] = ("text",), metric: str = "accuracy") -> Rows:
    return Rows(file, "label", "TextClassifier", metric, floor, text)


def _classes(file: str, target: str, floor: float, *, metric: str = "accuracy", dropped: tuple[str, ...] = ()) -> Rows:
    return Rows(file, target, "TabularClassifier", metric, floor, dropped=dropped)


def _numbers(file: str, target: str, floor: float, *, metric: str = "r2", dropped: tuple[str, ...] = ()) -> Rows:
    return Rows(file, target, "TabularRegressor", metric, floor, dropped=dropped)


PROBLEMS = {
    "sst2": _texts("sst2", 0.810),
    "subj": _texts("subj", 0.922),
    "rt_polarity": _texts("rt_polarity", 0.783),
    "ag_news": _texts("ag_news_7600", 0.862),
    "sms": _texts("sms_spam", 0.982),
    "yoruba": _texts("masakhanews_yor", 0.893, text=("headline", "text")),
    "goemotions": Rows(
        "goemotions_multilabel", "labels", "TextClassifier", "f1_macro", 0.439, text=("text",), budget=300.0
    ),
    "adult": _classes("adult", "income", 0.927, metric="roc_auc"),
    "titanic": _classes("titanic", "Survived", 0.803, dropped=("PassengerId",)),
    "reviews": _classes("womens_clothing_reviews", "Recommended IND", 0.909, dropped=("Rating",)),
    "wine": _classes("wine_quality", "quality", 0.568),
    "soybean": _classes("soybean", "class", 0.971),
    "california": _numbers("california_housing", "median_house_value", -44_551.0, metric="neg_root_mean_squared_error"),
    "bikes": _numbers("bikeshare_hourly", "count", 0.925, dropped=("casual", "registered")),
    "imports": _numbers("auto_imports_price", "price", 0.894),
}


def main() -> None:
    """Runs what is missing, or shows what there is."""
    options = _options()
    if options.cell is not None:
        problem, seconds, seed = json.loads(options.cell)
        print(json.dumps(measure(problem, seconds, seed, options.data)))
    elif options.show:
        print(summarize(list(read_results(options.out))).to_string(index=False))
    else:
        _run_missing(options)


def measure(problem: str, seconds: float, seed: int, data: Path) -> dict[str, Any]:
    """Fits once and says how good the model is on the test samples, which nothing else looks at."""
    import easynas

    rows = PROBLEMS[problem]
    (x, y), (x_test, y_test) = load(rows, data)
    estimator = getattr(easynas, rows.estimator)(seconds, metric=rows.metric, random_state=seed, verbose=0)
    started = time.monotonic()
    estimator.fit(x, y)
    wall = time.monotonic() - started
    report = estimator.export(Path(os.environ.get("TMPDIR", "/tmp")) / f"rows-{os.getpid()}.tflite")
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


def load(rows: Rows, data: Path) -> tuple[tuple[Any, Any], tuple[Any, Any]]:
    """Training and test samples with their targets, as somebody would hand them to `fit`."""
    table = pd.read_csv(data / f"{rows.file}.csv.gz", keep_default_na=not rows.text)
    parts = []
    for wanted in (table["split"] != "test", table["split"] == "test"):
        part = table[wanted].drop(columns=["split", *rows.dropped])
        y = part.pop(rows.target)
        x: Any = [". ".join(cells) for cells in part[list(rows.text)].to_numpy()] if rows.text else part
        parts.append((x, y.str.split("|").tolist() if rows.target == "labels" else y))
    return parts[0], parts[1]


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


def _run_missing(options: argparse.Namespace) -> None:
    options.out.parent.mkdir(parents=True, exist_ok=True)
    known = {(record["problem"], record["budget"], record["seed"]) for record in read_results(options.out)}
    for seed, problem in itertools.product(options.seeds, options.problems):
        cell = (problem, options.budget or PROBLEMS[problem].budget, seed)
        if cell in known:
            continue
        command = [sys.executable, __file__, "--data", str(options.data), "--cell", json.dumps(cell)]
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
        record = dict(zip(("problem", "budget", "seed"), cell, strict=True))
        record |= (
            json.loads(ended.stdout.splitlines()[-1]) if ended.returncode == 0 else {"error": ended.stderr[-2000:]}
        )
        with options.out.open("a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")
        print(*cell, record.get("score", record.get("error")), flush=True)


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
