"""Which networks for which table, and how to train them.

The designs and their settings were measured on nine tables of 160 to 33,000 rows, by validation on parts of the
training rows, and chosen as what is good on most. Quantile bins of numbers beat plain and periodic ones nearly
everywhere. Below 2,000 rows many passes overfit unless there is little noise, so both few and many are tried.
"""

import math

from easynas.data.statistics import TableStatistics
from easynas.nets.network import OneOf
from easynas.nets.table.linear import Linear
from easynas.nets.table.mlp import MLP
from easynas.nets.table.realmlp import RealMLP
from easynas.nets.table.resnet import ResNet
from easynas.nets.table.tabm import TabM
from easynas.nets.table.transformer import Transformer
from easynas.nets.table.trees import Trees, affordable_leaves, affordable_rounds
from easynas.schema import Answer
from easynas.space.space import Values

_SMALL, _LARGE = 2_000, 20_000  # rows
_SMOOTHING = 0.1
_SMALLEST_BATCH, _LARGEST_BATCH, _STEPS_PER_EPOCH = 32, 256, 50
_KINDS = (MLP, TabM, RealMLP, ResNet, Linear, Transformer, Trees)


_CAREFUL: tuple[Values, ...] = (
    {"network": "mlp", "mlp/dropout": 0.4, "train/rate": 1.0, "train/epochs": 10},
    {"network": "trees", "trees/count": 100, "trees/leaves": 8, "trees/rate": 0.06, "trees/least": 10},
    {"network": "tabm", "tabm/dropout": 0.2, "train/rate": 1.0, "train/epochs": 10},
    {"network": "realmlp", "realmlp/width": 64, "train/rate": 2.0, "train/epochs": 80},
    {"network": "tabm", "train/rate": 2.0, "train/epochs": 80},
    {"network": "resnet", "resnet/width": 64, "resnet/dropout": 0.4, "train/rate": 1.0, "train/epochs": 10},
    {"network": "trees", "trees/count": 200, "trees/leaves": 16, "trees/rate": 0.03, "trees/least": 3},
    {"network": "linear", "linear/dropout": 0.2, "train/rate": 4.0, "train/epochs": 20},
    {"network": "mlp", "mlp/embedding": "none", "mlp/dropout": 0.2, "train/rate": 1.0, "train/epochs": 10},
    {"network": "mlp", "train/rate": 2.0, "train/epochs": 80},
)
"""For less than 2,000 rows."""

_USUAL: tuple[Values, ...] = (
    {"network": "mlp", "train/rate": 1.0, "train/epochs": 20},
    {"network": "trees", "trees/count": 200, "trees/leaves": 16},
    {"network": "resnet", "resnet/depth": 3, "train/rate": 2.0, "train/epochs": 30},
    {"network": "tabm", "train/rate": 1.0, "train/epochs": 20},
    {"network": "trees", "trees/count": 400, "trees/leaves": 32, "trees/rate": 0.06},
    {"network": "resnet", "resnet/dropout": 0.25, "train/rate": 1.0, "train/epochs": 20},
    {"network": "tabm", "tabm/members": 16, "tabm/width": 256, "train/rate": 1.0, "train/epochs": 30},
    {"network": "mlp", "mlp/width": 256, "mlp/dropout": 0.4, "train/rate": 1.0, "train/epochs": 20},
    {"network": "realmlp", "realmlp/width": 128, "train/rate": 0.5, "train/epochs": 20},
    {"network": "ftt", "train/rate": 0.5, "train/epochs": 20},
    {"network": "linear", "train/rate": 2.0, "train/epochs": 10},
)

_NOISY_EPOCHS = 5
"""Passes that were best over 20,000 rows and more where classes overlap; numbers are learned for longer."""


def table_networks(answer: Answer, statistics: TableStatistics, *, grown: bool = True) -> OneOf:
    """The space of all networks for tables; the first is the default.

    Args:
        answer: what to answer.
        statistics: of the training samples.
        grown: whether trees are among them.
    """
    return OneOf(tuple(kind(answer, statistics) for kind in _KINDS if grown or kind is not Trees))


def table_batch(rows: int) -> int:
    """Samples a step: about 50 steps an epoch, between 32 and 256, a power of two."""
    batch: int = 1 << round(math.log2(max(rows / _STEPS_PER_EPOCH, 1.0)))
    return min(max(batch, _SMALLEST_BATCH), _LARGEST_BATCH)


def table_portfolio(answer: Answer, statistics: TableStatistics) -> tuple[Values, ...]:
    """Whole designs known to be good, best guess first: the network, its choices, and those of its training.

    The rates are multiples of AdamW's 0.004 at a batch of 128, see `train/recipe.py`; "train/epochs" is the number of
    passes after which more do not help.

    Args:
        answer: what to answer.
        statistics: of the samples that are trained on.
    """
    smoothing = _SMOOTHING if answer.kind == "classes" and answer.outputs > 2 else 0.0
    training: Values = {"train/optimizer": "adamw", "train/decay": 1.0, "train/smoothing": smoothing}
    designs = _CAREFUL if statistics.rows < _SMALL else _USUAL
    brief = answer.kind == "classes" and statistics.rows >= _LARGE
    shorter: Values = {"train/epochs": _NOISY_EPOCHS} if brief else {}
    return tuple(
        _affordable(design, answer, statistics)
        if design["network"] == Trees.name
        else {**training, **design, **shorter}
        for design in designs
    )


def _affordable(design: Values, answer: Answer, statistics: TableStatistics) -> Values:
    """A design of trees, no larger than they may be for so many answers."""
    rounds, leaves = affordable_rounds(answer)[-1], affordable_leaves(answer, statistics)[-1]
    count, most = int(design["trees/count"]), int(design["trees/leaves"])
    return {**design, "trees/count": min(count, rounds), "trees/leaves": min(most, leaves)}
