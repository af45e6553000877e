"""`ImageHead`: from a block's feature map to answers."""

from dataclasses import dataclass
from typing import Any

import keras
import keras_tuner
from keras import layers, ops

from easynas.nets.block import Block
from easynas.schema import SMALLEST, Answer

MAX_DROPOUT = 0.5


@dataclass(frozen=True)
class ImageHead(Block):
    """Global pooling, dropout and the answers.

    The last two layers are float32 under every policy: the loss takes logarithms of what leaves here.
    """

    answer: Answer
    name: str = "head"

    def declare(self, hp: keras_tuner.HyperParameters) -> None:
        hp.Choice(f"{self.name}/pooling", ["avg", "max"], default="avg")
        hp.Float(f"{self.name}/dropout", 0.0, MAX_DROPOUT, step=0.1, default=0.0)

    def build(self, hp: keras_tuner.HyperParameters, x: Any) -> Any:
        """Takes `(batch, height, width, channels)`, returns answers `(batch, outputs)`."""
        pooled = hp.get(f"{self.name}/pooling") == "max"
        x = layers.GlobalMaxPooling2D()(x) if pooled else layers.GlobalAveragePooling2D()(x)
        # Present even at rate 0, so that networks of different rates are the same layers.
        x = layers.Dropout(hp.get(f"{self.name}/dropout"))(x)
        return answers(x, self.answer)


def answers(x: Any, answer: Answer) -> Any:
    """Dense and what makes answers of it, in float32; the last layer is named `"answers"`.

    Returns `(batch, outputs)`: probabilities, or numbers as networks learn them, see `Answer`.
    """
    logits = layers.Dense(answer.outputs, dtype="float32", name="logits")(x)
    return activate(logits, answer)


def apart(network: keras.Model) -> keras.Model:
    """The network that answers for each of its members, `(batch, members, outputs)`, with the same weights.

    A network of members has a layer `"answers"` that comes before their mean; one without members is returned as it is.
    """
    try:
        each = network.get_layer("answers").output
    except ValueError:  # somebody's own network, without our head
        return network
    return keras.Model(network.input, each) if len(each.shape) == 3 else network


def cool(network: keras.Model, answer: Answer, temperature: float) -> keras.Model:
    """The network with its logits divided by a temperature; it shares its weights.

    Of a network that ends in something else than `activate`, the mean of several for example, the logarithms of the
    probabilities are its logits.
    """
    last = network.layers[-1]
    ends_in_logits = last.name == "answers" and len(last.output.shape) == 2 and last.output is network.output
    logits = last.input if ends_in_logits else _logits(network.output, answer)
    cooled = activate(
        layers.Rescaling(1.0 / temperature)(logits), answer, name="answers" if ends_in_logits else "cooled"
    )
    return keras.Model(network.input, cooled, name=network.name)


def _logits(probabilities: Any, answer: Answer) -> Any:
    logarithms = ops.log(ops.maximum(probabilities, SMALLEST))
    if answer.kind == "classes":
        return logarithms
    return logarithms - ops.log(ops.maximum(1.0 - probabilities, SMALLEST))


def activate(logits: Any, answer: Answer, *, name: str = "answers") -> Any:
    """From real numbers `(batch, outputs)` to answers, by a layer of that name."""
    match answer.kind:
        case "classes":
            return layers.Softmax(dtype="float32", name=name)(logits)
        case "labels":
            return layers.Activation("sigmoid", dtype="float32", name=name)(logits)
        case "numbers":
            return layers.Activation("linear", dtype="float32", name=name)(logits)
