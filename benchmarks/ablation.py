"""What each part of easynas is worth: the same cells with the part and without it, a JSON line a cell.

    python benchmarks/ablation.py --problems fashion_1000 sms titanic --budget 300 --seeds 0 1 2
    python benchmarks/ablation.py --show

`peers/without.py` says how each is left out.
"""

import argparse
import itertools
import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import environments
import pandas as pd
import peer_problems
from peer_cell import PeerCell, run
from peers import methods
from runner import Record, read_results, run_missing

HERE = Path(__file__).parent
WHOLE = "nothing"
PARTS = (
    "portfolio",
    "second worker",
    "search",
    "dropping",
    "bfloat16",
    "inherited weights",
    "clock-tied rate",
    "final training",
    "ensembling",
)
"""As in `peers/without.py`, which this process does not import: that would load TensorFlow."""

ON_IMAGES = ("search", "dropping", "bfloat16", "inherited weights", "final training")
"""Parts that only images have: texts and tables neither drop, nor convolve, nor end in a long training."""

ON_OTHERS = ("ensembling",)
"""Parts that images lack: of them one network is trained for most of the time."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs what is missing, or shows what there is; `arguments` are those of the command line."""
    options = _options(arguments)
    if options.show:
        print(summarize(list(read_results(options.out))).to_string(index=False))
        return
    cells = wanted(options.problems, options.parts, options.budget, options.seeds)
    running = partial(_without, data=options.data)
    for cell, record in run_missing(cells, of=PeerCell.of, run=running, out=options.out):
        print(f"{cell.problem} without {cell.method}, seed {cell.seed}: {record.get('score', record.get('error'))}")


def wanted(problems: Sequence[str], parts: Sequence[str], budget: float, seeds: Sequence[int]) -> list[PeerCell]:
    """The cells: whole, and without each part that the problem has."""
    return [
        PeerCell(problem, part, budget, seed)
        for seed, problem, part in itertools.product(seeds, problems, (WHOLE, *parts))
        if part not in (ON_OTHERS if peer_problems.describe(problem)[0] == "images" else ON_IMAGES)
    ]


def summarize(records: Sequence[Record]) -> pd.DataFrame:
    """A row a problem, budget and part: the mean of what it is worth with the same seed, and its standard error.

    `worth` is the score with the part less the score without, in the units of the metric; positive is good.
    """
    scores = {PeerCell.of(record): record["score"] for record in records if "error" not in record}
    keys = ("problem", "budget", "part", "metric")
    rows = []
    for record in records:
        cell = PeerCell.of(record)
        whole = PeerCell(cell.problem, WHOLE, cell.budget, cell.seed)
        if cell.method != WHOLE and cell in scores and whole in scores:
            key = zip(keys, (cell.problem, cell.budget, cell.method, record["metric"]), strict=True)
            rows.append({**dict(key), "with": scores[whole], "without": scores[cell]})
    table = pd.DataFrame(rows, columns=[*keys, "with", "without"])
    table["worth"] = table["with"] - table["without"]
    groups = table.groupby(list(keys), sort=False)
    return pd.DataFrame(
        {
            "seeds": groups.size(),
            "with": groups["with"].mean(),
            "without": groups["without"].mean(),
            "worth": groups["worth"].mean(),
            "error": groups["worth"].sem(),
        }
    ).reset_index()


def _without(cell: PeerCell, data: Path | None) -> Record:
    part = "" if cell.method == WHOLE else cell.method
    everything = methods.METHODS["easynas"]
    return run(cell, data, environments.DEFAULT, methods.Method(everything.module, "", everything.kinds, setting=part))


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--problems",
        nargs="+",
        choices=peer_problems.NAMES,
        default=["fashion_1000", "sms", "titanic"],
        metavar="PROBLEM",
    )
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--budget", type=float, default=300.0, help="seconds")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--data", type=Path, default=os.environ.get("EASYNAS_DATA"), help="default: EASYNAS_DATA")
    parser.add_argument("--out", type=Path, default=HERE / "results" / "ablation.jsonl")
    parser.add_argument("--show", action="store_true", help="print a table instead")
    options = parser.parse_args(arguments)
    missing = options.data is None or not Path(options.data).is_dir()
    if not options.show and peer_problems.need_data(options.problems) and missing:
        parser.error(f"`--data` or EASYNAS_DATA must name the folder of data. Received: {options.data}.")
    return options


if __name__ == "__main__":
    main()
