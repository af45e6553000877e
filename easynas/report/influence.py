"""What the model looks at: parts of an image, words of a text, columns of a table; by hiding them and looking again.

Occlusion of images after Zeiler & Fergus 2014, "Visualizing and understanding convolutional networks" (section 4.2),
which needs nothing of the network but its answers; of texts the same with words (Li, Monroe & Jurafsky 2016,
"Understanding neural networks through representation erasure"); permutation of columns after Breiman 2001, "Random
forests" (section 10), measured by the metric that was searched for. Everything ends by a deadline.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from easynas.data.frame import Table
from easynas.report.mistakes import Example
from easynas.search.budget import Deadline

Answers = Callable[[Any], np.ndarray]
"""What the model answers about samples in the encoder's container, `(n, outputs)`."""

_TILES = 7
_PIECE = re.compile(r"\S+|\s+")
_MOST_WORDS = 60
_FEWEST_TEXTS = 3
_REPEATS = 5
_ROWS = 500


@dataclass(frozen=True)
class Word:
    """A piece of a text.

    Attributes:
        text: the piece, white space included.
        weight: how much the answer loses without it, as a difference of probability or in standard deviations; negative
            if the answer gains.
    """

    text: str
    weight: float


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes:
        name: its name.
        loss: how much the score falls when its cells are shuffled, the mean of several shuffles.
        spread: their standard deviation.
    """

    name: str
    loss: float
    spread: float


def occlude(answers: Answers, example: Example) -> np.ndarray:
    """How much the answer loses when a part of the image is hidden, `(rows, columns)` of overlapping squares.

    A square is a quarter of the image's sides, and hidden behind its mean colour.
    """
    image = example.sample[0]
    height, width = image.shape[:2]
    rows, columns = min(_TILES, height), min(_TILES, width)
    tall, wide = max(1, -(-height // 4)), max(1, -(-width // 4))
    hidden = np.repeat(image[None], rows * columns + 1, axis=0)
    colour = image.reshape(height * width, -1).mean(axis=0).reshape((1, 1, *image.shape[2:]))
    for place in range(rows * columns):
        top = round((place // columns) * (height - tall) / max(rows - 1, 1))
        left = round((place % columns) * (width - wide) / max(columns - 1, 1))
        hidden[place, top : top + tall, left : left + wide] = colour.astype(image.dtype)
    values = answers(hidden)[:, example.output]
    losses: np.ndarray = values[-1] - values[:-1]
    return losses.reshape(rows, columns)


def erase(answers: Answers, example: Example) -> list[Word]:
    """How much the answer loses without each of the first words of a text."""
    pieces = _PIECE.findall(str(example.sample[0]))
    places = [place for place, piece in enumerate(pieces) if not piece.isspace()][:_MOST_WORDS]
    texts = ["".join(pieces[:place] + pieces[place + 1 :]) for place in places]
    values = answers(np.asarray([str(example.sample[0]), *texts], dtype=object))[:, example.output]
    losses = dict(zip(places, values[0] - values[1:], strict=True))
    last = places[-1] if places else -1
    cut = [Word(" …", 0.0)] if len(pieces) > last + 2 else []
    return [Word(piece, float(losses.get(place, 0.0))) for place, piece in enumerate(pieces[: last + 1])] + cut


def telling_words(told: Iterable[tuple[int, Sequence[Word]]]) -> dict[int, list[Word]]:
    """The words that speak most for each output, with their mean weight over the texts that have them.

    Args:
        told: the output, and the words, of each text.
    """
    weights: dict[tuple[int, str], list[float]] = defaultdict(list)
    for output, words in told:
        for word in words:
            plain = word.text.lower().strip(".,;:!?\"'()…")
            if plain and not plain.isspace():
                weights[output, plain].append(word.weight)
    found: dict[int, list[Word]] = defaultdict(list)
    for (output, text), each in weights.items():
        if len(each) >= _FEWEST_TEXTS and np.mean(each) > 0:
            found[output].append(Word(text, float(np.mean(each))))
    return {output: sorted(words, key=lambda word: -word.weight)[:12] for output, words in found.items()}


def permute(
    answers: Answers, score: Callable[[np.ndarray, np.ndarray], float], table: Table, y: np.ndarray, deadline: Deadline
) -> list[Column]:
    """How much the score falls when the cells of each column are shuffled, the most important column first.

    Args:
        answers: the model.
        score: of answers about samples, given what they should be.
        table: samples; at most 500 are used.
        y: what should be answered, `(n,)` or `(n, outputs)`.
        deadline: columns that it leaves no time for are left out.
    """
    rows = np.random.default_rng(0).permutation(len(table))[:_ROWS]
    some, truth = table[rows], y[rows]
    before = score(answers(some), truth)
    rng = np.random.default_rng(1)
    found = []
    for name, cells in some.columns.items():
        if deadline.left <= 0:
            break
        columns = {column: np.tile(each, _REPEATS) for column, each in some.columns.items()}
        columns[name] = np.concatenate([rng.permutation(cells) for _ in range(_REPEATS)])
        parts = np.split(answers(Table(columns)), _REPEATS)
        losses = [before - score(part, truth) for part in parts]
        found.append(Column(name, float(np.mean(losses)), float(np.std(losses))))
    return sorted(found, key=lambda column: -column.loss)
