"""Where to search for tables, and which designs are known to be good."""

from collections.abc import Callable

import keras_tuner

from easynas.data.statistics import TableStatistics
from easynas.nets.block import Block
from easynas.nets.design import ListedDesign
from easynas.nets.network import Fixed, OneOf
from easynas.nets.table.linear import Linear
from easynas.nets.table.mlp import MLP
from easynas.nets.table.realmlp import RealMLP
from easynas.nets.table.tabm import TabM
from easynas.schema import Answer
from easynas.space.space import SearchSpace, Values

PORTFOLIO: tuple[Values, ...] = (
    {"network": "tabm", "train/epochs": 32},
    {"network": "realmlp", "train/epochs": 64},
    {"network": "mlp", "train/epochs": 32},
    {"network": "linear", "train/epochs": 32},
)
"""Designs known to be good, best guess first."""

BASELINE: Values = {"train/optimizer": "adamw", "train/epochs": 32}


def table_blocks(answer: Answer, statistics: TableStatistics) -> dict[str, Block]:
    """All networks for tables, by name."""
    blocks: tuple[Block, ...] = (
        TabM(answer, statistics),
        RealMLP(answer, statistics),
        MLP(answer, statistics),
        Linear(answer, statistics),
    )
    return {str(block.name): block for block in blocks}


def table_baseline(answer: Answer, statistics: TableStatistics) -> Block:
    """A linear network without any choice."""
    return Fixed(Linear(answer, statistics), {})


def design_tables(
    answer: Answer,
    statistics: TableStatistics,
    *,
    space: str | Block,
    declare_training: Callable[[keras_tuner.HyperParameters], None],
) -> ListedDesign:
    """The space and the portfolio for a table.

    Args:
        answer: what networks answer.
        statistics: of the training samples.
        space: name of a network, "auto" for all of them, or a block that takes `"numbers"` and `"categories"`.
        declare_training: declares the choices that are not the network's.
    """
    blocks = table_blocks(answer, statistics)
    if isinstance(space, Block):
        network: Block = space
    else:
        network = OneOf(tuple(blocks.values())) if space == "auto" else blocks[space]
    hp = keras_tuner.HyperParameters()
    network.declare(hp)
    declare_training(hp)
    searched = SearchSpace(hp)
    known = tuple(values for values in PORTFOLIO if space in ("auto", values["network"]))
    reason = f"The space {space if isinstance(space, str) else network.name!r} has {searched.size():.3g} designs."
    return ListedDesign(network, searched, (reason,), known or (searched.default(),))
