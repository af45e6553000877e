"""What a file of compared methods says, as data frames.

A failed cell has no score. A method that failed with every seed is ranked behind all that did not, and its normalised
score is 0, that of `majority`. Means are over the seeds that gave a score; how many did not is in the table of methods.
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import peer_problems
from runner import Record

GROUND = "majority"
"""The method that the others must beat; it is neither ranked nor averaged."""

KEYS = ["problem", "budget"]


def frame(records: Sequence[Record]) -> pd.DataFrame:
    """A row a cell, with the columns that the tables need; what a failed cell lacks is NaN.

    Besides what is in the records: `kind`, and `overrun`, the wall time of the fit beyond the budget as a share of it,
    for fits that came to an end or were killed.
    """
    columns = [*KEYS, "method", "seed", "metric", "score", "error", "killed", "fit_wall_seconds"]
    columns += ["memory_peak_tree_mb", "artefact_kb", "artefact_files", "latency_ms"]
    rows = pd.DataFrame([{name: record.get(name) for name in columns} for record in records], columns=columns)
    rows["score"] = rows["score"].astype(float)
    rows["kind"] = [peer_problems.describe(name)[0] for name in rows["problem"]]
    lasted = rows["score"].notna() | rows["killed"].astype(bool)
    rows["overrun"] = (rows["fit_wall_seconds"].astype(float) / rows["budget"] - 1.0).where(lasted)
    return rows


def means(rows: pd.DataFrame) -> pd.DataFrame:
    """A row a problem, budget and method: mean `score`, its standard `error` (NaN for one seed), `runs`, `failed`."""
    groups = rows.groupby([*KEYS, "kind", "metric", "method"], sort=False)["score"]
    table = groups.agg(score="mean", error="sem", runs="count", cells="size").reset_index()
    return table.assign(failed=table["cells"] - table["runs"]).drop(columns="cells")


def ranked(table: pd.DataFrame) -> pd.DataFrame:
    """The same with `rank` from 1, `win` and `normalised`, 0 for `majority` and 1 for the best of the problem.

    Equal means share the mean of their ranks. Methods that failed share the last ranks.
    """
    contest = table[table["method"] != GROUND].copy()
    filled = contest["score"].fillna(-math.inf)
    by_problem = filled.groupby([contest[name] for name in KEYS])
    contest["rank"] = by_problem.rank(ascending=False, method="average")
    contest["win"] = contest["score"].notna() & (filled == by_problem.transform("max"))
    grounds = table[table["method"] == GROUND].set_index(KEYS)["score"]
    ground = np.array([grounds.get((row.problem, row.budget), math.nan) for row in contest.itertuples()], dtype=float)
    span = by_problem.transform("max") - ground
    contest["normalised"] = ((contest["score"] - ground) / span.where(span > 0)).clip(lower=0.0)
    contest.loc[contest["score"].isna() & ~np.isnan(ground), "normalised"] = 0.0
    return contest


def methods(rows: pd.DataFrame) -> pd.DataFrame:
    """A row a kind, budget and method: rank, wins and normalised score over the problems, and what the cells cost.

    Sizes and latencies are medians; memory and overrun are the worst of all cells.
    """
    keys = ["kind", "budget", "method"]
    contest = ranked(means(rows)).groupby(keys, sort=False)
    done = rows[rows["method"] != GROUND].groupby(keys, sort=False)
    table = pd.DataFrame(
        {
            "problems": contest.size(),
            "mean rank": contest["rank"].mean(),
            "wins": contest["win"].sum(),
            "normalised": contest["normalised"].mean(),
            "cells": done.size(),
            "failed": done["score"].apply(lambda scores: scores.isna().sum()),
            "killed": done["killed"].sum(),
            "worst overrun": done["overrun"].max(),
            "artefact kB": done["artefact_kb"].median(),
            "latency ms": done["latency_ms"].median(),
            "peak MB": done["memory_peak_tree_mb"].max(),
        }
    )
    return table.reset_index().sort_values(["kind", "budget", "mean rank"], kind="stable")


def errors(rows: pd.DataFrame) -> Mapping[tuple[str, str], pd.DataFrame]:
    """The failed cells by method and last line of the error."""
    failed = rows[rows["score"].isna()].copy()
    failed["reason"] = [last_line(each) for each in failed["error"]]
    return {(str(key[0]), str(key[1])): cells for key, cells in failed.groupby(["method", "reason"], sort=False)}


def last_line(error: str) -> str:
    """Where a traceback says what went wrong."""
    lines = [line for line in error.splitlines() if line.strip()]
    return lines[-1].strip() if lines else "no word"
