"""The leaderboard: a row a trial, best first, failed ones last with their reason."""

from collections.abc import Iterable

import pandas as pd

from easynas.search.incumbent import rank_key
from easynas.search.trial import Done, Failed, Trial

COLUMNS = (
    "trial",
    "status",
    "score",
    "network",
    "origin",
    "deployable",
    "fidelity",
    "seconds",
    "epochs",
    "parameters",
    "macs",
    "reason",
    "values",
)


def leaderboard(trials: Iterable[Trial]) -> pd.DataFrame:
    """A `DataFrame` with `COLUMNS`; a row is "done", "dropped" (could not catch up any more) or "failed"."""
    rows = sorted(trials, key=_order)
    return pd.DataFrame([_row(trial) for trial in rows], columns=list(COLUMNS))


def status(trial: Trial) -> str:
    """What became of a trial, in one word."""
    if isinstance(trial, Failed):
        return "failed"
    return "dropped" if trial.dropped else "done"


def _order(trial: Trial) -> tuple[int, float, float]:
    if isinstance(trial, Failed):
        return 2, 0.0, 0.0
    score, loss = rank_key(trial)
    return int(trial.dropped), -score, -loss


def _row(trial: Trial) -> dict[str, object]:
    metrics = trial.metrics if isinstance(trial, Done) else {}
    return {
        "trial": trial.job.id,
        "status": status(trial),
        "score": trial.score if isinstance(trial, Done) else float("nan"),
        "network": trial.job.values.get("network", ""),
        "origin": trial.job.origin,
        "deployable": isinstance(trial, Done) and not (trial.dropped or trial.job.reference),
        "fidelity": trial.fidelity if isinstance(trial, Done) else trial.job.fidelity,
        "seconds": trial.seconds,
        "epochs": metrics.get("epochs", float("nan")),
        "parameters": metrics.get("parameters", float("nan")),
        "macs": metrics.get("macs", float("nan")),
        "reason": trial.reason if isinstance(trial, Failed) else "",
        "values": dict(trial.job.values),
    }
