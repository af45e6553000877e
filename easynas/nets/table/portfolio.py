"""Which networks for which table, and how to train them.

The designs and their settings were measured on nine tables of 160 to 33,000 rows, and chosen as what is good on most.
Numbers among quantile bins ("bins") beat plain and periodic ones nearly everywhere. Small tables want few passes, much
dropout or hardly any weights at all; large ones width.
"""

from dataclasses import dataclass

from easynas.data.statistics import TableStatistics
from easynas.nets.network import OneOf
from easynas.nets.table.linear import Linear
from easynas.nets.table.mlp import MLP
from easynas.nets.table.realmlp import RealMLP
from easynas.nets.table.resnet import ResNet
from easynas.nets.table.tabm import TabM
from easynas.nets.table.transformer import Transformer
from easynas.schema import Answer
from easynas.space.space import Values

_SMALL, _MEDIUM = 2_000, 10_000  # rows
_SMALLEST_BATCH, _LARGEST_BATCH, _STEPS_PER_EPOCH = 32, 256, 50
_KINDS = (MLP, TabM, RealMLP, ResNet, Linear, Transformer)


@dataclass(frozen=True)
class TableDesign:
    """A design to try.

    Attributes:
        values: choices of the network and of its training.
        epochs: passes over the rows after which more would not help; fewer do if the time ends first.
    """

    values: Values
    epochs: int


def table_networks(answer: Answer, statistics: TableStatistics) -> OneOf:
    """The space of all networks for tables; the first is the default."""
    return OneOf(tuple(kind(answer, statistics) for kind in _KINDS))


def table_batch(rows: int) -> int:
    """Samples a step: about 50 steps an epoch, between 32 and 256, a power of two."""
    batch = 2 ** round(rows / _STEPS_PER_EPOCH).bit_length() // 2
    return int(min(max(batch, _SMALLEST_BATCH), _LARGEST_BATCH))
