"""Where to search for texts, and which designs are known to be good.

All networks are small beside what the time allows, so nothing is sized: what is searched is which kind of network, how
it is regularised, and for how many epochs it is trained, since the best of them overfit soon.
"""

from collections.abc import Callable

import keras_tuner

from easynas.nets.block import Block
from easynas.nets.design import ListedDesign
from easynas.nets.network import Fixed, OneOf
from easynas.nets.text.bag import Bag
from easynas.nets.text.cnn import CNN
from easynas.nets.text.gru import GRU
from easynas.nets.text.linear import Linear
from easynas.nets.text.sepconv import SepConv
from easynas.nets.text.statistics import TextStatistics
from easynas.nets.text.transformer import Transformer
from easynas.schema import Answer
from easynas.space.space import SearchSpace, Values

PORTFOLIO: tuple[Values, ...] = (
    {"network": "linear", "train/epochs": 8},
    {"network": "bag", "train/epochs": 8},
    {"network": "cnn", "train/epochs": 8},
    {"network": "linear", "linear/prior": "none", "train/epochs": 16},
    {"network": "sepconv", "train/epochs": 8},
    {"network": "gru", "train/epochs": 8},
    {"network": "transformer", "train/epochs": 8},
)
"""Designs known to be good, best guess first."""

BASELINE: Values = {"train/optimizer": "adamw", "train/epochs": 8}


def text_blocks(answer: Answer, statistics: TextStatistics) -> dict[str, Block]:
    """All networks for texts, by name."""
    blocks: tuple[Block, ...] = (
        Linear(answer, statistics.grams),
        Bag(answer, statistics.grams),
        CNN(answer, statistics.words),
        SepConv(answer, statistics.words),
        GRU(answer, statistics.words),
        Transformer(answer, statistics.words),
    )
    return {str(block.name): block for block in blocks}


def text_baseline(answer: Answer, statistics: TextStatistics) -> Block:
    """A linear network without any choice."""
    return Fixed(Linear(answer, statistics.grams), {})


def design_texts(
    answer: Answer,
    statistics: TextStatistics,
    *,
    space: str | Block,
    declare_training: Callable[[keras_tuner.HyperParameters], None],
) -> ListedDesign:
    """The space and the portfolio for these texts.

    Args:
        answer: what networks answer.
        statistics: of the training samples.
        space: name of a network, "auto" for all of them, or a block that takes `"words"` and `"grams"`.
        declare_training: declares the choices that are not the network's.
    """
    blocks = text_blocks(answer, statistics)
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
