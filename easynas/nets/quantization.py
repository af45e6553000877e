"""The numbers of the `.tflite` file as a choice of a search space, beside those of the architecture and the training.

As in AttentiveNAS (Wang et al. 2021) and Once-for-All (Cai et al. 2020) a design is judged as it would run. There one
supernet has the weights of all; here each design is trained, and the numbers of its file are one of its choices.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import cycle
from typing import TYPE_CHECKING

from easynas.space.dimension import Value
from easynas.space.space import SearchSpace, Values

if TYPE_CHECKING:
    import keras_tuner

QUANTIZATION = "quantization"
"""Name of the choice."""

_BYTES = {"float32": 4, "float16": 2}

Declare = Callable[["keras_tuner.HyperParameters"], None]


def bytes_of(quantization: str) -> int:
    """Bytes of a weight in a file with these numbers; of all integers one."""
    return _BYTES.get(quantization, 1)


def quantization_of(values: Mapping[str, Value], default: str) -> str:
    """The numbers that a genotype chose; `default` where it has no such choice."""
    return str(values.get(QUANTIZATION, default))


def declaring(declare: Declare, choices: Sequence[str]) -> Declare:
    """`declare`, and after it the choice among several quantizations, the first of which is the default."""

    def both(hp: "keras_tuner.HyperParameters") -> None:
        declare(hp)
        if len(choices) > 1:
            hp.Choice(QUANTIZATION, list(choices), default=choices[0])

    return both


def choices_in(space: SearchSpace) -> list[Values]:
    """Each quantization of a space as values, the default first; one without any if it has no such choice."""
    found = [dimension for dimension in space.dimensions if dimension.name == QUANTIZATION]
    if not found:
        return [{}]
    [dimension] = found
    others = [each for each in dimension.values() if each != dimension.default]
    return [{QUANTIZATION: each} for each in (dimension.default, *others)]


def in_turn(space: SearchSpace) -> Iterator[Values]:
    """The same again and again, for designs known to be good: none of them is known to suit one quantization best."""
    return cycle(choices_in(space))
