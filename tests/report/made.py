"""What a fit leaves behind, made without one: a small network, a study with some trials, and specimens."""

from pathlib import Path
from typing import Any

import keras
import numpy as np

from easynas.data.dataset import Dataset, ingest
from easynas.data.frame import frame
from easynas.data.images import ingest_images
from easynas.data.labels import LabelsTarget
from easynas.data.numbers import NumberTarget
from easynas.data.table import TableEncoder
from easynas.data.target import ClassTarget
from easynas.data.tokenizer import TextEncoder, check_texts
from easynas.deploy.bundle import Bundle, assemble
from easynas.report.facts import Fitted
from easynas.report.specimens import find_twins, keep
from easynas.search.study import Study
from easynas.search.trial import Done, Failed, Job
from easynas.train.scoring import Scoring

METRICS = {"loss": 0.4, "standard_error": 0.02, "epochs": 5.0, "parameters": 1200.0, "macs": 5e4}
TRICKY = "</script><b>&\"'"


class Clock:
    """Every look takes two seconds."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        self.now += 2.0
        return self.now


def study(directory: Path, *, metric: str, trials: int = 10, network: str = "vgg") -> Study:
    """A study whose scores depend on the width; one trial was dropped, one failed, and the last was shipped."""
    header = {"task": "made", "data": "0123", "metric": metric, "seed": 7, "easynas": "0", "libraries": {"numpy": "2"}}
    made = Study.open(directory, header, budget=60.0, clock=Clock())
    rng = np.random.default_rng(0)
    made.append(Done(Job(0, {}, origin="baseline"), 0.5, 2.0, METRICS, curve=tuple(np.linspace(2, 1, 20))))
    for number in range(1, trials):
        width = int(rng.integers(8, 64))
        values = {"network": network, f"{network}/width": width, "train/rate": float(rng.choice([0.5, 1.0]))}
        metrics = {**METRICS, "macs": 1e3 * width, "parameters": 50.0 * width}
        curve = tuple(np.linspace(2, 1 - width / 100, 20))
        made.append(Done(Job(number, values, origin=f"tried {TRICKY}"), 0.5 + width / 150, 3.0, metrics, curve=curve))
    made.append(Done(Job(trials, {"network": network}), 0.3, 1.0, METRICS, fidelity=0.3))
    made.append(Failed(Job(trials + 1, {"network": network}), f"out of memory {TRICKY}", 1.0))
    made.ship(max((t for t in made.trials if isinstance(t, Done)), key=lambda trial: trial.score))
    made.notes.append("Images keep their pixels.")
    made.timings["search"] = 30.0
    made.close()
    return made


def images(count: int = 60) -> tuple[np.ndarray, np.ndarray]:
    """Pictures 12 x 12 with a bright corner: the upper left one for some, the lower right one for the others."""
    rng = np.random.default_rng(0)
    x = rng.integers(0, 60, (count, 12, 12)).astype(np.uint8)
    y = np.arange(count) % 2
    x[y == 0, :4, :4] += 150
    x[y == 1, 8:, 8:] += 150
    y[::10] = 1 - y[::10]  # somebody wrote these down wrongly
    return x, np.where(y == 0, f"left {TRICKY}", "right")


def texts(count: int = 60) -> tuple[list[str], list[str]]:
    """Sentences that are good or bad by one word."""
    rng = np.random.default_rng(0)
    fill = ["the", "film", "was", "a", "story", "about", "people"]
    labels = ["good" if place % 2 else "bad" for place in range(count)]
    words = {"good": "wonderful", "bad": "awful"}
    return [" ".join([*rng.choice(fill, 5), words[label], *rng.choice(fill, 3)]) for label in labels], labels


def table(count: int = 80) -> tuple[dict[str, Any], np.ndarray]:
    """Rows of which one number says nearly all."""
    rng = np.random.default_rng(0)
    columns = {
        "age": rng.normal(40, 10, count),
        f"noise {TRICKY}": rng.normal(size=count),
        "colour": rng.choice(["red", "blue"], count),
        "place": ["here"] * count,
    }
    return columns, columns["age"] + rng.normal(0, 1, count)


def fitted(kind: str, directory: Path) -> Fitted:
    """A fitted estimator of "images", "texts", "labels" (of texts), "tables" or "numbers" (of tables)."""
    modality, data = _data(kind)
    answer = data.target.answer
    model, device = assemble(data.encoder, answer, _network(kind, answer.outputs))
    everything = np.random.default_rng(1).permutation(len(data.y))
    bundle = Bundle(model, device, data.encoder, data.target, data.samples[everything[:8]])
    answers = bundle.answers(data.samples)
    if answer.kind == "numbers":
        answers = (answers - np.asarray(answer.mean)) / np.asarray(answer.scale)
    held_out = everything[::2]
    specimens = keep(
        data,
        None,
        train=everything[1::2],
        validation=held_out,
        folds=None,
        answers=answers[held_out],
        twins=find_twins(data, None),
        seed=0,
    )
    scoring = Scoring.of(None, answer)
    made = study(directory, metric=scoring.metric)
    settings = {"time_budget": "60s", "random_state": 7, "metric": None}
    return Fitted(f"{modality.capitalize()}Made", modality, settings, 60.0, scoring, bundle, made, specimens)


def _data(kind: str) -> tuple[str, Dataset]:
    if kind == "images":
        x, y = images()
        return "images", ingest_images(x, y)
    if kind in ("texts", "labels"):
        lines, labels = texts()
        y = labels if kind == "texts" else [[label, "long"] if place % 3 else [] for place, label in enumerate(labels)]
        target = ClassTarget.learn if kind == "texts" else LabelsTarget.learn
        checked = check_texts(lines)
        return "texts", ingest(checked, y, target=target, learn=lambda each: (each, TextEncoder.learn(each)))
    columns, numbers = table()
    encoder = TableEncoder.learn(columns)
    samples = encoder.check(columns)
    y = numbers if kind == "numbers" else np.where(numbers > 40, "old", "young")
    target = NumberTarget.learn if kind == "numbers" else ClassTarget.learn
    return "tables", ingest(frame(columns).cells, y, target=target, learn=lambda _: (samples, encoder))


def _network(kind: str, outputs: int) -> Any:
    """A network that was not trained; of images and numbers one that knows what to look at."""

    def network(x: Any) -> Any:
        if kind == "images":
            x = keras.layers.Rescaling(0.02)(x)
            x = keras.layers.Flatten()(keras.layers.AveragePooling2D(4)(x))
            return keras.layers.Dense(2, activation="softmax", kernel_initializer=_Ends())(x)
        if kind in ("texts", "labels"):
            x = keras.layers.Embedding(4096, 8, embeddings_initializer=_Seeded(1))(x["words"])
            x = keras.layers.GlobalAveragePooling1D()(x)
        else:
            x = keras.ops.nan_to_num(x["numbers"])
            if kind == "numbers":
                return keras.layers.Dense(1, kernel_initializer=_Ends())(x)
        activation = "sigmoid" if kind == "labels" else "softmax"
        return keras.layers.Dense(outputs, activation=activation, kernel_initializer=_Seeded(2))(x)

    return network


class _Seeded(keras.initializers.Initializer):
    """The same weights every time."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def __call__(self, shape: Any, dtype: Any = None, **_: Any) -> Any:
        return np.random.default_rng(self.seed).normal(0, 2.0, shape).astype("float32")


class _Ends(keras.initializers.Initializer):
    """The first input speaks for the first output, the last one for the last if there are several."""

    def __call__(self, shape: Any, dtype: Any = None, **_: Any) -> Any:
        weights = np.zeros(shape, "float32")
        weights[0, 0] = 1.0
        if shape[1] > 1:
            weights[-1, -1] = 1.0
        return weights
