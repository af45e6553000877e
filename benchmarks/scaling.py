"""What a second worker is worth: trials a minute of the same number of epochs, with one and with two local workers.

    python benchmarks/scaling.py --seconds 12 --repeats 3

Trainings end with the clock, so what is counted is epochs: all that the workers train in a minute, divided by those of
one trial. Settings take turns, so that a busy machine disturbs all of them alike; the last lines have the medians.
"""

import argparse
import itertools
import json
import statistics
import tempfile
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from easynas import Done, Job, samples, spaces
from easynas.data.images import ImageEncoder, ingest_images
from easynas.data.split import split
from easynas.data.store import Store
from easynas.engines import Local
from easynas.nets.head import ImageHead
from easynas.nets.network import ImageNetwork
from easynas.search.budget import Deadline
from easynas.train.evaluator import Evaluator
from easynas.train.scoring import Scoring

EPOCHS = 3.0
"""Of one trial, as it is counted."""

SETTINGS = {"1 worker, 1 thread": (1, 1), "1 worker, 2 threads": (1, 2), "2 workers, 1 thread": (2, 1)}
WIDTHS = (8, 16, 32)


def main() -> None:
    """Runs all settings for every width of a small network, again and again."""
    parser = argparse.ArgumentParser(description="Measures what a second worker is worth.")
    parser.add_argument("--seconds", type=float, default=12.0, help="of one training")
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    found: dict[tuple[int, str], list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        evaluate = _evaluator(Path(folder))
        for repeat, width, name in itertools.product(range(options.repeats), WIDTHS, SETTINGS):
            workers, threads = SETTINGS[name]
            rate = _trials_per_minute(evaluate, width, workers=workers, threads=threads, seconds=options.seconds)
            found.setdefault((width, name), []).append(rate)
            line = {"repeat": repeat, "width": width, "setting": name, "trials_per_minute": rate}
            print(json.dumps(line), flush=True)
    for width in WIDTHS:
        medians = {name: statistics.median(found[width, name]) for name in SETTINGS}
        best_single = max(medians["1 worker, 1 thread"], medians["1 worker, 2 threads"])
        print(json.dumps({"width": width, "medians": medians, "ratio": medians["2 workers, 1 thread"] / best_single}))


def _evaluator(folder: Path) -> Evaluator:
    (x, y), _ = samples.load_fashion()
    data = ingest_images(x, y)
    train, validation = split(data.y, seed=0)
    assert isinstance(data.encoder, ImageEncoder)
    schema = data.encoder.schema
    size = schema.height, schema.width
    store = Store.write(folder / "data", data, data.encoder.at(size), train=train, validation=validation)
    head = ImageHead(data.target.answer)
    network = ImageNetwork(spaces.create("vgg"), head, mean=schema.mean, variance=schema.variance, augment=None)
    return Evaluator(
        network,
        store,
        Scoring("accuracy", data.target.answer),
        0,
        "float32",
        64,
        1,
        folder / "weights",
        candidate=False,
    )


def _trials_per_minute(evaluate: Evaluator, width: int, *, workers: int, threads: int, seconds: float) -> float:
    """Counts from the first step of each training on: what comes before it is the same for all settings."""
    log = evaluate.folder.parent / "workers.log"
    evaluate = replace(evaluate, threads=threads)
    jobs = [Job(number, {"vgg/width": width}) for number in range(workers)]
    with closing(Local().start(evaluate, workers=workers, threads=threads, log=log, grace=30.0)) as engine:
        for job in jobs:
            engine.submit(job, deadline=Deadline.after(seconds), bar=0.0)
        rate, ended = 0.0, 0
        while ended < len(jobs):
            for _, trial in engine.poll(timeout=1.0):
                ended += 1
                if isinstance(trial, Done):
                    trained = seconds - trial.metrics["first_step_seconds"]
                    rate += trial.metrics["epochs"] / EPOCHS * 60.0 / trained
        return round(rate, 2)


if __name__ == "__main__":
    main()
