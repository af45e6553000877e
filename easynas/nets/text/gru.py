"""`GRU`: a gated recurrent network in both directions with attention, whose gates see the words alone.

After Feng et al. (2024), "Were RNNs all we needed?" (minGRU, section 3.1), and Martin & Cundy (2018), "Parallelizing
linear recurrent neural nets over sequence length": without the last state in the gates all states are found in
`log2(words)` steps instead of `words`. There: one direction, and logarithms. Here: both directions, and a scan by
doubling (Hillis & Steele 1986) of slices and sums, which every TFLite interpreter has; it has no loops for Keras' GRU.
"""

from dataclasses import dataclass
from typing import Any

import keras_tuner
from keras import layers, ops

from easynas.nets.block import Block
from easynas.nets.head import answers
from easynas.nets.text.sequence import attended, embed, largest, masked, normalized
from easynas.schema import Answer, TextSchema


@dataclass(frozen=True)
class GRU(Block):
    """Layers of gated recurrence.

    Attributes:
        answer: what to answer.
        schema: what a text is.
    """

    answer: Answer
    schema: TextSchema
    name: str = "gru"

    def declare(self, hp: keras_tuner.HyperParameters) -> None:
        hp.Choice(f"{self.name}/width", [32, 64, 128], default=64)
        hp.Int(f"{self.name}/depth", 1, 2, default=1)
        hp.Choice(f"{self.name}/word_dropout", [0.0, 0.1, 0.3], default=0.1)
        hp.Choice(f"{self.name}/dropout", [0.2, 0.35, 0.5], default=0.35)

    def build(self, hp: keras_tuner.HyperParameters, x: Any) -> Any:
        """Takes `"words"` of `x`, int32 `(batch, words)`, returns answers `(batch, outputs)`."""
        width, dropout = hp.get(f"{self.name}/width"), hp.get(f"{self.name}/dropout")
        word_dropout = hp.get(f"{self.name}/word_dropout")
        x, there = embed(x["words"], self.schema.vocabulary, width, word_dropout=word_dropout, dropout=dropout)
        for level in range(hp.get(f"{self.name}/depth")):
            if level > 0:
                x = normalized(x, there)
            x = layers.Concatenate()(
                [_states(x, there, width), ops.flip(_states(ops.flip(x, 1), ops.flip(there, 1), width), 1)]
            )
        pooled = layers.Concatenate()([attended(x, there), largest(x, there)])
        return answers(layers.Dropout(dropout)(pooled), self.answer)


def _states(x: Any, there: Any, width: int) -> Any:
    """All states of one direction, `(batch, words, width)`: `state = (1 - gate) * last + gate * candidate`."""
    gate = masked(layers.Dense(width, activation="sigmoid")(x), there)
    candidate = layers.Dense(width, activation="tanh")(x)
    keep, state = ops.subtract(1.0, gate), ops.multiply(gate, candidate)
    reach = 1
    while reach < x.shape[1]:
        # What a word adds to the states of the `reach` words behind it is now added to those of twice as many.
        state = ops.add(state, ops.multiply(keep, _later(state, reach)))
        keep = ops.multiply(keep, _later(keep, reach, first=1.0))
        reach *= 2
    return masked(state, there)


def _later(x: Any, reach: int, *, first: float = 0.0) -> Any:
    """The sequence moved back by `reach` words; `first` fills the places before it."""
    return ops.pad(x[:, :-reach], ((0, 0), (reach, 0), (0, 0)), constant_values=first)
