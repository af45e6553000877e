"""How often exported files answer as the network does, on the test samples of every problem; a JSON line a problem.

    python benchmarks/parity.py --budget 20
    python benchmarks/parity.py --show

Files are asked through `easynas.runtime`, from raw samples, as a device would. Of classes and labels the figure is the
share of samples with the same decision, of numbers one less the mean squared difference by their variance.
"""

import argparse
import json
import os
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import problems as of_images
import row_problems as of_rows
from runner import call, read_results, run_missing

HERE = Path(__file__).parent
NUMBERS = ("float32", "float16", "dynamic", "int8")
MOST = 2_000  # test samples
MEASURING = 900.0
"""Seconds that a cell may take beyond its budget: loading, exporting, predicting one by one."""


def main() -> None:
    """Runs what is missing, or shows what there is."""
    options = _options()
    if options.cell is not None:
        print(json.dumps(measure(options.cell, options.budget, options.data)))
    elif options.show:
        print(table(list(read_results(options.out))))
    else:
        run = partial(_run, budget=options.budget, data=options.data)
        for name, record in run_missing(options.problems, of=_name, run=run, out=options.out):
            print(name, record.get("parity", record.get("error")), flush=True)


def measure(name: str, budget: float, data: Path) -> dict[str, Any]:
    """Fits once and asks the files."""
    import easynas
    import easynas.runtime

    if name in of_images.PROBLEMS:
        problem = of_images.load(name, data, seed=0)
        kind, samples = "ImageClassifier", (problem.x_train, problem.y_train)
        x_test: Any = problem.x_test
    else:
        rows = of_rows.PROBLEMS[name]
        kind, (samples, (x_test, _)) = rows.estimator, of_rows.load(rows, data)
    estimator = getattr(easynas, kind)(budget, random_state=0, verbose=0).fit(*samples)
    x_test = x_test[:MOST]
    expected = estimator.predict(x_test)
    raw: Any = x_test.to_dict("list") if hasattr(x_test, "to_dict") else x_test
    found, sizes, refused = {}, {}, {}
    with tempfile.TemporaryDirectory() as folder:
        for numbers in NUMBERS:
            path = Path(folder) / f"{numbers}.tflite"
            try:
                sizes[numbers] = estimator.export(path, quantization=numbers).size_kb
            except easynas.ExportError as error:
                refused[numbers] = str(error)
            else:
                found[numbers] = _parity(expected, easynas.runtime.load(path).predict(raw), kind)
    shipped = estimator.study_.shipped.job
    return {
        "problem": name,
        "budget": budget,
        "samples": len(x_test),
        "network": str(shipped.values.get("network", shipped.origin)),
        "parity": found,
        "refused": refused,
        "size_kb": sizes,
    }


def table(records: list[dict[str, Any]]) -> str:
    """The records as a table in Markdown."""
    lines = [f"| problem | network | {' | '.join(NUMBERS)} |", "|---|---|" + "---|" * len(NUMBERS)]
    for each in records:
        if "error" not in each:
            found = each["parity"]
            figures = " | ".join(f"{found[name]:.4f}" if name in found else "refused" for name in NUMBERS)
            lines.append(f"| {each['problem']} | {each['network']} | {figures} |")
    return "\n".join(lines)


def _parity(expected: Any, found: Any, kind: str) -> float:
    if kind.endswith("Regressor"):
        expected, found = np.asarray(expected, np.float64), np.asarray(found, np.float64).reshape(np.shape(expected))
        return float(1.0 - np.mean(np.square(expected - found)) / np.var(expected))
    same = [np.array_equal(one, other) for one, other in zip(expected, found, strict=True)]
    return float(np.mean(same))


def _name(record: dict[str, Any]) -> str:
    return str(record["problem"])


def _run(name: str, *, budget: float, data: Path) -> dict[str, Any]:
    command = [sys.executable, __file__, "--data", str(data), "--budget", str(budget), "--cell", name]
    ended = call(command, seconds=budget + MEASURING, too_late=f"killed {MEASURING:g} s after its time")
    if ended.error:
        return {"problem": name, "budget": budget, "error": ended.error}
    record: dict[str, Any] = json.loads(ended.output.splitlines()[-1])
    return record


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    every = [*of_images.PROBLEMS, *of_rows.PROBLEMS]
    parser.add_argument("--problems", nargs="+", choices=every, default=every)
    parser.add_argument("--budget", type=float, default=20.0, help="seconds of each fit")
    parser.add_argument("--data", type=Path, default=os.environ.get("EASYNAS_DATA", "."), help="default: EASYNAS_DATA")
    parser.add_argument("--out", type=Path, default=HERE / "results" / "parity.jsonl")
    parser.add_argument("--show", action="store_true", help="print a table instead")
    parser.add_argument("--cell", help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
