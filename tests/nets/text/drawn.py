"""Small texts, encoded, and networks on them."""

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from easynas.nets.block import Block
from easynas.nets.network import build
from easynas.nets.text.statistics import GramStatistics
from easynas.schema import Answer, TextSchema
from easynas.space.dimension import Value

SCHEMA = TextSchema(words=12, vocabulary=40, grams=20, gram_vocabulary=60)
CLASSES = Answer("classes", 3)


def drawn_texts(count: int, seed: int = 0) -> dict[str, np.ndarray]:
    """Ids of random texts of all lengths; the first is empty."""
    rng = np.random.default_rng(seed)
    words = np.zeros((count, SCHEMA.words), np.int32)
    grams = np.zeros((count, SCHEMA.grams), np.int32)
    for row in range(1, count):
        size = int(rng.integers(1, SCHEMA.words + 1))
        words[row, :size] = rng.integers(1, SCHEMA.vocabulary, size)
        size = int(rng.integers(1, SCHEMA.grams + 1))
        grams[row, :size] = np.sort(rng.choice(np.arange(1, SCHEMA.gram_vocabulary), size, replace=False))
    return {"words": words, "grams": grams}


def statistics(name: str, answer: Answer = CLASSES, seed: int = 0) -> GramStatistics:
    """Of the ids in one of the arrays, for drawn answers."""
    rng = np.random.default_rng(seed)
    y = {
        "classes": lambda: rng.integers(0, answer.outputs, 50),
        "labels": lambda: rng.integers(0, 2, (50, answer.outputs)),
        "numbers": lambda: rng.normal(size=(50, answer.outputs)),
    }[answer.kind]()
    return GramStatistics.learn(
        drawn_texts(50)[name], y, answer, vocabulary={"words": SCHEMA.vocabulary, "grams": SCHEMA.gram_vocabulary}[name]
    )


def network(block: Block, values: Mapping[str, Value] | None = None, schema: TextSchema = SCHEMA) -> keras.Model:
    """The network of a block for texts of a schema."""
    inputs = {
        "words": keras.Input((schema.words,), dtype="int32", name="words"),
        "grams": keras.Input((schema.grams,), dtype="int32", name="grams"),
    }
    return keras.Model(inputs, build(block, values or {}, inputs))


def answered(model: keras.Model, texts: Mapping[str, np.ndarray]) -> np.ndarray:
    return np.asarray(model(dict(texts), training=False))


def padded(texts: Mapping[str, np.ndarray], more: int) -> dict[str, Any]:
    """The same texts with more zeros behind."""
    return {name: np.pad(array, ((0, 0), (0, more))) for name, array in texts.items()}
