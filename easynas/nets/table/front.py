"""What stands in front of every network for tables: encoded numbers and categories become features.

Numbers are scaled robustly and clipped smoothly (Holzmüller, Grinsztajn & Steinwart 2024, "Better by default:
RealMLP", section 3), missing ones become 0, with an indicator where training had missing ones. Categories that training
saw become indicators (one-hot), and those of columns with many values an embedding. All statistics are constants of the
graph.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from keras import layers, ops

from easynas.data.statistics import NumberStatistics, TableStatistics

MOST_INDICATORS = 24  # values of a category column with indicators; from there on it has an embedding
EMBEDDED = 8  # numbers of an embedding, as in RealMLP
_CLIPPED = 3.0  # scaled numbers stay below


def clean(numbers: Any, statistics: NumberStatistics) -> Any:
    """Encoded numbers `(batch, F)` as numbers below 3 in size, 0 where they are missing."""
    numbers, _ = scaled(numbers, statistics)
    return numbers / ops.sqrt(1.0 + ops.square(numbers / _CLIPPED))


def scaled(numbers: Any, statistics: NumberStatistics) -> tuple[Any, Any]:
    """Encoded numbers `(batch, F)` on a common scale, 0 where they are missing; and which are there."""
    known = ops.equal(numbers, numbers)  # NaN is equal to nothing
    # Missing ones are replaced first: a gradient through NaN would be NaN even where it is not chosen.
    present = ops.where(known, numbers, _row(statistics.median))
    return (present - _row(statistics.median)) * _row([1.0 / scale for scale in statistics.scale]), known


def rest(x: Mapping[str, Any], statistics: TableStatistics) -> list[Any]:
    """All features that are no numbers, as tensors `(batch, any)`: what is missing, indicators, embeddings."""
    found = []
    if statistics.numbers is not None and any(statistics.numbers.missing):
        found.append(_missing(x["numbers"], statistics.numbers))
    few = [column for column, codes in enumerate(statistics.codes) if len(codes) <= MOST_INDICATORS]
    if few:
        found.append(_indicators(x["categories"], statistics, few))
    for column, size in enumerate(statistics.sizes):
        if column not in few:
            codes = x["categories"][:, column]
            found.append(layers.Embedding(size, EMBEDDED, embeddings_initializer="random_normal")(codes))
    return found


def joined(parts: list[Any]) -> Any:
    """Features `(batch, any)` side by side."""
    return parts[0] if len(parts) == 1 else layers.Concatenate()(parts)


def _missing(numbers: Any, statistics: NumberStatistics) -> Any:
    columns = np.flatnonzero(statistics.missing).astype(np.int32)
    chosen = ops.take(numbers, columns, axis=1)
    return ops.cast(ops.not_equal(chosen, chosen), "float32")


def _indicators(categories: Any, statistics: TableStatistics, columns: list[int]) -> Any:
    """One feature for every code that training saw; one that it did not see is none of them."""
    pairs = [(column, code) for column in columns for code in _telling(statistics.codes[column])]
    column, code = np.array(pairs, dtype=np.int32).T
    return ops.cast(ops.equal(ops.take(categories, column, axis=1), code), "float32")


def _telling(codes: tuple[int, ...]) -> tuple[int, ...]:
    """One of two codes says all."""
    return codes[-1:] if len(codes) == 2 else codes


def _row(values: Any) -> np.ndarray:
    return np.array(values, dtype=np.float32)
