"""`SepConv`: residual separable convolutions whose reach doubles.

After Kaiser et al. (2018), "Depthwise separable convolutions for neural machine translation", and Kalchbrenner et al.
(2016), "Neural machine translation in linear time", for the dilations. There: an encoder and a decoder. Here: the
encoder, normalized before every convolution, and two ways of pooling.
"""

from dataclasses import dataclass
from typing import Any

import keras_tuner
from keras import layers, ops

from easynas.nets.block import Block
from easynas.nets.head import answers
from easynas.nets.text.sequence import attended, embed, largest, masked, normalized
from easynas.nets.text.statistics import GramStatistics
from easynas.schema import Answer


@dataclass(frozen=True)
class SepConv(Block):
    """Separable convolutions with growing gaps between the words they see.

    Attributes:
        answer: what to answer.
        statistics: what counting the words of the training samples said.
    """

    answer: Answer
    statistics: GramStatistics
    name: str = "sepconv"

    def declare(self, hp: keras_tuner.HyperParameters) -> None:
        hp.Choice(f"{self.name}/width", [32, 64, 128], default=64)
        hp.Int(f"{self.name}/depth", 1, 4, default=2)
        hp.Choice(f"{self.name}/kernel", [3, 5], default=3)
        hp.Boolean(f"{self.name}/informed", default=True)
        hp.Choice(f"{self.name}/word_dropout", [0.0, 0.1, 0.3], default=0.1)
        hp.Choice(f"{self.name}/dropout", [0.2, 0.35, 0.5], default=0.35)

    def build(self, hp: keras_tuner.HyperParameters, x: Any) -> Any:
        """Takes `"words"` of `x`, int32 `(batch, words)`, returns answers `(batch, outputs)`."""
        width, dropout = hp.get(f"{self.name}/width"), hp.get(f"{self.name}/dropout")
        x, there = embed(
            x["words"],
            self.statistics.evidence,
            width,
            informed=hp.get(f"{self.name}/informed"),
            word_dropout=hp.get(f"{self.name}/word_dropout"),
            dropout=dropout,
        )
        for level in range(hp.get(f"{self.name}/depth")):
            inner = layers.SeparableConv1D(
                width, hp.get(f"{self.name}/kernel"), dilation_rate=2**level, padding="same", activation="relu"
            )(normalized(x, there))
            x = masked(ops.add(x, inner), there)
        pooled = layers.Concatenate()([largest(x, there), attended(x, there)])
        return answers(layers.Dropout(dropout)(pooled), self.answer)
