"""Where to search for tables, as `texts` for texts."""

from collections.abc import Callable

import keras_tuner

from easynas.data.statistics import TableStatistics
from easynas.nets.block import Block
from easynas.nets.design import ListedDesign, list_designs
from easynas.nets.network import Fixed
from easynas.nets.table.linear import Linear
from easynas.nets.table.portfolio import table_networks, table_portfolio
from easynas.nets.table.trees import Trees
from easynas.schema import Answer
from easynas.space.space import Values

_BASELINE: Values = {"train/optimizer": "adamw", "train/rate": 2.0, "train/smoothing": 0.0, "train/epochs": 30}


def table_baseline(answer: Answer, statistics: TableStatistics) -> tuple[Block, Values]:
    """A linear network without any choice, and how it is trained."""
    return Fixed(Linear(answer, statistics), {}), _BASELINE


def design_tables(
    answer: Answer,
    statistics: TableStatistics,
    *,
    space: str | Block,
    declare_training: Callable[[keras_tuner.HyperParameters], None],
    grown: bool = True,
) -> ListedDesign:
    """The space and the portfolio for a table.

    Args:
        answer: what networks answer.
        statistics: of the training samples.
        space: name of a network, "auto" for all of them, or a block that takes `"numbers"` and `"categories"`.
        declare_training: declares the choices that are not the network's.
        grown: whether boosted trees are among all of them.
    """
    networks = table_networks(answer, statistics, grown=grown)
    names = [block.name for block in networks.blocks]
    return list_designs(
        networks,
        space,
        [design for design in table_portfolio(answer, statistics) if design["network"] in names],
        declare_training,
        grown=[Trees.name],
    )
