"""What one fit gives for a device, against MobileNetV3-Small of four widths; a JSON line for each network.

    python benchmarks/front.py --problem fashion --budget 300
    python benchmarks/front.py --show

Ours is the front of one fit of the budget, with `quantization="int8"` and `pruning="auto"`. Each MobileNetV3 has the
whole budget for itself, and is trained as `peers/by_hand.py` trains its network; of each there are two files, one in
int8 and one with int8 weights only, because int8 can cost such networks much. Accuracy is that of the file on the test
images, latency is the median of calls on one thread. The hypervolume of a front is the share of the box between the
worst values of all networks and no errors at a tenth of the best latency (or size), by the logarithm of latency (or
size).
"""

import argparse
import json
import os
import tempfile
import time
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import keras
import numpy as np
from deployed import latency_ms, run
from peers.by_hand import train
from peers.contract import Settings, Task
from peers.keras_parts import Images
from problems import PROBLEMS, load

import easynas
from easynas.search.front import hypervolume

HERE = Path(__file__).parent
ALPHAS = (0.35, 0.5, 0.75, 1.0)
SMALLEST = 32  # pixels; Keras builds MobileNetV3 for no less
MOMENTUM = 0.9  # of the normalisation: Keras' 0.999 is for longer trainings, and minutes would end at chance with it
CALIBRATED = 500  # images that ranges of int8 come from
MEASURES = ("latency_ms", "size_kb")


def main() -> None:
    """Measures one problem, or shows what was measured."""
    options = _options()
    if not options.show:
        problem = load(options.problem, options.data, seed=options.seed)
        theirs = () if options.ours else _theirs(problem, options)
        for name, measures in chain(_ours(problem, options), theirs):
            record = {"problem": options.problem, "budget": options.budget, "seed": options.seed, "network": name}
            record |= measures
            with options.out.open("a", encoding="utf-8") as file:
                file.write(json.dumps(record) + "\n")
            print(json.dumps(record), flush=True)
    print(_table([json.loads(line) for line in options.out.read_text(encoding="utf-8").splitlines()]))


def _ours(problem: Any, options: argparse.Namespace) -> Iterator[tuple[str, dict[str, Any]]]:
    """A name and the measures of every model of the front."""
    ours = easynas.ImageClassifier(
        options.budget, quantization="int8", pruning="auto", random_state=options.seed, verbose=0
    )
    front = ours.fit(problem.x_train, problem.y_train).pareto_front()
    with tempfile.TemporaryDirectory() as folder:
        for trial, chosen in zip(front["trial"], front["chosen"], strict=True):
            path = ours.select(int(trial)).export(Path(folder) / "model.tflite").path
            yield f"easynas, {'the chosen one' if chosen else f'trial {trial}'}", _measured(path, problem)


def _theirs(problem: Any, options: argparse.Namespace) -> Iterator[tuple[str, dict[str, Any]]]:
    """A name and the measures of every MobileNet in int8, and with int8 weights only."""
    settings = Settings(options.problem, "images", "classes", "accuracy", options.budget, options.seed)
    for alpha in ALPHAS:
        with tempfile.TemporaryDirectory() as folder:
            began = time.monotonic()
            task = Task(settings, problem.x_train, problem.y_train, problem.x_test, Path(folder), began)
            images = Images.of(task, held_out=0.0)
            model = _mobilenet(images, alpha)
            train(model, images, task)
            for numbers in ("int8", "dynamic"):
                path = Path(folder) / f"{numbers}.tflite"
                path.write_bytes(_converted(model, images.x[:CALIBRATED] if numbers == "int8" else None))
                yield f"MobileNetV3-Small × {alpha}, {numbers}", _measured(path, problem)


def _mobilenet(images: Images, alpha: float) -> keras.Model:
    """MobileNetV3-Small (Howard et al. 2019) on images padded to the least that Keras builds it for."""
    inputs = keras.Input(images.shape)
    x = keras.layers.Rescaling(2.0 / images.scale, offset=-1.0)(inputs)
    missing = [max(SMALLEST - side, 0) for side in images.shape[:2]]
    x = keras.layers.ZeroPadding2D([((each + 1) // 2, each // 2) for each in missing])(x)
    body = keras.applications.MobileNetV3Small(
        input_shape=x.shape[1:],
        alpha=alpha,
        include_top=False,
        weights=None,
        include_preprocessing=False,
        pooling="avg",
    )
    for layer in body.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = MOMENTUM
    return keras.Model(inputs, keras.layers.Dense(len(images.classes), activation="softmax")(body(x)))


def _converted(model: keras.Model, examples: np.ndarray | None) -> bytes:
    """The file of a network; int8 everywhere if there are examples to calibrate with, else in its weights."""
    import tensorflow as tf

    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if examples is not None:
        converter.representative_dataset = lambda: ([image[None].astype("float32")] for image in examples)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    return bytes(converter.convert())


def _measured(path: Path, problem: Any) -> dict[str, Any]:
    predicted = np.unique(problem.y_train)[run(path, problem.x_test).argmax(axis=1)]
    return {
        "accuracy": float(np.mean(predicted == problem.y_test)),
        "latency_ms": min(latency_ms(path, problem.x_test[0]) for _ in range(5)),
        "size_kb": path.stat().st_size / 1024,
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
    parser.add_argument("--ours", action="store_true", help="only the networks of easynas")
    parser.add_argument("--show", action="store_true", help="print the table of what was measured")
    return parser.parse_args()


if __name__ == "__main__":
    main()
