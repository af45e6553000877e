"""`Hierarchical`: motifs of motifs. Liu et al., "Hierarchical representations for efficient architecture search" 2018.

Section 2: primitives are level 1, a motif of level 2 is a small graph of primitives, and the cell, level 3, is a graph
of these motifs. There: six motifs of four nodes, a cell of five, edges that meet are concatenated, and between the
cells a separable convolution halves and doubles the channels. Here: edges that meet are added, so that every graph
keeps its channels and costs what its edges cost; an edge of the cell may also be the identity, which would take one of
the few motifs else; graphs are smaller by default, because 46 choices are many for tens of trials (`motifs=6`,
`motif_nodes=4` and `cell_nodes=5` are the paper's); and width, stages and cells are choices. A motif without a path is
the identity, and so is such a cell.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import keras_tuner
from keras import layers

from easynas.nets.block import Block
from easynas.nets.dag import Edge, edges, join
from easynas.nets.layers import can_halve, conv_norm_act, depthwise_norm_act, norm_act, stem

PRIMITIVES = (
    "none",
    "identity",
    "conv_1x1",
    "depthwise_3x3",
    "separable_3x3",
    "max_pool_3x3",
    "avg_pool_3x3",
)
# About evenly spaced in cost: of widths drawn evenly, most would be too large for any one budget.
WIDTHS = (8, 12, 16, 24, 32, 48, 64, 96)
# What the default motifs chain, in turn.
DEFAULT_CHAINS = ("separable_3x3", "depthwise_3x3", "conv_1x1")


@dataclass(frozen=True)
class Hierarchical(Block):
    """Stages of one repeated cell; the width doubles with every stage.

    Attributes:
        motifs: how many of level 2 there are.
        motif_nodes: nodes of each of them.
        cell_nodes: nodes of the cell.
    """

    name: str = "hierarchical"
    motifs: int = 3
    motif_nodes: int = 3
    cell_nodes: int = 4

    def declare(self, hp: keras_tuner.HyperParameters) -> None:
        for motif in range(self.motifs):
            chained = DEFAULT_CHAINS[motif % len(DEFAULT_CHAINS)]
            for edge in edges(self.motif_nodes):
                default = _default(edge, self.motif_nodes, chained)
                hp.Choice(self._choice(f"motif_{motif}", edge), list(PRIMITIVES), default=default)
        motifs = [f"motif_{motif}" for motif in range(self.motifs)]
        for edge in edges(self.cell_nodes):
            default = _default(edge, self.cell_nodes, motifs[edge[0] % self.motifs])
            hp.Choice(self._choice("cell", edge), ["none", "identity", *motifs], default=default)
        hp.Choice(f"{self.name}/width", list(WIDTHS), default=24)
        hp.Int(f"{self.name}/stages", 2, 4, default=3)
        hp.Int(f"{self.name}/repeats", 1, 3, default=1)

    def build(self, hp: keras_tuner.HyperParameters, x: Any) -> Any:
        width = hp.get(f"{self.name}/width")
        x = stem(x, width)
        for stage in range(hp.get(f"{self.name}/stages")):
            if stage > 0:
                x = _wider(x, width * 2**stage)
            for _ in range(hp.get(f"{self.name}/repeats")):
                x = self._cell(hp, x)
        return norm_act(x)

    def _cell(self, hp: keras_tuner.HyperParameters, x: Any) -> Any:
        motifs = {f"motif_{motif}": partial(self._motif, hp, f"motif_{motif}") for motif in range(self.motifs)}
        return join(x, self._graph(hp, "cell", self.cell_nodes, motifs), nodes=self.cell_nodes)

    def _motif(self, hp: keras_tuner.HyperParameters, motif: str, x: Any) -> Any:
        primitives = {name: partial(_primitive, name) for name in PRIMITIVES[2:]}
        return join(x, self._graph(hp, motif, self.motif_nodes, primitives), nodes=self.motif_nodes)

    def _graph(
        self, hp: keras_tuner.HyperParameters, part: str, nodes: int, offered: Mapping[str, Callable[[Any], Any]]
    ) -> dict[Edge, Callable[[Any], Any]]:
        """What the edges of a motif or of the cell do; those that are "none" are left out."""
        chosen = {edge: hp.get(self._choice(part, edge)) for edge in edges(nodes)}
        offered = {**offered, "identity": lambda x: x}
        return {edge: offered[name] for edge, name in chosen.items() if name != "none"}

    def _choice(self, part: str, edge: Edge) -> str:
        source, target = edge
        return f"{self.name}/{part}/edge_{source}_{target}"


def _default(edge: Edge, nodes: int, chained: str) -> str:
    """A chain beside a shortcut, the residual unit of these graphs."""
    source, target = edge
    if target == source + 1:
        return chained
    return "identity" if edge == (0, nodes - 1) else "none"


def _primitive(name: str, x: Any) -> Any:
    """Level 1; all keep the shape."""
    match name:
        case "conv_1x1":
            return conv_norm_act(x, x.shape[-1], kernel=1)
        case "depthwise_3x3":
            return depthwise_norm_act(x)
        case "separable_3x3":
            return _separable(x, x.shape[-1])
        case "max_pool_3x3":
            return layers.MaxPooling2D(3, strides=1, padding="same")(x)
    return layers.AveragePooling2D(3, strides=1, padding="same")(x)


def _wider(x: Any, filters: int) -> Any:
    """Between two stages: half the sides where there is room, and `filters` channels."""
    return _separable(x, filters, strides=2 if can_halve(x) else 1)


def _separable(x: Any, filters: int, *, strides: int = 1) -> Any:
    return norm_act(layers.SeparableConv2D(filters, 3, strides=strides, padding="same", use_bias=False)(x))
