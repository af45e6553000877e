"""`Bag`: averages vectors of n-grams, after Joulin et al. (2017), "Bag of tricks for efficient text classification".

There: the mean of all vectors goes straight to the answers. Here: n-grams count by their inverse document frequency,
each once, some are left out in every step, and a hidden layer may follow, as in Iyyer et al. (2015).
"""

from dataclasses import dataclass
from typing import Any

import keras_tuner
from keras import layers, ops

from easynas.nets.block import Block
from easynas.nets.head import answers
from easynas.nets.text.grams import add_up, embedding, weigh
from easynas.nets.text.statistics import GramStatistics
from easynas.schema import Answer


@dataclass(frozen=True)
class Bag(Block):
    """A vector for every n-gram, their weighted sum, perhaps a hidden layer.

    Attributes:
        answer: what to answer.
        statistics: what counting the training samples said.
    """

    answer: Answer
    statistics: GramStatistics
    name: str = "bag"

    def declare(self, hp: keras_tuner.HyperParameters) -> None:
        hp.Choice(f"{self.name}/vocabulary", [2**12, 2**14, 2**16], default=2**14)
        hp.Choice(f"{self.name}/width", [16, 32, 64, 128], default=32)
        hp.Choice(f"{self.name}/hidden", [0, 64, 128], default=64)
        hp.Choice(f"{self.name}/gram_dropout", [0.0, 0.3, 0.6], default=0.3)
        hp.Choice(f"{self.name}/dropout", [0.0, 0.2, 0.5], default=0.2)

    def build(self, hp: keras_tuner.HyperParameters, x: Any) -> Any:
        """Takes `"grams"` of `x`, int32 `(batch, grams)`, returns answers `(batch, outputs)`."""
        width, hidden, dropout = (hp.get(f"{self.name}/{choice}") for choice in ("width", "hidden", "dropout"))
        idf = self.statistics.idf
        vocabulary = min(len(idf), hp.get(f"{self.name}/vocabulary") + 1)
        # Ids follow the number of texts, so the first ones are the most frequent.
        ids = x["grams"]
        ids = ops.where(ops.less(ids, vocabulary), ids, ops.zeros_like(ids))
        weights = weigh(ids, idf[:vocabulary], dropout=hp.get(f"{self.name}/gram_dropout"))
        pooled = add_up(weights, embedding(ids, vocabulary, width, scale=0.3, name="vectors"))
        if hidden:
            pooled = layers.Dense(hidden, activation="relu")(layers.Dropout(dropout)(pooled))
        return answers(layers.Dropout(dropout)(pooled), self.answer)
