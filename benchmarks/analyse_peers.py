"""Prints what the comparison of methods found, draws its curves and writes the page about it.

    python benchmarks/analyse_peers.py benchmarks/results/peers.jsonl --page docs/comparison.md

The page is written from the results alone, so it is never edited by hand. Its pictures lie beside it.
"""

import argparse
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd
import peer_curves
import peer_tables
from peers.methods import METHODS
from rich.console import Console
from rich.markdown import Markdown
from runner import Record, read_results

HERE = Path(__file__).parent
KINDS = {"images": "Images", "texts": "Texts", "table": "Tables"}
INTRODUCTION = """# Compared with others

What other ways to a model give on the same data, on the same machine, for the same seconds of wall-clock time, each in
an environment of its own and through its own public interface. How it is measured, and how to run it, is in
[benchmarks](../benchmarks/README.md#compared-with-others). This page is written by `benchmarks/analyse_peers.py` from
`benchmarks/results/peers.jsonl`.
"""
READING = """Scores are on test samples that no method sees, larger is better, ± the standard error over the seeds.
**Bold** is the best mean, *italic* what is within one standard error of it, both errors taken together. A dash is a
method that failed; an empty field one that was not run.
"""
METHODS_READING = """Rank and wins are by the mean of each problem. Normalised is 0 for the most frequent answer and 1
for the best method of a problem. The overrun is time beyond the budget; a fit is killed at +20 %. Sizes and latencies
of one call with one sample are medians, memory and overrun the worst of all cells. Every process that shares a page of
memory counts it.
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints the page; with `--page` also writes it and its pictures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("results", type=Path, nargs="*", default=[HERE / "results" / "peers.jsonl"])
    parser.add_argument("--page", type=Path, help="the page to write, with a PNG for each kind of data beside it")
    options = parser.parse_args(arguments)
    records = [record for path in options.results for record in read_results(path)]
    pictures = draw(records, options.page) if options.page is not None else {}
    text = "\n".join(page(records, pictures))
    Console(width=220).print(Markdown(text))
    if options.page is not None:
        options.page.write_text(text, encoding="utf-8")


def draw(records: Sequence[Record], beside: Path) -> dict[str, list[Path]]:
    """The pictures of each kind of data, written beside a page."""
    rows, order = peer_tables.frame(records), list(METHODS)
    pictures = {}
    for kind in (each for each in KINDS if each in set(rows["kind"])):
        own = rows[rows["kind"] == kind]
        paths = [beside.with_name(f"{beside.stem}-{kind}-{name}.png") for name in ("test", "validation")]
        peer_curves.draw_tests(own, paths[0], order)
        problems = set(own["problem"])
        peer_curves.draw_validations([record for record in records if record["problem"] in problems], paths[1], order)
        pictures[kind] = paths
    return pictures


def page(records: Sequence[Record], pictures: dict[str, list[Path]]) -> Iterator[str]:
    """The lines of the page."""
    rows = peer_tables.frame(records)
    yield INTRODUCTION
    if not records:
        yield "There are no results yet; `make bench-peers` makes the first within about an hour.\n"
        return
    yield from _circumstances(records)
    yield READING
    for kind, title in KINDS.items():
        own = rows[rows["kind"] == kind]
        if own.empty:
            continue
        yield f"## {title}\n"
        yield from _table(_scores(peer_tables.means(own)))
        for path in pictures.get(kind, []):
            yield f"![{title}, {path.stem.rpartition('-')[2]} scores over time]({path.name})\n"
        yield f"### {title}: the methods\n"
        yield from _table(_methods(peer_tables.methods(own)))
    yield METHODS_READING
    yield from _failures(rows)


def _circumstances(records: Sequence[Record]) -> Iterator[str]:
    machines = Counter(
        f"{record['machine']['cores']} cores, {record['machine']['system']} on {record['machine']['architecture']}, "
        f"{', '.join(record['machine']['cpu_flags'])}"
        for record in records
    )
    versions = {name: version for record in records for name, version in record.get("versions", {}).items()}
    seeds = len({record["seed"] for record in records})
    yield f"{len(records)} cells, {seeds} {'seed' if seeds == 1 else 'seeds'}. Machine: {'; '.join(machines)}."
    yield f"Versions: {', '.join(f'{name} {version}' for name, version in sorted(versions.items()))}.\n"


def _scores(table: pd.DataFrame) -> pd.DataFrame:
    """A row a problem and budget, a column a method."""
    lines = []
    for (problem, budget), group in table.groupby(peer_tables.KEYS, sort=False):
        best = group.sort_values("score", ascending=False, kind="stable").iloc[0]
        line = {"problem": problem, "budget": f"{budget:g} s", "metric": group["metric"].iloc[0]}
        for _, row in group.iterrows():
            line[str(row["method"])] = _score(row["score"], row["error"], best)
        lines.append(line)
    order = ["problem", "budget", "metric", *(name for name in METHODS if name in set(table["method"]))]
    return pd.DataFrame(lines)[order].fillna("")


def _score(score: float, error: float, best: "pd.Series[float]") -> str:
    if math.isnan(score):
        return "–"
    text = number(score) if math.isnan(error) else f"{number(score)} ± {number(error)}"
    if score == best["score"]:
        return f"**{text}**"
    near = math.hypot(error, best["error"])
    return f"*{text}*" if score >= best["score"] - near else text


def _methods(table: pd.DataFrame) -> pd.DataFrame:
    shown = table.drop(columns="kind").copy()
    shown["budget"] = [f"{each:g} s" for each in shown["budget"]]
    shown["mean rank"] = [f"{each:.2f}" for each in shown["mean rank"]]
    shown["normalised"] = [f"{each:.3f}" if not math.isnan(each) else "" for each in shown["normalised"]]
    shown["worst overrun"] = [f"{each:+.1%}" if not math.isnan(each) else "" for each in shown["worst overrun"]]
    for name in ("artefact kB", "latency ms", "peak MB"):
        shown[name] = [_amount(each) for each in shown[name]]
    return shown


def _amount(value: float) -> str:
    if math.isnan(value):
        return ""
    return f"{value:.3g}" if value < 100 else f"{value:,.0f}"


def _failures(rows: pd.DataFrame) -> Iterator[str]:
    failures = peer_tables.errors(rows)
    if not failures:
        return
    yield "## What failed\n"
    yield "Each after an honest attempt to make it work; the error is what the method or the clock said last.\n"
    for (method, reason), cells in failures.items():
        where = ", ".join(dict.fromkeys(f"{cell.problem} ({cell.budget:g} s)" for cell in cells.itertuples()))
        yield f"- **{method}** on {where}, {len(cells)} {'cell' if len(cells) == 1 else 'cells'}: `{reason[:200]}`"


def _table(table: pd.DataFrame) -> Iterator[str]:
    yield "| " + " | ".join(map(str, table.columns)) + " |"
    yield "|" + "---|" * len(table.columns)
    for row in table.itertuples(index=False):
        yield "| " + " | ".join(map(str, row)) + " |"
    yield ""


def number(value: float) -> str:
    """Four decimals, and none for what is in the hundreds."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.4f}"


if __name__ == "__main__":
    main()
