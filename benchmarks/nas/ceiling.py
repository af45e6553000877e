"""What a search that evaluates everything would report: scores are noisy, so hardly any strategy can expect more.

python benchmarks/nas/ceiling.py --seeds 200
"""

import argparse
import os
from pathlib import Path

import numpy as np
from table_problems import PROBLEMS
from tables import DATA, NAMES, nb201

from easynas.search.budget import Deadline
from easynas.search.trial import Done, Job


def main() -> None:
    """Prints mean and standard error of the incumbent of all cells, for the same seeds as `run.py`."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--tables", type=Path, default=os.environ.get("EASYNAS_NAS_DATA"), help="or EASYNAS_NAS_DATA")
    options = parser.parse_args()
    if options.tables is None:
        parser.error("--tables must name a folder with nb201.npz, see README.md. Received: nothing.")
    for data in DATA:
        found = np.array([ceiling(options.tables, data, seed=seed) for seed in range(options.seeds)])
        print(f"{data}-queries: {found.mean():.3f} ± {found.std() / np.sqrt(len(found)):.3f}")


def ceiling(folder: Path, data: str, *, seed: int) -> float:
    """The mean test accuracy of the cell that is the best of all by the scores that a search with this seed sees."""
    table = nb201(folder)
    evaluate = PROBLEMS[f"{data}-queries"](folder).evaluator(seed)
    # Cells that could score most come first, so that the rest need not be looked at.
    most = np.nanmax(table.arrays[f"val200_{DATA[data]}"], axis=1)
    best, incumbent = -np.inf, 0
    for row in np.argsort(-most):
        if most[row] < best:
            break
        values = dict(zip(NAMES, (table.operations[code] for code in table.arrays["ops"][row]), strict=True))
        trial = evaluate(Job(0, values), deadline=Deadline.after(1.0), bar=-np.inf)
        if isinstance(trial, Done) and trial.score > best:
            best, incumbent = trial.score, int(row)
    return float(table.arrays[f"test200_{DATA[data]}"][incumbent])


if __name__ == "__main__":
    main()
