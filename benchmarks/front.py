"""What one fit gives for a device, against MobileNetV3-Small of four widths; a JSON line for each network.

    python benchmarks/front.py --problem fashion --budget 300
    python benchmarks/front.py --show

Ours is the front of one fit of the budget, with `quantization="int8"` and `pruning="auto"`. Each MobileNetV3 has the whole
budget for itself, and the same recipe, resolution and final training: it is the only design of its space. All are int8 files; accuracy is that of the file on the test images, latency is the median
of calls on one thread. The hypervolume of a front is the share of the box between the worst values of all networks and
no errors at a tenth of the best latency (or size), by the logarithm of latency (or size).
"""

import argparse
import json
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import keras_tuner
import numpy as np
from deployed import latency_ms, run
from problems import PROBLEMS, load

import easynas
from easynas.search.front import hypervolume

HERE = Path(__file__).parent
ALPHAS = (0.35, 0.5, 0.75, 1.0)
SMALLEST = 32  # pixels; Keras builds MobileNetV3 for no less
MEASURES = ("latency_ms", "size_kb")


@dataclass(frozen=True)
class MobileNet(easynas.Block):
    """MobileNetV3-Small (Howard et al. 2019) of one width, without a choice.

    Attributes:
        alpha: factor of its widths.
    """

    alpha: float

    def declare(self, hp: keras_tuner.HyperParameters) -> None:
        """Declares nothing."""

    def build(self, hp: keras_tuner.HyperParameters, x: Any) -> Any:
        """The network without its head, on images padded to `SMALLEST` pixels."""
        padding = [((missing + 1) // 2, missing // 2) for missing in (max(SMALLEST - n, 0) for n in x.shape[1:3])]
        if any(map(any, padding)):
            x = keras.layers.ZeroPadding2D(padding)(x)
        body = keras.applications.MobileNetV3Small(
            input_shape=x.shape[1:], alpha=self.alpha, include_top=False, weights=None, include_preprocessing=False
        )
        return body(x)


def main() -> None:
    """Measures one problem, or shows what was measured."""
    options = _options()
    if not options.show:
        problem = load(options.problem, options.data, seed=options.seed)
        for name, estimator in _networks(problem, options.budget, options.seed):
            record = {"problem": options.problem, "budget": options.budget, "seed": options.seed, "network": name}
            record |= _measured(estimator, problem)
            with options.out.open("a", encoding="utf-8") as file:
                file.write(json.dumps(record) + "\n")
            print(json.dumps(record), flush=True)
    print(_table([json.loads(line) for line in options.out.read_text(encoding="utf-8").splitlines()]))


def _networks(problem: Any, budget: float, seed: int) -> Iterator[tuple[str, Any]]:
    """A name and a fitted estimator."""
    ours = easynas.ImageClassifier(budget, quantization="int8", pruning="auto", random_state=seed, verbose=0)
    front = ours.fit(problem.x_train, problem.y_train).pareto_front()
    for trial, chosen in zip(front["trial"], front["chosen"], strict=True):
        yield f"easynas, {'the chosen one' if chosen else f'trial {trial}'}", ours.select(int(trial))
    for alpha in ALPHAS:
        theirs = easynas.ImageClassifier(
            budget, space=MobileNet(alpha), quantization="int8", random_state=seed, verbose=0
        )
        yield f"MobileNetV3-Small × {alpha}", theirs.fit(problem.x_train, problem.y_train)


def _measured(estimator: Any, problem: Any) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        report = estimator.export(Path(folder) / "model.tflite", quantization="int8")
        predicted = estimator.classes_[run(report.path, problem.x_test).argmax(axis=1)]
        return {
            "accuracy": float(np.mean(predicted == problem.y_test)),
            "latency_ms": min(latency_ms(report.path, problem.x_test[0]) for _ in range(5)),
            "size_kb": report.size_kb,
            "macs": report.macs,
        }


def _table(records: list[dict[str, Any]]) -> str:
    """The records as tables in Markdown, and the hypervolumes of each problem and budget."""
    lines = []
    cells = dict.fromkeys((record["problem"], record["budget"], record["seed"]) for record in records)
    for cell in cells:
        rows = [record for record in records if (record["problem"], record["budget"], record["seed"]) == cell]
        lines += ["", "{}, {:g} s, seed {}:".format(*cell), ""]
        lines += ["| | accuracy | µs | kB |", "|---|---|---|---|"]
        lines += [
            f"| {row['network']} | {row['accuracy']:.4f} | {row['latency_ms'] * 1000:.0f} | {row['size_kb']:.0f} |"
            for row in rows
        ]
        for measure in MEASURES:
            ours, theirs = _volumes(rows, measure)
            lines += ["", f"Hypervolume, accuracy and {measure}: {ours:.3f} ours, {theirs:.3f} MobileNetV3-Small."]
    return "\n".join(lines)


def _volumes(rows: list[dict[str, Any]], measure: str) -> tuple[float, float]:
    losses = np.array([[1 - row["accuracy"], np.log(row[measure])] for row in rows])
    ours = np.array([row["network"].startswith("easynas") for row in rows])
    worst, best = losses.max(axis=0), np.array([0.0, losses[:, 1].min() - np.log(10)])
    scaled = (losses - best) / np.where(worst > best, worst - best, 1.0)
    reference = np.full(2, 1 + 1e-9)  # so that the worst of all is just inside
    return hypervolume(scaled[ours], reference), hypervolume(scaled[~ours], reference)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--problem", choices=sorted(PROBLEMS), default="digits")
    parser.add_argument("--budget", type=float, default=300.0, help="seconds of each fit")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--data", type=Path, default=os.environ.get("EASYNAS_DATA", "."), help="default: EASYNAS_DATA")
    parser.add_argument("--out", type=Path, default=HERE / "results" / "front.jsonl")
    parser.add_argument("--show", action="store_true", help="print the table of what was measured")
    return parser.parse_args()


if __name__ == "__main__":
    main()
