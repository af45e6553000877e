"""What the data is: shapes and kinds, learned once by `data/` and read by every layer above."""

from dataclasses import dataclass
from typing import Literal

LARGEST_SIDE = 128
"""Pixels a side of the largest images that networks are trained on here: minutes on a few cores afford no more."""

SMALLEST = 1e-7
"""Probability that a smaller one counts as where logarithms are taken; float32 has about as much beside 1."""


@dataclass(frozen=True)
class ImageSchema:
    """One image as the user gives it.

    Attributes:
        shape: `(height, width)` or `(height, width, channels)`, exactly as received.
        dtype: numpy name of the received type, e.g. `"uint8"`.
        mean: mean of every channel over the training images, in the received units.
        variance: variance of every channel, in the received units squared; zero for a constant channel.
    """

    shape: tuple[int, ...]
    dtype: str
    mean: tuple[float, ...]
    variance: tuple[float, ...]

    @property
    def height(self) -> int:
        return self.shape[0]

    @property
    def width(self) -> int:
        return self.shape[1]

    @property
    def channels(self) -> int:
        return self.shape[2] if len(self.shape) == 3 else 1


@dataclass(frozen=True)
class TextSchema:
    """What networks see of one text; ids are integers from 0, which stands for nothing.

    Attributes:
        words: length of the sequence of its words.
        vocabulary: how many ids words have.
        grams: how many n-grams are kept of it.
        gram_vocabulary: how many ids n-grams have.
    """

    words: int
    vocabulary: int
    grams: int
    gram_vocabulary: int


@dataclass(frozen=True)
class Answer:
    """What a network answers about one sample.

    Attributes:
        kind: "classes": one of them, so probabilities that sum to one; "labels": any of them, a probability each;
            "numbers": a real number each.
        outputs: how many classes, labels or numbers.
        mean: mean of every number over the training samples, in the user's units; empty for probabilities.
        scale: their standard deviations, positive; empty for probabilities. Networks learn `(number - mean) / scale`.
    """

    kind: Literal["classes", "labels", "numbers"]
    outputs: int
    mean: tuple[float, ...] = ()
    scale: tuple[float, ...] = ()
