"""`DARTS`: two cells, one that keeps the resolution and one that halves it. Liu et al., "DARTS" (2019), section 3.

A cell takes the outputs of the two cells before it. Each of its nodes adds up two operations on earlier nodes, and its
output is all nodes side by side. Operations, preprocessing and factorized reduction are those of the paper's evaluation
network, and its cells for CIFAR-10 (figures 4 and 5) are the default. Three stages of six normal cells of 36 channels
are the paper's network (3.35 million parameters; the paper says 3.3).

There: the two inputs of a node are different, and 20 cells. Here: the inputs are chosen one by one, as in Zoph et al.,
"Learning transferable architectures" (2018), so that a mutation changes one of them; width, stages and cells are
choices; the stem is the one of our other blocks; and a stage halves only while the image is large enough. Drop-path and
the auxiliary classifier are left out: trainings of minutes do not overfit.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import keras_tuner
import numpy as np
from keras import layers

from easynas.errors import InputError
from easynas.nets.block import Block
from easynas.nets.dag import Operations, indicators
from easynas.nets.layers import can_halve, conv, conv_norm_act, norm_act, stem
from easynas.space.dimension import Value

OPERATIONS = (
    "skip_connect",
    "max_pool_3x3",
    "avg_pool_3x3",
    "sep_conv_3x3",
    "sep_conv_5x5",
    "dil_conv_3x3",
    "dil_conv_5x5",
)
# About evenly spaced in cost: of widths drawn evenly, most would be too large for any one budget.
WIDTHS = (4, 8, 12, 16, 24, 32, 48)
INPUTS = 2  # states 0 and 1 of a cell: the cell before the last one, and the last one
STEM_FACTOR = 3  # channels of the stem in multiples of the width, as in the paper

Branch = tuple[int, str]
"""A state of the cell, and the operation on it."""

Node = tuple[Branch, Branch]

DEFAULT_CELLS: dict[str, tuple[Node, ...]] = {
    "normal": (
        ((0, "sep_conv_3x3"), (1, "sep_conv_3x3")),
        ((0, "sep_conv_3x3"), (1, "sep_conv_3x3")),
        ((1, "sep_conv_3x3"), (0, "skip_connect")),
        ((0, "skip_connect"), (2, "dil_conv_3x3")),
    ),
    "reduction": (
        ((0, "max_pool_3x3"), (1, "max_pool_3x3")),
        ((2, "skip_connect"), (1, "max_pool_3x3")),
        ((0, "max_pool_3x3"), (2, "skip_connect")),
        ((2, "skip_connect"), (1, "max_pool_3x3")),
    ),
}
"""By kind of cell. More than four nodes begin again with the first."""


@dataclass(frozen=True)
class DARTS(Block):
    """Stages of normal cells, each but the first behind a reduction cell; the width doubles with every stage.

    Attributes:
        nodes: in a cell, whose output has so many times the width.
    """

    name: str = "darts"
    nodes: int = 4

    def declare(self, hp: keras_tuner.HyperParameters) -> None:
        for kind, defaults in DEFAULT_CELLS.items():
            for number in range(self.nodes):
                for side, (source, operation) in zip("ab", defaults[number % len(defaults)], strict=True):
                    branch = f"{self.name}/{kind}/{INPUTS + number}{side}"
                    hp.Choice(f"{branch}/input", list(range(INPUTS + number)), ordered=False, default=source)
                    hp.Choice(f"{branch}/operation", list(OPERATIONS), default=operation)
        hp.Choice(f"{self.name}/width", list(WIDTHS), default=8)
        # A cell has about 40 layers: five of them take 17 CPU-seconds before their first step, a ResNet of 57 layers 5.
        hp.Int(f"{self.name}/stages", 2, 3, default=2)
        hp.Int(f"{self.name}/repeats", 1, 3, default=1)

    def build(self, hp: keras_tuner.HyperParameters, x: Any) -> Any:
        normal, reduction = (cell_of(hp.values, kind, name=self.name) for kind in DEFAULT_CELLS)
        width = hp.get(f"{self.name}/width")
        before = x = stem(x, STEM_FACTOR * width)
        for stage in range(hp.get(f"{self.name}/stages")):
            filters = width * 2**stage
            if stage > 0:
                before, x = x, cell(before, x, reduction, filters, strides=2 if can_halve(x) else 1)
            for _ in range(hp.get(f"{self.name}/repeats")):
                before, x = x, cell(before, x, normal, filters)
        return x


def cell_of(values: Mapping[str, Value], kind: str, *, name: str = "darts") -> tuple[Node, ...]:
    """The nodes of a genotype's cell of a kind, "normal" or "reduction".

    Raises:
        InputError: there is none; `name` may be another one than the block's.
    """
    nodes: list[Node] = []
    while (prefix := f"{name}/{kind}/{INPUTS + len(nodes)}") + "a/input" in values:
        first, second = (
            (int(values[f"{prefix}{side}/input"]), str(values[f"{prefix}{side}/operation"])) for side in "ab"
        )
        nodes.append((first, second))
    if not nodes:
        raise InputError(f'Values must hold "{prefix}a/input" and the rest of the cell. Received: {dict(values)}.')
    return tuple(nodes)


def cell(before: Any, last: Any, nodes: tuple[Node, ...], filters: int, *, strides: int = 1) -> Any:
    """Adds a cell and returns all its nodes side by side, `(batch, height, width, len(nodes) * filters)`.

    Args:
        before: output of the cell before the last one; it may have twice the sides of `last`.
        last: output of the last cell, `(batch, height, width, channels)`.
        nodes: what they compute.
        filters: channels of every node.
        strides: by which the sides shrink.
    """
    shrunk = before.shape[1:3] != last.shape[1:3]
    states = [_halved(before, filters) if shrunk else _act_conv_norm(before, filters), _act_conv_norm(last, filters)]
    for node in nodes:
        branches = [
            _operation(states[source], operation, filters, strides=strides if source < INPUTS else 1)
            for source, operation in node
        ]
        states.append(layers.Add()(branches))
    return layers.Concatenate()(states[INPUTS:]) if len(nodes) > 1 else states[INPUTS]


def paths(values: Mapping[str, Value], *, name: str = "darts", longest: int = 2) -> np.ndarray:
    """Which sequences of operations lead from an input to a node in a genotype's cells, for a predictor.

    The path encoding of White et al., "BANANAS" (2021), cut to short paths, which are the likely ones.
    There: sequences of all operations. Here: skip connections leave no trace, as they change nothing on a path.

    Args:
        values: a genotype.
        name: of the block.
        longest: operations of a path that is still seen; the vector grows with its power.

    Returns:
        A vector of 0 and 1, `(172,)` for paths of 0 to 2 operations: both cells, both inputs, 43 sequences each.
    """
    cells = (cell_of(values, kind, name=name) for kind in DEFAULT_CELLS)
    seen = [indicators(_sequences(each, start), OPERATIONS[1:], longest=longest) for each in cells for start in (0, 1)]
    return np.concatenate(seen)


def _sequences(nodes: tuple[Node, ...], start: int) -> set[Operations]:
    """Operations along every path from an input to any node: all nodes are part of the output."""
    reaching: list[set[Operations]] = [{()} if state == start else set() for state in range(INPUTS)]
    for node in nodes:
        steps = [(source, () if operation == "skip_connect" else (operation,)) for source, operation in node]
        reaching.append({path + step for source, step in steps for path in reaching[source]})
    return set().union(*reaching[INPUTS:])


def _operation(x: Any, name: str, filters: int, *, strides: int) -> Any:
    """One branch: `(batch, height, width, filters)`, both sides divided by `strides`."""
    kernel = 5 if name.endswith("5x5") else 3
    match name:
        case "skip_connect":
            return x if strides == 1 else _halved(x, filters)
        case "max_pool_3x3":
            return layers.MaxPooling2D(kernel, strides=strides, padding="same")(x)
        case "avg_pool_3x3":
            return layers.AveragePooling2D(kernel, strides=strides, padding="same")(x)
        case "sep_conv_3x3" | "sep_conv_5x5":
            return _separable(_separable(x, filters, kernel=kernel, strides=strides), filters, kernel=kernel)
    x = layers.Activation("relu")(x)
    # Keras refuses strides on dilated kernels; those of the convolution behind give the same, at four times the price.
    x = layers.DepthwiseConv2D(kernel, dilation_rate=2, padding="same", use_bias=False)(x)
    return conv_norm_act(x, filters, kernel=1, strides=strides, activation=None)


def _separable(x: Any, filters: int, *, kernel: int, strides: int = 1) -> Any:
    x = layers.Activation("relu")(x)
    x = layers.SeparableConv2D(filters, kernel, strides=strides, padding="same", use_bias=False)(x)
    return norm_act(x, activation=None)


def _act_conv_norm(x: Any, filters: int) -> Any:
    return conv_norm_act(layers.Activation("relu")(x), filters, kernel=1, activation=None)


def _halved(x: Any, filters: int) -> Any:
    """Factorized reduction: two 1x1 convolutions of stride 2, one of them a pixel further, side by side."""
    x = layers.Activation("relu")(x)
    shifted = layers.ZeroPadding2D(((0, 1), (0, 1)))(layers.Cropping2D(((1, 0), (1, 0)))(x))
    halves = [conv(each, filters // 2, kernel=1, strides=2) for each in (x, shifted)]
    return norm_act(layers.Concatenate()(halves), activation=None)
