"""Whether shipped files keep their limits: 12 limits on each of two problems, a JSON line a cell.

    python benchmarks/limits.py --problems digits sign_digits --budget 60
    python benchmarks/limits.py --show

A cell is a fit with a limit, and the file that `export` writes afterwards: its size and costs as easynas reports them,
its latency as `deployed.py` measures it without easynas, its accuracy on all test images. A limit that is impossible
for a problem counts as kept if `fit` refuses it. Cells that the file of results has are left out.
"""

import argparse
import json
import os
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from deployed import latency_ms, run
from problems import PROBLEMS, Problem, load

import easynas

HERE = Path(__file__).parent

CELLS: tuple[dict[str, Any], ...] = (
    {"max_size_kb": 8, "quantization": "int8"},
    {"max_size_kb": 20, "quantization": "int8"},
    {"max_size_kb": 100, "quantization": "int8"},
    {"max_size_kb": 20},
    {"max_size_kb": 50, "quantization": "float16"},
    {"max_params": 1_000},
    {"max_params": 20_000, "quantization": "dynamic"},
    {"max_macs": 100_000, "quantization": "int8"},
    {"max_macs": 2_000_000},
    {"max_latency_ms": 0.02, "quantization": "int8"},
    {"max_latency_ms": 0.2},
    {"max_size_kb": 40, "max_latency_ms": 0.1, "max_params": 30_000, "max_macs": 1_000_000, "quantization": "int8"},
)
"""Settings of the estimator."""

_MEASURES = {"max_size_kb": "size_kb", "max_latency_ms": "latency_ms", "max_params": "parameters", "max_macs": "macs"}


def main() -> None:
    """Runs what is missing, or shows what was measured."""
    options = _options()
    known = [json.loads(line) for line in options.out.read_text("utf8").splitlines()] if options.out.is_file() else []
    if options.show:
        print(_table(known))
        return
    done = [(each["problem"], each["limits"]) for each in known]
    for name in options.problems:
        problem = load(name, options.data, seed=options.seed)
        for cell in CELLS[: options.cells]:
            if (name, cell) not in done:
                record = {"problem": name, "limits": cell, **_measured(problem, cell, options.budget, options.seed)}
                with options.out.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(record) + "\n")
                print(json.dumps(record), flush=True)


def _measured(problem: Problem, cell: dict[str, Any], budget: float, seed: int) -> dict[str, Any]:
    classifier = easynas.ImageClassifier(budget, random_state=seed, verbose=0, **cell)
    started = time.monotonic()
    try:
        classifier.fit(problem.x_train, problem.y_train)
    except easynas.InputError as error:
        return {"kept": True, "refused": str(error), "seconds": time.monotonic() - started}
    seconds = time.monotonic() - started
    with tempfile.TemporaryDirectory() as folder:
        report = classifier.export(Path(folder) / "model.tflite")
        found = {name: getattr(report, name) for name in _MEASURES.values()}
        found["latency_ms"] = latency_ms(report.path, problem.x_test[0])
        predicted = np.asarray(classifier.classes_)[run(report.path, problem.x_test).argmax(axis=1)]
    kept = all(found[_MEASURES[name]] <= limit for name, limit in cell.items() if name in _MEASURES)
    return {"kept": kept, **found, "accuracy": float((predicted == problem.y_test).mean()), "seconds": seconds}


def _table(records: Iterable[dict[str, Any]]) -> str:
    lines = [
        "| problem | limits | kept | kB | ms | parameters | MACs | accuracy |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for each in records:
        limits = ", ".join(f"{name} = {value}" for name, value in each["limits"].items())
        start = f"| {each['problem']} | {limits} | {'yes' if each['kept'] else 'no'} | "
        if "refused" in each:
            lines.append(f"{start}refused after {each['seconds']:.0f} s | | | | |")
            continue
        lines.append(
            f"{start}{each['size_kb']:.1f} | {each['latency_ms']:.3g} | {each['parameters']:,} | {each['macs']:,} | "
            f"{each['accuracy']:.4f} |"
        )
    return "\n".join(lines)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--problems", nargs="+", default=["digits", "sign_digits"], choices=sorted(PROBLEMS))
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("EASYNAS_DATA", ".")))
    parser.add_argument("--budget", type=float, default=60)
    parser.add_argument("--cells", type=int, default=len(CELLS), help="how many limits, from the first on")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=HERE / "results" / "limits.jsonl")
    parser.add_argument("--show", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
