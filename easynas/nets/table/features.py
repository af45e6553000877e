"""`features`: everything of a table side by side, for the networks that do not tell columns apart."""

from collections.abc import Mapping
from typing import Any

from keras import layers

from easynas.data.statistics import TableStatistics
from easynas.nets.table.front import joined, rest
from easynas.nets.table.numbers import embedded


def features(x: Mapping[str, Any], statistics: TableStatistics, embedding: str = "none", width: int = 1) -> Any:
    """Features `(batch, any)` of the encoded arrays `x`; see `numbers.embedded` for the last two arguments."""
    parts = rest(x, statistics)
    if statistics.numbers is not None:
        numbers = embedded(x["numbers"], statistics.numbers, embedding, width)
        parts = [layers.Flatten()(numbers), *parts]
    return joined(parts)
