"""`Trees`: gradient-boosted trees as a network, so that they can be averaged with others and shipped in the same files.

All comparisons of all trees are made at once; a product with a matrix of 1 and -1 finds the one leaf of every tree
whose comparisons all came out as they must, and another product adds what these leaves say (the GEMM strategy of
Nakandala et al. 2020, "A tensor compiler for unified machine learning prediction serving"). What differs: a tree is a
few dense layers that Keras has, so nothing has to be registered to load one. Categories are ordered once, by what is
to be predicted (Wright & König 2019, "Splitting on categorical predictors in random forests"), and are numbers from
there on. The weights are not learned by gradients: `train/boosting.py` grows the trees.
"""

from dataclasses import dataclass
from typing import Any

import keras
import keras_tuner
import numpy as np
from keras import layers, ops

from easynas.data.statistics import TableStatistics
from easynas.nets.block import Block
from easynas.nets.head import activate
from easynas.nets.table.front import joined, scaled
from easynas.schema import Answer

COUNTS = (25, 50, 100, 200, 400)
"""Rounds of boosting to choose from; each adds a tree for every sum of trees."""

RATE, COLUMNS, LEAST, PENALTY = 0.1, 0.5, 20, 1.0
"""How they are grown unless a choice says otherwise, see `train/boosting.py`."""

RANGE = 1_000.0
"""Largest size of a scaled number, to which larger ones are cut; a missing one is beyond."""

_MISSING = 2 * RANGE
_MANY = 2_000  # rows
_MOST_TREES = 1_000  # of a network: a megabyte with 16 leaves
_CODES, _SEEN, _COLUMNS, _THRESHOLDS, _LEAVES, _VALUES = (
    f"trees_{part}" for part in ("codes", "seen", "columns", "thresholds", "leaves", "values")
)


@dataclass(frozen=True)
class Trees(Block):
    """Trees whose values are added up, one sum for every class, label or number; of two classes one sum.

    Attributes:
        answer: what to answer.
        statistics: of the training samples.
    """

    answer: Answer
    statistics: TableStatistics
    name: str = "trees"

    def declare(self, hp: keras_tuner.HyperParameters) -> None:
        counts = affordable_rounds(self.answer)
        hp.Choice(f"{self.name}/count", list(counts), default=min(200, counts[-1]))
        hp.Choice(f"{self.name}/leaves", list(affordable_leaves(self.answer, self.statistics)), default=8)
        hp.Choice(f"{self.name}/rate", [0.03, 0.06, 0.1, 0.2], default=RATE)
        hp.Choice(f"{self.name}/columns", [0.3, 0.5, 1.0], default=COLUMNS)
        hp.Choice(f"{self.name}/least", [3, 10, 20, 60], default=LEAST)
        hp.Choice(f"{self.name}/penalty", [0.0, 1.0, 10.0], default=PENALTY)

    def build(self, hp: keras_tuner.HyperParameters, x: Any) -> Any:
        """Takes encoded arrays, returns answers `(batch, outputs)`."""
        trees, leaves = sums(self.answer) * hp.get(f"{self.name}/count"), hp.get(f"{self.name}/leaves")
        comparisons = trees * (leaves - 1)
        found = self._seen(x)
        # Which column a comparison looks at is a weight, and only layers with an input have weights.
        numbers = ops.cast(ops.zeros_like(found[:1, :1]), "int32") - np.arange(0, -comparisons, -1, dtype=np.int32)
        columns = _table(comparisons, _COLUMNS, dtype="int32")(numbers)
        thresholds = _table(comparisons, _THRESHOLDS)(numbers)
        compared = ops.take(found, ops.reshape(columns, (comparisons,)), axis=1)
        right = ops.cast(ops.greater(compared, ops.reshape(thresholds, (1, comparisons))), "float32")
        right = layers.Reshape((trees, leaves - 1))(right)
        reached = layers.EinsumDense(
            "bti,til->btl", output_shape=(trees, leaves), bias_axes="tl", activation="relu", name=_LEAVES
        )(right)
        return activate(self._sums(reached), self.answer)

    def _seen(self, x: Any) -> Any:
        """Every column with numbers twice, missing ones below all others and above them; and ordered categories."""
        found = []
        if self.statistics.numbers is not None:
            numbers, known = scaled(x["numbers"], self.statistics.numbers)
            numbers = ops.clip(numbers, -RANGE, RANGE)
            found += [ops.where(known, numbers, side * _MISSING) for side in (-1.0, 1.0)]
        if self.statistics.sizes:
            sizes = self.statistics.sizes
            # Subtracted: Keras adds a vector as a bias, and TFLite has no biases of integers.
            starts = -np.cumsum((0, *sizes[:-1])).astype(np.int32)
            codes = _table(sum(sizes), _CODES)(x["categories"] - starts)
            found.append(layers.Reshape((len(sizes),))(codes))
        return layers.Identity(name=_SEEN)(joined(found))

    def _sums(self, reached: Any) -> Any:
        """Logits of what the reached leaves say; TFLite has no such product with a single sum."""
        count = sums(self.answer)
        reached = layers.Reshape((count, -1))(reached)
        added = layers.EinsumDense("bkf,kf->bk", output_shape=(count,), bias_axes="k", name=_VALUES)(reached)
        if not _is_binary(self.answer):
            return added
        return layers.Concatenate(name="logits")([added * -0.5, added * 0.5])


@dataclass(frozen=True, eq=False)
class Forest:
    """Grown trees as arrays. A sample goes right where the number in a column is above a threshold.

    Attributes:
        columns: that a comparison looks at, `(trees, leaves - 1)`, as `Trees` has them.
        thresholds: of the comparisons, `(trees, leaves - 1)`.
        turns: what a leaf asks of a comparison, `(trees, leaves - 1, leaves)`: 1 right, -1 left, 0 nothing.
        values: of the leaves, `(trees, leaves)`; all trees of the first sum come first.
        bases: what the sums begin with.
    """

    columns: np.ndarray
    thresholds: np.ndarray
    turns: np.ndarray
    values: np.ndarray
    bases: np.ndarray

    def plant(self, model: keras.Model) -> None:
        """Makes these the trees of a network."""
        model.get_layer(_COLUMNS).set_weights([self.columns.reshape(-1, 1)])
        model.get_layer(_THRESHOLDS).set_weights([self.thresholds.reshape(-1, 1)])
        # 1 for the leaf of which all turns are right, less for every other, so that relu leaves 1 and 0.
        offsets = 1.0 - (self.turns > 0).sum(axis=1)
        model.get_layer(_LEAVES).set_weights([self.turns, offsets])
        model.get_layer(_VALUES).set_weights([self.values.reshape(len(self.bases), -1), self.bases])


def is_grown(model: keras.Model) -> bool:
    """Whether the weights of a network, or of a part of it, are grown rather than learned by gradients."""
    return any(is_grown(layer) if isinstance(layer, keras.Model) else layer.name == _LEAVES for layer in model.layers)


def order_codes(model: keras.Model, codes: np.ndarray) -> None:
    """Makes these numbers `(codes,)` stand for the categories of a network, wherever it looks them up."""
    model.get_layer(_CODES).set_weights([codes[:, None]])


def count_codes(model: keras.Model) -> int:
    """How many categories of all columns a network looks up."""
    return int(model.get_layer(_CODES).input_dim)


def size_of(model: keras.Model) -> tuple[int, int]:
    """How many trees a network has, and how many leaves each."""
    trees, _, leaves = model.get_layer(_LEAVES).kernel.shape
    return trees, leaves


def codes_seen_by(model: keras.Model) -> keras.Model | None:
    """Where the trees of a network look up categories, integers `(batch, columns)`; None without category columns."""
    if all(layer.name != _CODES for layer in model.layers):
        return None
    return keras.Model(model.input, model.get_layer(_CODES).input)


def seen_by(model: keras.Model) -> keras.Model:
    """What the trees of a network look at, `(batch, columns)`: numbers, the same again, ordered categories."""
    return keras.Model(model.input, model.get_layer(_SEEN).output)


def sums_by(model: keras.Model) -> keras.Model:
    """What the trees of a network add up to, `(batch, sums)`."""
    return keras.Model(model.input, model.get_layer(_VALUES).output)


def missing(seen: np.ndarray) -> np.ndarray:
    """Where a number is missing."""
    return np.asarray(np.abs(seen) > RANGE)


def sums(answer: Answer) -> int:
    """How many sums of trees there are."""
    return 1 if _is_binary(answer) else answer.outputs


def affordable_rounds(answer: Answer) -> tuple[int, ...]:
    """Those of `COUNTS` that make a network of at most a few megabytes; at least the first."""
    return tuple(count for count in COUNTS if count * sums(answer) <= _MOST_TREES) or COUNTS[:1]


def affordable_leaves(answer: Answer, statistics: TableStatistics) -> tuple[int, ...]:
    """Large trees are for one sum of them, since their size grows with the square, and need samples."""
    return (4, 8, 16, 32) if sums(answer) == 1 and statistics.rows >= _MANY else (4, 8, 16)


def _is_binary(answer: Answer) -> bool:
    return answer.kind == "classes" and answer.outputs == 2


def _table(entries: int, name: str, *, dtype: str = "float32") -> Any:
    """One number for every integer below `entries`."""
    return layers.Embedding(entries, 1, embeddings_initializer="zeros", trainable=False, dtype=dtype, name=name)
