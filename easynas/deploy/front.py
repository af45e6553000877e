"""The front of a shipped model: what an encoder does, as Keras' own layers."""

from typing import Any, NamedTuple

from easynas.data.dataset import Encoder
from easynas.data.images import ImageEncoder
from easynas.data.table import TableEncoder
from easynas.data.tokenizer import TextEncoder


class Front(NamedTuple):
    """The first part of a shipped model.

    Attributes:
        raw: Keras inputs that take samples as the user has them.
        encoded: tensors that the network takes.
        on_device: whether a `.tflite` file contains it, too; otherwise that takes what is encoded.
    """

    raw: Any
    encoded: Any
    on_device: bool


def front(encoder: Encoder) -> Front:
    """The layers that do what `encoder` does."""
    match encoder:
        case ImageEncoder():
            from easynas.deploy.images import reduce

            return Front(*reduce(encoder), on_device=True)
        case TextEncoder():
            from easynas.deploy.texts import tokenize

            return Front(*tokenize(encoder), on_device=False)
        case TableEncoder():
            from easynas.deploy.tables import tabulate

            return Front(*tabulate(encoder), on_device=False)
        case _:
            raise TypeError(f"An encoder must have layers that do the same. Received: {type(encoder).__name__}.")
