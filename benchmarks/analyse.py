"""Prints what a file of results says, a row for every problem and budget.

python benchmarks/analyse.py benchmarks/results/images.jsonl
"""

import argparse
import math
from pathlib import Path
from typing import Any

import pandas as pd
from rich.console import Console
from rich.table import Table
from runner import read_results

HERE = Path(__file__).parent
Record = dict[str, Any]


def main() -> None:
    """Reads the files that are named and prints one table and the cells that failed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("results", type=Path, nargs="*", default=[HERE / "results" / "images.jsonl"])
    records = [record for path in parser.parse_args().results for record in read_results(path)]
    done = [record for record in records if "error" not in record]
    console = Console(width=200)
    if done:
        console.print(_table(summarize(done)))
    for record in records:
        if "error" in record:
            console.print(
                f"FAILED {record['problem']} {record['budget']:g} s, seed {record['seed']}: {record['error']}"
            )


def summarize(records: list[Record]) -> pd.DataFrame:
    """A row for every problem and budget; accuracies and their differences in percent, the rest in the named units."""
    groups = pd.DataFrame([_flat(record) for record in records]).groupby(["problem", "budget"])
    return pd.DataFrame(
        {
            "runs": groups.size(),
            "accuracy": groups["accuracy"].mean(),
            "sd": groups["accuracy"].std(),
            "optimism": groups["optimism"].mean(),
            "int8 drop": groups["int8_drop"].mean(),
            "worst drop": groups["int8_drop"].max(),
            "worst agreement": groups["float32_agreement"].min(),
            "longest fit": groups["fit_wall_seconds"].max(),
            "worst time share": groups["time_share"].max(),
            "int8 kB": groups["int8_kb"].mean(),
            "int8 ms": groups["int8_latency_ms"].mean(),
            "trials": groups["trials_done"].mean(),
            "failed": groups["trials_failed"].sum(),
            "peak MB": groups["memory_peak_tree_mb"].max(),
        }
    ).reset_index()


def _flat(record: Record) -> Record:
    """The numbers of a record that are summarized.

    `optimism` is the score on validation data less that on the test; `time_share` is the wall time of `fit` as a share
    of the time allowed, and a promise is broken above 1.
    """
    kept = ("problem", "budget", "fit_wall_seconds", "int8_kb", "int8_latency_ms", "memory_peak_tree_mb")
    return {
        **{name: record[name] for name in kept},
        "accuracy": 100 * record["accuracy"],
        "optimism": 100 * (record["best_score"] - record["accuracy"]),
        "int8_drop": 100 * (record["accuracy"] - record["int8_accuracy"]),
        "float32_agreement": 100 * record["float32_agreement"],
        "time_share": record["fit_wall_seconds"] / record["allowed_seconds"],
        "trials_done": record["trials"].get("done", 0),
        "trials_failed": record["trials"].get("failed", 0),
    }


def _table(summary: pd.DataFrame) -> Table:
    table = Table(title="fit and what it shipped")
    for name in summary.columns:
        table.add_column(name, justify="left" if name == "problem" else "right")
    for row in summary.itertuples(index=False):
        table.add_row(*(value if isinstance(value, str) else _number(value) for value in row))
    return table


def _number(value: float) -> str:
    if math.isnan(value):
        return "–"  # the deviation of a single run
    if value == int(value):
        return f"{value:g}"
    return f"{value:.2f}" if abs(value) >= 0.1 else f"{value:.1g}"


if __name__ == "__main__":
    main()
