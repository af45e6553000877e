"""How well multiply-accumulates tell what a training step takes on this machine; a JSON line for each network.

    python benchmarks/compute_model.py
    python benchmarks/compute_model.py --show

The networks are random designs of the space for images, as large as a search would make them, at three sizes of images.
What a fit believes is three times the multiply-accumulates of a forward pass, at the speed that `easynas.train.machine`
probed. The probe is repeated before and after the steps of every network, so that a machine that changes its speed
meanwhile changes both. The last lines are a summary for every size and for all:

- `as_probed`: errors of what a fit believes,
- `calibrated`: the same when one factor is learned from the other networks of that size,
- `by_layers`: of a sum over layers, whose prices are learned from the other networks of all sizes: seconds for a
  multiply-accumulate in a dense convolution and in a depthwise one, for a number that is normalized, and for any other
  number that a layer gives. It tells what a better model could reach.
"""

import argparse
import json
import math
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers
from scipy.optimize import nnls

from easynas import spaces
from easynas.nets.cost import macs, parameters
from easynas.nets.design import Compute
from easynas.nets.images import ImageDesign, design_images
from easynas.nets.network import model_of, precision
from easynas.runtime.calibration import accuracy
from easynas.schema import Answer, ImageSchema
from easynas.space.space import Values
from easynas.train import recipe
from easynas.train.machine import Machine, probe
from easynas.train.recipe import Recipe
from easynas.train.trainer import compiled

HERE = Path(__file__).parent
SHAPES = ((28, 28, 1), (32, 32, 3), (64, 64, 3))
ANSWER = Answer("classes", 10)
SAMPLES, SECONDS, TYPICAL_SPEED = 20_000, 60.0, 3e10  # decide how large networks are: the same ones on every machine
BATCH = 128
PASSES = 3.0  # see `easynas.nets.design.Compute.work`
PRICED = ("dense_macs", "depthwise_macs", "normalized", "others")
WARM_UP = 2  # steps, of which the first traces the network

Record = dict[str, Any]


def main() -> None:
    """Measures, or shows what was measured."""
    options = _options()
    if not options.show:
        options.out.unlink(missing_ok=True)
        for shape in SHAPES:
            for record in measured(shape, options.designs, options.steps):
                with options.out.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(record) + "\n")
                print(json.dumps(record), flush=True)
    records = [json.loads(line) for line in options.out.read_text(encoding="utf-8").splitlines()]
    for record, seconds in zip(records, by_layers(records), strict=True):
        record["by_layers_seconds"] = seconds
    for shape in sorted({tuple(each["shape"]) for each in records}):
        print(json.dumps(summary(str(shape), [each for each in records if tuple(each["shape"]) == shape])))
    print(json.dumps(summary("all", records)))


def measured(shape: tuple[int, int, int], count: int, steps: int) -> Iterator[Record]:
    """A record for each of some random designs: what a sample takes in a training step, and what was believed."""
    design = designed(shape)
    rng = np.random.default_rng(shape[0])
    x = rng.integers(0, 256, (BATCH, *shape)).astype("float32")
    y = np.eye(ANSWER.outputs, dtype="float32")[rng.integers(ANSWER.outputs, size=BATCH)]
    drawn = filter(design.feasible, (design.space.sample(rng) for _ in range(100 * count)))
    for values, _ in zip(drawn, range(count), strict=False):
        before = probe()
        found = timed(design, values, before, x, y, steps)
        # Of two probes the mean: the speed of the machine may have changed meanwhile.
        speed = (before.macs_per_second + probe().macs_per_second) / 2
        yield {
            "shape": shape,
            "network": values["network"],
            "optimizer": values["train/optimizer"],
            **found,
            "predicted_seconds": PASSES * found["macs"] / speed,
        }
        keras.backend.clear_session()


def designed(shape: tuple[int, int, int]) -> ImageDesign:
    """The space, its networks cut to the same compute everywhere."""
    return design_images(
        ImageSchema(shape, "uint8", (120.0,) * shape[2], (4000.0,) * shape[2]),
        ANSWER,
        shape=shape,
        compute=Compute(SECONDS, TYPICAL_SPEED, SAMPLES),
        block=spaces.create("auto"),
        whitening=None,
        declare_training=recipe.declare,
        seed=0,
    )


def timed(design: ImageDesign, values: Values, machine: Machine, x: Any, y: Any, steps: int) -> Record:
    """Seconds of a sample in a training step, the median of some steps, and what the network is."""
    with precision(machine.precision):
        model = model_of(design.network, values, x.shape[1:])
    trained = compiled(model, Recipe.of(values, batch_size=BATCH), ANSWER)
    seconds = []
    for _ in range(WARM_UP + steps):
        started = time.perf_counter()
        trained.train_on_batch(x, y)
        seconds.append((time.perf_counter() - started) / BATCH)
    return {
        "macs": macs(model),
        "parameters": parameters(model),
        **dict(zip(PRICED, amounts(model), strict=True)),
        "seconds": statistics.median(seconds[WARM_UP:]),
    }


def amounts(model: keras.Model) -> tuple[float, ...]:
    """What a network has of each of `PRICED`, for one sample."""
    depthwise, normalized, others = 0.0, 0.0, 0.0
    for layer in model.layers:
        match layer:
            case layers.InputLayer():
                continue
            case layers.DepthwiseConv2D() | layers.SeparableConv2D():
                kernel = layer.kernel if isinstance(layer, layers.DepthwiseConv2D) else layer.depthwise_kernel
                depthwise += math.prod(layer.output.shape[1:3]) * math.prod(kernel.shape)
        if isinstance(layer, layers.BatchNormalization):
            normalized += math.prod(layer.output.shape[1:])
        else:
            others += math.prod(layer.output.shape[1:])
    return macs(model) - depthwise, depthwise, normalized, others


def by_layers(records: Sequence[Record]) -> Any:
    """What the networks take by prices that were learned from the others, each relative to its own time."""
    have = np.array([[each[name] for name in PRICED] for each in records], dtype=float)
    seconds = np.array([each["seconds"] for each in records])
    predicted = np.empty(len(records))
    for row in range(len(records)):
        others = np.arange(len(records)) != row
        prices, _ = nnls(have[others] / seconds[others, None], np.ones(others.sum()))
        predicted[row] = have[row] @ prices
    return predicted


def summary(name: str, records: Sequence[Record]) -> Record:
    """Errors of what was believed, as probed, with the factor of the other networks of each size, and by layers."""
    predicted, seconds = (np.array([each[key] for each in records]) for key in ("predicted_seconds", "seconds"))
    shapes = np.array([each["shape"][0] for each in records])
    factors = np.ones(len(records))
    for row, shape in enumerate(shapes):
        others = (shapes == shape) & (np.arange(len(records)) != row)
        if others.any():
            factors[row] = np.median(seconds[others] / predicted[others])
    return {
        "shape": name,
        "networks": len(records),
        "as_probed": asdict(accuracy(predicted, seconds)),
        "calibrated": asdict(accuracy(factors * predicted, seconds)),
        "by_layers": asdict(accuracy(np.array([each["by_layers_seconds"] for each in records]), seconds)),
    }


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--designs", type=int, default=20, help="of each size")
    parser.add_argument("--steps", type=int, default=15, help="of each network, of which the median counts")
    parser.add_argument("--out", type=Path, default=HERE / "results" / "compute_model.jsonl")
    parser.add_argument("--show", action="store_true", help="print the summary of what was measured")
    return parser.parse_args()


if __name__ == "__main__":
    main()
