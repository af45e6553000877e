"""Where to search for texts.

All networks are small beside what the time allows, so nothing is sized: what is searched is which kind of network, how
it is regularised, and for how many epochs it is trained, since the best of them overfit soon.
"""

from collections.abc import Callable

import keras_tuner

from easynas.nets.block import Block
from easynas.nets.design import ListedDesign, list_designs
from easynas.nets.network import Fixed
from easynas.nets.text.linear import Linear
from easynas.nets.text.portfolio import designs, text_network
from easynas.nets.text.statistics import TextStatistics
from easynas.schema import Answer
from easynas.space.space import Values


def text_baseline(answer: Answer, statistics: TextStatistics, *, samples: int) -> tuple[Block, Values]:
    """A linear network without any choice, and how it is trained."""
    first = next(designs(samples))
    training = {name: value for name, value in first.items() if name.startswith("train/")}
    return Fixed(Linear(answer, statistics.grams), first), training


def design_texts(
    answer: Answer,
    statistics: TextStatistics,
    *,
    samples: int,
    space: str | Block,
    declare_training: Callable[[keras_tuner.HyperParameters], None],
) -> ListedDesign:
    """The space and the portfolio for these texts.

    Args:
        answer: what networks answer.
        statistics: of the training samples.
        samples: how many there are.
        space: name of a network, "auto" for all of them, which "pretrained" stands for where the encoder had to be left
            out, or a block that takes `"words"` and `"grams"`, and
            `"features"` of a pretrained encoder.
        declare_training: declares the choices that are not the network's.
    """
    if space == "pretrained" and statistics.features is None:
        space = "auto"
    known = designs(samples, pretrained=statistics.features is not None)
    return list_designs(text_network(answer, statistics), space, known, declare_training)
