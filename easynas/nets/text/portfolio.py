"""Networks for texts: the space in which they are searched, and designs known to be good.

The designs were chosen by validation data on public sets of 1,400 to 43,000 texts: topics, opinions, spam, emotions and
a language with few texts. None was tuned to one set; choices that did not matter keep their default.
"""

import math
from collections.abc import Iterator

from easynas.nets.network import OneOf
from easynas.nets.text.bag import Bag
from easynas.nets.text.cnn import CNN
from easynas.nets.text.gru import GRU
from easynas.nets.text.linear import Linear
from easynas.nets.text.pretrained import Pretrained
from easynas.nets.text.sepconv import SepConv
from easynas.nets.text.statistics import TextStatistics
from easynas.nets.text.transformer import Transformer
from easynas.schema import Answer
from easynas.space.space import Values

PASSES, TYPICAL_SAMPLES = 5.0, 7_000
"""Times that the data are seen, and of how many samples; fewer samples are seen more often, by the square root."""

FEWEST, MOST = 3, 15
"""Bounds of that: 28 labels of 43,000 texts needed three passes, and few samples should not take for ever."""

_DESIGNS: tuple[tuple[float, Values], ...] = (
    (1.0, {"network": "linear", "linear/dropout": 0.4}),
    (0.8, {"network": "sepconv"}),
    (1.0, {"network": "bag", "bag/vocabulary": 2**16, "bag/gram_dropout": 0.6}),
    (0.8, {"network": "cnn", "cnn/word_dropout": 0.3}),
    (2.0, {"network": "linear", "linear/prior": "none", "linear/dropout": 0.4, "train/rate": 2.0}),
    (0.8, {"network": "transformer", "train/rate": 0.5}),
    (0.8, {"network": "gru", "train/rate": 0.5}),
    (1.0, {"network": "cnn", "cnn/informed": False, "train/rate": 2.0}),
)
"""A share of the passes, and choices; cheap ones first, each unlike those before it, so that averages gain."""

_PRETRAINED: tuple[tuple[float, Values], ...] = (
    (2.0, {"network": "pretrained", "pretrained/hidden": 256, "train/rate": 0.5}),
    (2.0, {"network": "pretrained", "train/rate": 2.0}),
)
"""The same on the features of a pretrained encoder; first, since somebody asked for them."""

_TRAINING: Values = {"train/optimizer": "adamw", "train/rate": 1.0, "train/smoothing": 0.0}


def designs(samples: int, *, pretrained: bool = False) -> Iterator[Values]:
    """Designs known to be good for so many training samples, best guess first; `"train/epochs"` are whole numbers.

    Args:
        samples: how many there are.
        pretrained: whether a pretrained encoder has features of them.
    """
    passes = PASSES * math.sqrt(TYPICAL_SAMPLES / samples)
    for share, choices in (*(_PRETRAINED if pretrained else ()), *_DESIGNS):
        epochs = round(min(max(passes * share, FEWEST), MOST))
        yield {**_TRAINING, "train/epochs": epochs, **choices}


def text_network(answer: Answer, statistics: TextStatistics) -> OneOf:
    """All networks for texts as one space, the default first.

    Args:
        answer: what to answer.
        statistics: what counting the training samples said.
    """
    grams, words, features = statistics.grams, statistics.words, statistics.features
    return OneOf(
        (
            Linear(answer, grams),
            Bag(answer, grams),
            CNN(answer, words),
            SepConv(answer, words),
            GRU(answer, words),
            Transformer(answer, words),
            *(() if features is None else (Pretrained(answer, features),)),
        )
    )
