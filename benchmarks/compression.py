"""What every way to make a model smaller gains and costs on this machine; a JSON line a way, measured on the files.

    python benchmarks/compression.py --problem fashion --budget 60 --seconds 40
    python benchmarks/compression.py --show

One network is searched and trained, then each way starts from it. Accuracy is that of the `.tflite` file on all test
images, agreement is with the Keras model before, latency is the median of single calls on one thread.
"""

import argparse
import gzip
import json
import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from deployed import latency_ms, run
from problems import PROBLEMS, load

import easynas

HERE = Path(__file__).parent

Way = tuple[str, dict[str, Any], str]
"""A name, the settings of `compress` (none: no training), and the quantization of the file."""

WAYS: tuple[Way, ...] = (
    ("as it is", {}, "float32"),
    ("weights in float16", {}, "float16"),
    ("weights in int8", {}, "dynamic"),
    ("int8 after training", {}, "int8"),
    ("int16 between layers", {}, "int16x8"),
    ("int8 aware", {"quantization": "int8"}, "int8"),
    ("half of the weights zero", {"pruning": 0.5}, "int8"),
    ("80 % of the weights zero", {"pruning": 0.8}, "int8"),
    ("two of four weights zero", {"pruning": 0.5, "pattern": "2:4"}, "int8"),
    ("16 values a layer", {"clusters": 16}, "int8"),
    ("without 30 % of the channels", {"channels": 0.3}, "int8"),
    ("without 50 % of the channels", {"channels": 0.5}, "int8"),
    ("without 75 % of the channels", {"channels": 0.75}, "int8"),
    ("50 % of the channels, int8 aware", {"channels": 0.5, "quantization": "int8"}, "int8"),
    ("80 % zero, 16 values, int8 aware", {"pruning": 0.8, "clusters": 16, "quantization": "int8"}, "int8"),
)


def main() -> None:
    """Measures all ways, or shows what was measured."""
    options = _options()
    if options.show:
        print(_table([json.loads(line) for line in options.out.read_text(encoding="utf-8").splitlines()]))
        return
    problem = load(options.problem, options.data, seed=options.seed)
    classifier = easynas.ImageClassifier(options.budget, random_state=options.seed, verbose=0)
    classifier.fit(problem.x_train, problem.y_train)
    expected = classifier.predict(problem.x_test)
    for name, settings, quantization in WAYS:
        if not any(each in name for each in options.ways):
            continue
        smaller = classifier
        if settings:
            smaller = classifier.compress(problem.x_train, problem.y_train, time_budget=options.seconds, **settings)
        record = {
            "problem": options.problem,
            "seed": options.seed,
            "budget": options.budget,
            "seconds": options.seconds,
        }
        record |= {"way": name, **_measured(smaller, problem, expected, quantization)}
        with options.out.open("a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")
        print(json.dumps(record), flush=True)


def _measured(model: Any, problem: Any, expected: Any, quantization: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        report = model.export(Path(folder) / "model.tflite", quantization=quantization)
        content = report.path.read_bytes()
        predicted = model.classes_[run(report.path, problem.x_test).argmax(axis=1)]
        return {
            "quantization": quantization,
            "accuracy": float(np.mean(predicted == problem.y_test)),
            "agreement": float(np.mean(predicted == expected)),
            "bytes": len(content),
            "gzipped": len(gzip.compress(content)),
            "latency_ms": latency_ms(report.path, problem.x_test[0]),
            "macs": report.macs,
            "arena_kb": report.arena_kb,
        }


def _table(records: list[dict[str, Any]]) -> str:
    """The records as a table in Markdown."""
    lines = ["| | accuracy | same label as Keras | bytes | gzipped | µs a call |", "|---|---|---|---|---|---|"]
    lines += [
        f"| {each['way']} ({each['quantization']}) | {each['accuracy']:.4f} | {each['agreement']:.2%} "
        f"| {each['bytes']:,} | {each['gzipped']:,} | {each['latency_ms'] * 1000:.0f} |"
        for each in records
    ]
    return "\n".join(lines)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--problem", choices=sorted(PROBLEMS), default="digits")
    parser.add_argument("--budget", type=float, default=60.0, help="seconds of the search and first training")
    parser.add_argument("--seconds", type=float, default=40.0, help="of every compression")
    parser.add_argument("--ways", nargs="+", default=[""], help="parts of the names of those to measure; default: all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--data", type=Path, default=os.environ.get("EASYNAS_DATA", "."), help="default: EASYNAS_DATA")
    parser.add_argument("--out", type=Path, default=HERE / "results" / "compression.jsonl")
    parser.add_argument("--show", action="store_true", help="print the table of what was measured")
    return parser.parse_args()


if __name__ == "__main__":
    main()
