"""fastText: bags of words and n-grams under a linear classifier, its settings found by its own `autotune`."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import fasttext
import numpy as np

from peers.contract import Array, Fitted, Task

HELD_OUT, TUNING = 0.15, 0.75
"""Shares of the texts and of the time; after the tuning fastText trains once more with what it found."""

THRESHOLDS = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5)


def fit(task: Task) -> Fitted:
    """Texts are put in lower case and their punctuation apart, as fastText's own tutorial does."""
    several = task.settings.target == "labels"
    answers = [each if several else [each] for each in np.asarray(task.y, object).tolist()]
    names = sorted({name for each in answers for name in each})
    order = np.random.default_rng(task.settings.seed).permutation(len(answers))
    held, kept = np.split(order, [round(HELD_OUT * len(order))])
    model = fasttext.train_supervised(
        input=_file(task, answers, kept, names, "train"),
        autotuneValidationFile=_file(task, answers, held, names, "held"),
        autotuneDuration=max(1, int(TUNING * task.settings.budget)),
        verbose=0,
        **({"loss": "ova"} if several else {}),
    )

    def probabilities(x: Any) -> Array:
        return _probabilities(model, [cleaned(text) for text in x], len(names))

    def save(folder: Path) -> None:
        model.save_model(str(folder / "model.bin"))

    if not several:
        return Fitted(lambda x: [names[i] for i in probabilities(x).argmax(axis=1)], save, probabilities, names)
    threshold = _threshold(probabilities([task.x[i] for i in held]), [answers[i] for i in held], names)

    def predict(x: Any) -> list[list[Any]]:
        return [[names[i] for i in np.flatnonzero(row > threshold)] for row in probabilities(x)]

    return Fitted(predict, save, figures={"threshold": threshold})


def cleaned(text: str) -> str:
    """One line in lower case, punctuation between spaces."""
    return " ".join(re.sub(r"([.!?,'/()])", r" \1 ", text.lower()).split())


def _file(task: Task, answers: Sequence[list[Any]], rows: Array, names: list[Any], name: str) -> str:
    """Writes samples as fastText reads them: each label as its number, so that it holds no space."""
    path = task.folder / f"{name}.txt"
    with path.open("w", encoding="utf-8") as file:
        for row in rows:
            labels = " ".join(f"__label__{names.index(each)}" for each in answers[row])
            file.write(f"{labels} {cleaned(task.x[row])}\n")
    return str(path)


def _probabilities(model: Any, texts: list[str], count: int) -> Array:
    found = np.zeros((len(texts), count))
    for row, (labels, values) in enumerate(zip(*model.predict(texts, k=count), strict=True)):
        found[row, [int(label.removeprefix("__label__")) for label in labels]] = values
    return found


def _threshold(said: Array, answers: list[list[Any]], names: list[Any]) -> float:
    """The probability from which a label is given, by the mean F1 of the labels on held-out texts."""
    true = np.array([[name in each for name in names] for each in answers])

    def f1(threshold: float) -> float:
        given = said > threshold
        right = (given & true).sum(axis=0)
        return float(np.mean(2 * right / np.maximum(given.sum(axis=0) + true.sum(axis=0), 1)))

    return max(THRESHOLDS, key=f1)
