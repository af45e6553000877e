"""How well a fit knows what a training step takes on this machine; a JSON line for each network.

    python benchmarks/compute_model.py
    python benchmarks/compute_model.py --show

The networks are designs of the portfolio and random ones of the space for images, as large as searches of two budgets
would make them, for images of four sizes. What a fit believes is `easynas.nets.cost.effort`, at the speed that
`easynas.train.machine` probed. The probe is repeated before and after the steps of every network, so that a machine
that changes its speed meanwhile changes both. The last lines are a summary for every size and for all:

- `believed`: errors of what a fit believes,
- `by_macs`: of multiply-accumulates, with the factor that suits the other networks best,
- `fitted`: of the same sum over layers as `effort`, with prices that were fitted to the other networks,

and the prices that suit all networks best, in units of the probe, as `easynas.nets.cost.PRICES` has them.
"""

import argparse
import json
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any

import keras
import numpy as np
from runner import append, read_results
from scipy.optimize import nnls

from easynas import spaces
from easynas.nets.cost import PRICES, Amounts, amounts, macs, parameters
from easynas.nets.design import PASSES, Compute
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
SHAPES = ((8, 8, 1), (28, 28, 1), (32, 32, 3), (64, 64, 3))
BUDGETS = (60.0, 800.0)
ANSWER = Answer("classes", 10)
SAMPLES, TYPICAL_SPEED = 20_000, 1.8e11  # decide how large networks are: the same ones on every machine
KNOWN, DRAWN = (0, 3, 4, 6, 7, 8), 3  # designs of the portfolio, and how many random ones
BATCH = 128
WARM_UP = 2  # steps, of which the first traces the network

Record = dict[str, Any]


def main() -> None:
    """Measures, or shows what was measured."""
    options = _options()
    if not options.show:
        options.out.unlink(missing_ok=True)
        for budget in BUDGETS:
            for shape in SHAPES:
                for record in measured(shape, budget, options.steps):
                    append(record, options.out)
                    print(json.dumps(record), flush=True)
    records = list(read_results(options.out))
    for record, seconds in zip(records, fitted(records), strict=True):
        record["fitted_seconds"] = seconds
    for shape in sorted({tuple(each["shape"]) for each in records}):
        print(json.dumps(summary(str(shape), [each for each in records if tuple(each["shape"]) == shape])))
    print(json.dumps(summary("all", records)))
    print(json.dumps({"prices": dict(zip(Amounts._fields, map(float, prices(records)), strict=True))}))


def measured(shape: tuple[int, int, int], budget: float, steps: int) -> Iterator[Record]:
    """A record for each of some designs: what a sample takes in a training step, and what was believed."""
    design = designed(shape, budget)
    rng = np.random.default_rng(shape[0])
    x = rng.integers(0, 256, (BATCH, *shape)).astype("float32")
    y = np.eye(ANSWER.outputs, dtype="float32")[rng.integers(ANSWER.outputs, size=BATCH)]
    known = [values for number, values in enumerate(design.portfolio()) if number in KNOWN]
    drawn = filter(design.feasible, (design.space.sample(rng) for _ in range(1_000)))
    for values in [*known, *islice(drawn, DRAWN)]:
        before = probe()
        found = timed(design, values, before, x, y, steps)
        # Of two probes the mean: the speed of the machine may have changed meanwhile.
        speed = (before.macs_per_second + probe().macs_per_second) / 2
        yield {
            "shape": shape,
            "budget": budget,
            "network": values["network"],
            "optimizer": values["train/optimizer"],
            **found,
            "unit_seconds": PASSES / speed,
        }
        keras.backend.clear_session()


def designed(shape: tuple[int, int, int], budget: float) -> ImageDesign:
    """The space, its networks cut to the same compute everywhere."""
    return design_images(
        ImageSchema(shape, "uint8", (120.0,) * shape[2], (4000.0,) * shape[2]),
        ANSWER,
        shape=shape,
        compute=Compute(budget, TYPICAL_SPEED, SAMPLES),
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
        "amounts": amounts(model),
        "seconds": statistics.median(seconds[WARM_UP:]),
    }


def fitted(records: Sequence[Record]) -> Any:
    """What the networks take by prices that were fitted to the others, each relative to its own time."""
    numbers = range(len(records))
    found = [prices([records[other] for other in numbers if other != number]) for number in numbers]
    return [each["unit_seconds"] * np.dot(each["amounts"], own) for each, own in zip(records, found, strict=True)]


def prices(records: Sequence[Record]) -> Any:
    """In units of the probe, those that make the errors relative to the times of networks least."""
    seconds = np.array([each["seconds"] / each["unit_seconds"] for each in records])
    found, _ = nnls(np.array([each["amounts"] for each in records]) / seconds[:, None], np.ones(len(records)))
    return found


def summary(name: str, records: Sequence[Record]) -> Record:
    """Errors of what was believed, of multiply-accumulates, and of prices that were fitted to others."""
    seconds, macs_alone = (np.array([each[key] for each in records], dtype=float) for key in ("seconds", "macs"))
    believed = [each["unit_seconds"] * np.dot(PRICES, each["amounts"]) for each in records]
    numbers = np.arange(len(records))
    factors = np.array([np.median((seconds / macs_alone)[numbers != number]) for number in numbers])
    return {
        "shape": name,
        "networks": len(records),
        "believed": asdict(accuracy(np.array(believed), seconds)),
        "by_macs": asdict(accuracy(factors * macs_alone, seconds)),
        "fitted": asdict(accuracy(np.array([each["fitted_seconds"] for each in records]), seconds)),
    }


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--steps", type=int, default=10, help="of each network, of which the median counts")
    parser.add_argument("--out", type=Path, default=HERE / "results" / "compute_model.jsonl")
    parser.add_argument("--show", action="store_true", help="print the summary of what was measured")
    return parser.parse_args()


if __name__ == "__main__":
    main()
