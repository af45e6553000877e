"""`Transformer`: layers of self-attention, after Vaswani et al. (2017), "Attention is all you need".

There: sinusoids tell places apart, and normalization follows each part. Here: a depthwise convolution does (Chu et al.
2023, "Conditional positional encodings"), normalization comes first (Xiong et al. 2020), and attention pools.
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

_NEIGHBOURS = 5  # words that the convolution sees


@dataclass(frozen=True)
class Transformer(Block):
    """A small encoder.

    Attributes:
        answer: what to answer.
        statistics: what counting the words of the training samples said.
    """

    answer: Answer
    statistics: GramStatistics
    name: str = "transformer"

    def declare(self, hp: keras_tuner.HyperParameters) -> None:
        hp.Choice(f"{self.name}/width", [32, 64, 128], default=64)
        hp.Int(f"{self.name}/depth", 1, 3, default=1)
        hp.Choice(f"{self.name}/heads", [2, 4], default=4)
        hp.Boolean(f"{self.name}/informed", default=True)
        hp.Choice(f"{self.name}/word_dropout", [0.0, 0.1, 0.3], default=0.1)
        hp.Choice(f"{self.name}/dropout", [0.2, 0.35, 0.5], default=0.35)

    def build(self, hp: keras_tuner.HyperParameters, x: Any) -> Any:
        """Takes `"words"` of `x`, int32 `(batch, words)`, returns answers `(batch, outputs)`."""
        width, heads, dropout = (hp.get(f"{self.name}/{choice}") for choice in ("width", "heads", "dropout"))
        x, there = embed(
            x["words"],
            self.statistics.evidence,
            width,
            informed=hp.get(f"{self.name}/informed"),
            word_dropout=hp.get(f"{self.name}/word_dropout"),
            dropout=dropout,
        )
        x = masked(ops.add(x, layers.DepthwiseConv1D(_NEIGHBOURS, padding="same")(x)), there)
        seen = ops.cast(ops.transpose(there, (0, 2, 1)), "bool")
        for _ in range(hp.get(f"{self.name}/depth")):
            inner = normalized(x, there)
            attention = layers.MultiHeadAttention(heads, width // heads)
            x = masked(ops.add(x, attention(inner, inner, attention_mask=seen)), there)
            inner = layers.Dense(2 * width, activation="gelu")(normalized(x, there))
            x = masked(ops.add(x, layers.Dense(width)(inner)), there)
        pooled = layers.Concatenate()([attended(x, there), largest(x, there)])
        return answers(layers.Dropout(dropout)(pooled), self.answer)
