"""`NB201`: the cell of Dong and Yang, "NAS-Bench-201" (2020), section 2: four nodes, one of five operations an edge.

There: a stem of 16 channels, three stages of five equal cells, and a residual unit that halves between the stages, for
images of 32 x 32 pixels. `Skeleton` is exactly that network. `NB201` is for any images and any time: its width and the
numbers of its stages and cells are choices too, its stem is the one of our other blocks (which ends in a relu), and a
stage halves only while the image is large enough. What differs in its cell: edges that lead nowhere are not built, and
a cell whose last node nothing reaches passes its input on, where the published one gives zeros and cannot learn.

What the published table counts, found by comparing (`benchmarks/nas/counts.py`, all 15,625 cells): its "FLOPs" are
multiply-accumulates of convolutions and the dense layer, one for each of the dense layer's biases included, nothing for
normalization, activation, pooling and sums; its parameters are those that are trained, scale and shift of
normalizations included, their moving statistics not; and edges that lead nowhere count in full.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import keras_tuner
import numpy as np
from keras import layers

from easynas.errors import InputError
from easynas.nets.block import Block
from easynas.nets.dag import Operations, edges, indicators, join, sequences
from easynas.nets.head import answers
from easynas.nets.layers import can_halve, conv, conv_norm_act, norm_act, stem
from easynas.schema import Answer
from easynas.space.dimension import Value

NODES = 4
EDGES = edges(NODES)
"""(0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3): the order of the published architecture strings."""

OPERATIONS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
# A residual unit of two 3x3 convolutions, as the paper writes ResNet in its space.
DEFAULT_CELL = ("nor_conv_3x3", "none", "nor_conv_3x3", "skip_connect", "none", "skip_connect")
# About evenly spaced in cost: of widths drawn evenly, most would be too large for any one budget.
WIDTHS = (4, 8, 12, 16, 24, 32, 48, 64)
# The published skeleton: channels of its stages, and cells in each.
SKELETON_WIDTHS = (16, 32, 64)
SKELETON_CELLS = 5


@dataclass(frozen=True)
class NB201(Block):
    """Stages of one repeated cell; the width doubles with every stage."""

    name: str = "nb201"

    def declare(self, hp: keras_tuner.HyperParameters) -> None:
        declare_cell(hp, self.name)
        hp.Choice(f"{self.name}/width", list(WIDTHS), default=16)
        hp.Int(f"{self.name}/stages", 2, 4, default=3)
        hp.Choice(f"{self.name}/repeats", [1, 2, 3, SKELETON_CELLS], default=1)

    def build(self, hp: keras_tuner.HyperParameters, x: Any) -> Any:
        operations, width = operations_of(hp.values, name=self.name), hp.get(f"{self.name}/width")
        x = stem(x, width)
        for stage in range(hp.get(f"{self.name}/stages")):
            if stage > 0:
                x = _reduction(x, width * 2**stage, strides=2 if can_halve(x) else 1)
            for _ in range(hp.get(f"{self.name}/repeats")):
                x = cell(x, operations)
        return norm_act(x)


@dataclass(frozen=True)
class Skeleton(Block):
    """The published network whole, from pixels to probabilities; the cell is its only choice.

    Attributes:
        classes: how many there are.
        cells: in each of the three stages.
    """

    name: str = "nb201"
    classes: int = 10
    cells: int = SKELETON_CELLS

    def declare(self, hp: keras_tuner.HyperParameters) -> None:
        declare_cell(hp, self.name)

    def build(self, hp: keras_tuner.HyperParameters, x: Any) -> Any:
        """Takes `(batch, 32, 32, 3)`, returns probabilities `(batch, classes)`."""
        operations = operations_of(hp.values, name=self.name)
        for stage, filters in enumerate(SKELETON_WIDTHS):
            x = conv_norm_act(x, filters, activation=None) if stage == 0 else _reduction(x, filters, strides=2)
            for _ in range(self.cells):
                x = cell(x, operations, prune=False)
        return answers(layers.GlobalAveragePooling2D()(norm_act(x)), Answer("classes", self.classes))


def declare_cell(hp: keras_tuner.HyperParameters, name: str) -> None:
    """Registers the six operations of a cell, as `f"{name}/edge_{source}_{target}"`."""
    for (source, target), default in zip(EDGES, DEFAULT_CELL, strict=True):
        hp.Choice(f"{name}/edge_{source}_{target}", list(OPERATIONS), default=default)


def operations_of(values: Mapping[str, Value], *, name: str = "nb201") -> Operations:
    """The operations of a genotype's cell, in the order of `EDGES`.

    Raises:
        InputError: an edge is missing; `name` may be another one than the block's.
    """
    names = [f"{name}/edge_{source}_{target}" for source, target in EDGES]
    missing = [each for each in names if values.get(each) not in OPERATIONS]
    if missing:
        raise InputError(f"Values must hold one of {list(OPERATIONS)} for {missing}. Received: {dict(values)}.")
    return tuple(str(values[each]) for each in names)


def cell(x: Any, operations: Operations, *, prune: bool = True) -> Any:
    """Adds a cell to `x` and returns its last node, of the same shape.

    Args:
        x: Keras tensor `(batch, height, width, channels)`.
        operations: one for each of `EDGES`.
        prune: whether to leave out what leads nowhere; else an edge without an operation brings zeros, as published.
    """
    chosen = zip(EDGES, operations, strict=True)
    present = {edge: partial(_operation, name=name) for edge, name in chosen if not (prune and name == "none")}
    return join(x, present, nodes=NODES)


def paths(values: Mapping[str, Value], *, name: str = "nb201") -> np.ndarray:
    """Which sequences of operations lead through a genotype's cell: a vector `(40,)` of 0 and 1, for a predictor.

    The path encoding of White et al., "BANANAS" (2021). There: sequences of all operations. Here: those of
    convolutions and pooling alone, because an edge without an operation is no path, and a skip connection changes
    nothing on one: cells that compute the same have the same vector. The first entry is a path of skips alone.
    """
    present = {edge: each for edge, each in zip(EDGES, operations_of(values, name=name), strict=True) if each != "none"}
    return indicators(sequences(present, nodes=NODES, silent="skip_connect"), OPERATIONS[2:], longest=NODES - 1)


def key(values: Mapping[str, Value], *, name: str = "nb201") -> str:
    """The same text for cells that compute the same; empty for those whose last node nothing reaches.

    Skip connections are replaced by what they pass on, edges that lead nowhere left out, and sums sorted. So 4,930 of
    the 15,625 cells are different; the paper counts 6,466, because it keeps an edge without an operation as a term.
    """
    terms: dict[int, list[str]] = {node: ["x"] if node == 0 else [] for node in range(NODES)}
    for (source, target), operation in zip(EDGES, operations_of(values, name=name), strict=True):
        if operation == "skip_connect":
            terms[target] += terms[source]
        elif operation != "none" and terms[source]:
            terms[target].append(f"{operation}({' + '.join(sorted(terms[source]))})")
    return " + ".join(sorted(terms[NODES - 1]))


def _operation(x: Any, *, name: str) -> Any:
    match name:
        case "none":
            return layers.Rescaling(0.0)(x)
        case "skip_connect":
            return x
        case "avg_pool_3x3":
            return layers.AveragePooling2D(3, strides=1, padding="same")(x)
    return _act_conv_norm(x, x.shape[-1], kernel=1 if name == "nor_conv_1x1" else 3)


def _reduction(x: Any, filters: int, *, strides: int) -> Any:
    """The residual unit between two stages; its shortcut averages, then projects."""
    inner = _act_conv_norm(x, filters, kernel=3, strides=strides)
    inner = _act_conv_norm(inner, filters, kernel=3)
    if strides > 1:
        x = layers.AveragePooling2D(strides, padding="same")(x)
    return layers.Add()([conv(x, filters, kernel=1), inner])


def _act_conv_norm(x: Any, filters: int, *, kernel: int, strides: int = 1) -> Any:
    return conv_norm_act(layers.Activation("relu")(x), filters, kernel=kernel, strides=strides, activation=None)
