"""Whether the networks of `easynas.nets.nb201.Skeleton` cost what the table of NAS-Bench-201 says.

    python benchmarks/nas/counts.py --table nb201.npz --built 40

Costs are sums over edges: a network for each operation gives those of all 15,625 cells, which are compared with the
table's; random networks are built and counted too, to check the sums. The table holds `ops` `(cells, 6)`, indices into
`op_names`, edges in the order of `easynas.nets.nb201.EDGES`; `flops_m_c10` and `params_m_c10`, in millions.
"""

import argparse
import json
import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from easynas.nets.cost import macs
from easynas.nets.dag import Operations
from easynas.nets.nb201 import EDGES, OPERATIONS, Skeleton, key
from easynas.nets.network import model_of
from easynas.space.space import Values

_SHAPE = (32, 32, 3)
_BIASES = 10  # of the dense layer: the table counts each as a multiply-accumulate, `macs` counts kernels alone


@dataclass(frozen=True)
class Table:
    """What is published.

    Attributes:
        cells: their operations.
        costs: `(cells, 2)`: multiply-accumulates and trained parameters.
    """

    cells: list[Operations]
    costs: np.ndarray

    @classmethod
    def load(cls, path: Path) -> "Table":
        with np.load(path) as table:
            names = [str(name) for name in table["op_names"]]
            cells = [tuple(names[operation] for operation in operations) for operations in table["ops"]]
            millions = np.stack([table["flops_m_c10"], table["params_m_c10"]], axis=1).astype("float64")
        # The table counts whole tens and ones, and keeps millions in single precision.
        units = np.rint(millions * (1e5, 1e6)) * (10, 1)
        return cls(cells, units.astype("int64"))


def values_of(cell: Operations) -> Values:
    """The genotype of a cell."""
    named = zip(EDGES, cell, strict=True)
    return {f"nb201/edge_{source}_{target}": operation for (source, target), operation in named}


def count(cell: Operations) -> np.ndarray:
    """Multiply-accumulates, as the table counts them, and trained parameters of a network that is built."""
    model = model_of(Skeleton(), values_of(cell), _SHAPE)
    parameters = sum(math.prod(weight.shape) for weight in model.trainable_weights)
    return np.array([macs(model) + _BIASES, parameters])


def add_up(cells: list[Operations]) -> np.ndarray:
    """Costs `(cells, 2)` of all cells, from one network an operation."""
    empty = ("none",) * len(EDGES)
    base = count(empty)
    extra = {operation: count((operation, *empty[1:])) - base for operation in OPERATIONS}
    return np.array([base + sum(extra[operation] for operation in cell) for cell in cells])


def main() -> None:
    """Compares, and prints the largest differences."""
    options = _options()
    table = Table.load(options.table)
    summed = add_up(table.cells)
    print(f"{len(table.cells):,} cells, {len({key(values_of(cell)) for cell in table.cells}):,} different functions")
    print(f"summed over edges against the table: largest relative difference {_difference(summed, table.costs):.2e}")
    drawn = np.random.default_rng(options.seed).choice(len(table.cells), options.built, replace=False)
    built = np.array([count(table.cells[int(index)]) for index in drawn])
    print(f"{options.built} built networks against the table: {_difference(built, table.costs[drawn]):.2e}")
    if options.extract is not None:
        options.extract.write_text(_extract(table, drawn), encoding="utf-8")


def _difference(found: np.ndarray, expected: np.ndarray) -> float:
    return float(np.max(np.abs(found - expected) / expected))


def _extract(table: Table, drawn: np.ndarray) -> str:
    """A cell for every different pair of costs, then the drawn ones, as JSON with a cell a line."""
    _, first = np.unique(table.costs, axis=0, return_index=True)
    chosen = dict.fromkeys([*first.tolist(), *drawn.tolist()])
    rows = [
        json.dumps([*(OPERATIONS.index(each) for each in table.cells[i]), *table.costs[i].tolist()]) for i in chosen
    ]
    return "[\n" + ",\n".join(rows) + "\n]\n"


def _options() -> Any:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    folder = Path(os.environ.get("EASYNAS_NAS_DATA", "."))
    parser.add_argument("--table", type=Path, default=folder / "nb201.npz", help="by default in $EASYNAS_NAS_DATA")
    parser.add_argument("--built", type=int, default=40, help="how many networks to build")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--extract", type=Path, help="write some of the table there, for the tests")
    return parser.parse_args()


if __name__ == "__main__":
    main()
