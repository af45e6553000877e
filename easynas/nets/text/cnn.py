"""`CNN`: convolutions of several lengths over words and their maxima, after Kim (2014).

There: words come with vectors trained on other texts. Here: vectors start at random, whole words are dropped too, and
the mean with learned weights may stand beside the maximum.
"""

from dataclasses import dataclass
from typing import Any

import keras_tuner
from keras import layers

from easynas.nets.block import Block
from easynas.nets.head import answers
from easynas.nets.text.sequence import embed, largest
from easynas.nets.text.statistics import GramStatistics
from easynas.schema import Answer

_SIZES = {"short": (1, 2, 3), "medium": (2, 3, 4), "long": (3, 4, 5)}


@dataclass(frozen=True)
class CNN(Block):
    """Three convolutions side by side.

    Attributes:
        answer: what to answer.
        statistics: what counting the words of the training samples said.
    """

    answer: Answer
    statistics: GramStatistics
    name: str = "cnn"

    def declare(self, hp: keras_tuner.HyperParameters) -> None:
        hp.Choice(f"{self.name}/embedding", [32, 64, 128], default=64)
        hp.Choice(f"{self.name}/width", [32, 64, 128], default=64)
        hp.Choice(f"{self.name}/sizes", list(_SIZES), default="short")
        hp.Boolean(f"{self.name}/informed", default=True)
        hp.Choice(f"{self.name}/word_dropout", [0.0, 0.1, 0.3], default=0.1)
        hp.Choice(f"{self.name}/dropout", [0.2, 0.35, 0.5], default=0.5)

    def build(self, hp: keras_tuner.HyperParameters, x: Any) -> Any:
        """Takes `"words"` of `x`, int32 `(batch, words)`, returns answers `(batch, outputs)`."""
        width, dropout = hp.get(f"{self.name}/width"), hp.get(f"{self.name}/dropout")
        x, there = embed(
            x["words"],
            self.statistics.evidence,
            hp.get(f"{self.name}/embedding"),
            informed=hp.get(f"{self.name}/informed"),
            word_dropout=hp.get(f"{self.name}/word_dropout"),
            dropout=dropout,
        )
        sizes = _SIZES[hp.get(f"{self.name}/sizes")]
        maxima = [largest(layers.Conv1D(width, size, padding="same")(x), there) for size in sizes]
        return answers(layers.Dropout(dropout)(layers.Concatenate()(maxima)), self.answer)
