"""Published tables of trained networks, as search problems.

Every table is a file of arrays in the folder that `--tables` or the variable EASYNAS_NAS_DATA names; see README.md.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import keras_tuner
import numpy as np

from easynas import SearchSpace
from easynas.nets.nb201 import EDGES, declare_cell
from easynas.testing import Row

Values = Mapping[str, Any]
Array = np.ndarray[Any, np.dtype[Any]]

NAMES = tuple(f"nb201/edge_{source}_{target}" for source, target in EDGES)
SHORT_EPOCHS, EPOCHS = 12, 200
SHORT = 1 / 16
"""The share of a full training that the short one takes, about."""
DATA = {"cifar10": "c10", "cifar100": "c100"}
DEVICES = {"pixel3": "help_pixel3", "raspi4": "help_raspi4", "pi5": "h360_pi5_litert_cifar100_ms"}


@dataclass(frozen=True)
class NB201:
    """NAS-Bench-201 (Dong & Yang 2020): six edges of a cell, five operations each, all 15,625 cells trained.

    Attributes:
        operations: names, in the order of the codes.
        index: row of a cell by its code, the operations as digits of base 5.
        arrays: the columns, a row a cell.
    """

    operations: tuple[str, ...]
    index: Array
    arrays: Mapping[str, Array]

    @classmethod
    def load(cls, folder: Path) -> "NB201":
        arrays: dict[str, Array] = {}
        for name in ("nb201", "nb201_hw", "nb201_zerocost"):
            if (folder / f"{name}.npz").exists():
                with np.load(folder / f"{name}.npz", allow_pickle=False) as file:
                    arrays |= {key: file[key] for key in file.files}
        codes = arrays["ops"].astype(int) @ 5 ** np.arange(len(EDGES))
        index = np.full(5 ** len(EDGES), -1)
        index[codes] = np.arange(len(codes))
        return cls(tuple(str(name) for name in arrays["op_names"]), index, arrays)

    def space(self) -> SearchSpace:
        """The space of `easynas.nets.nb201`: what is tested here is what searches real data."""
        hp = keras_tuner.HyperParameters()
        declare_cell(hp, "nb201")
        return SearchSpace(hp)

    def row(self, values: Values) -> int:
        """The row of a cell."""
        return int(self.index[sum(self.operations.index(values[name]) * 5**i for i, name in enumerate(NAMES))])

    def column(self, name: str) -> Callable[[Values], float]:
        """A measure of every cell, as a function of a genotype."""
        column = self.arrays[name]
        return lambda values: float(column[self.row(values)])

    def proxies(self, data: str) -> tuple[Callable[[Values], float], ...]:
        """NASWOT, log-SynFlow, FLOPs and parameters: what is known of an untrained cell, as far as the table has it."""
        names = (f"naswot_{DATA[data]}", f"logsynflow_{DATA[data]}", "flops_m_c10", "params_m_c10")
        return tuple(self.column(name) for name in names if name in self.arrays)

    def full(self, data: str) -> Callable[[Values], tuple[Row, ...]]:
        """Trainings of 200 epochs, one score for every seed there is."""
        scores, seconds = self.arrays[f"val200_{DATA[data]}"], self.arrays["train_s_per_epoch_c10valid"]

        def rows(values: Values) -> tuple[Row, ...]:
            row = self.row(values)
            known = scores[row][~np.isnan(scores[row])]
            return (Row(tuple(known.tolist()), EPOCHS * float(seconds[row])),)

        return rows

    def short(self, data: str) -> Callable[[Values], tuple[Row, ...]]:
        """Trainings of 12 epochs alone, as NATS-Bench's protocol has them (Dong et al. 2021, §5)."""
        scores, seconds = self.arrays[f"val12_{DATA[data]}"], self.arrays["train_s_per_epoch_c10valid"]

        def rows(values: Values) -> tuple[Row, ...]:
            row = self.row(values)
            return (Row((float(scores[row]),), SHORT_EPOCHS * float(seconds[row])),)

        return rows

    def both(self, data: str) -> Callable[[Values], tuple[Row, ...]]:
        """12 and 200 epochs, in epochs instead of seconds; the long training does not continue the short one."""
        short, scores = self.arrays[f"val12_{DATA[data]}"], self.arrays[f"val200_{DATA[data]}"]

        def rows(values: Values) -> tuple[Row, ...]:
            row = self.row(values)
            known = scores[row][~np.isnan(scores[row])]
            first = Row((float(short[row]),), SHORT_EPOCHS, fidelity=SHORT)
            return first, Row(tuple(known.tolist()), EPOCHS)

        return rows


@cache
def nb201(folder: Path) -> NB201:
    """The table of a folder, read once in a process."""
    return NB201.load(folder)
