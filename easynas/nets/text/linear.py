"""`Linear`: a linear model of n-grams, after Wang & Manning (2012), "Baselines and bigrams" (NB-SVM).

There: a support vector machine whose features are log-count ratios. Here: logistic or linear regression; the features
are inverse document frequencies of length 1, and what counting says is where the weights start, or what scales them.
"""

from dataclasses import dataclass
from typing import Any

import keras_tuner
from keras import initializers, layers, ops

from easynas.nets.block import Block
from easynas.nets.head import activate
from easynas.nets.text.grams import add_up, embedding, frozen, weigh
from easynas.nets.text.statistics import GramStatistics
from easynas.schema import Answer

_START = 0.3
"""Of a weight, as a multiple of the evidence. From 1 accuracy was alike on five sets, the log-loss a third higher."""


@dataclass(frozen=True)
class Linear(Block):
    """Weighs n-grams and adds them up.

    Attributes:
        answer: what to answer.
        statistics: what counting the training samples said.
    """

    answer: Answer
    statistics: GramStatistics
    name: str = "linear"

    def declare(self, hp: keras_tuner.HyperParameters) -> None:
        hp.Choice(f"{self.name}/prior", ["none", "scale"], default="scale")
        hp.Choice(f"{self.name}/dropout", [0.0, 0.2, 0.4, 0.6], default=0.2)

    def build(self, hp: keras_tuner.HyperParameters, x: Any) -> Any:
        """Takes `"grams"` of `x`, int32 `(batch, grams)`, returns answers `(batch, outputs)`."""
        ids, evidence = x["grams"], self.statistics.evidence
        weights = weigh(ids, self.statistics.idf, dropout=hp.get(f"{self.name}/dropout"))
        if hp.get(f"{self.name}/prior") == "scale":
            scales = layers.Embedding(
                *evidence.shape, embeddings_initializer=initializers.Constant(_START), dtype="float32", name="trust"
            )(ids)
            rows = ops.multiply(frozen(ids, evidence, name="evidence"), scales)
        else:
            rows = embedding(ids, *evidence.shape, scale=0.0, name="weights")
        # The only row of its table is a bias: it starts where the prior is, and is added to every sum.
        bias = layers.Embedding(1, self.answer.outputs, dtype="float32", name="bias")
        always = bias(ops.zeros_like(ids[:, :1]))[:, 0]
        bias.set_weights([self.statistics.prior[None]])
        return activate(ops.add(add_up(weights, rows), always), self.answer)
