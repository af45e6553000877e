"""The leaderboard: a row a trial, best first, failed ones last with their reason."""

from collections.abc import Iterable

import pandas as pd

from easynas.nets.quantization import quantization_of
from easynas.search.incumbent import rank_key
from easynas.search.trial import Done, Failed, Trial
from easynas.train.filed import FLOAT_SCORE

COLUMNS = (
    "trial",
    "status",
    "score",
    "network",
    "quantization",
    "float_score",
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


def leaderboard(trials: Iterable[Trial], *, quantization: str = "float32") -> pd.DataFrame:
    """A `DataFrame` with `COLUMNS`; a row is "done", "dropped" (could not catch up any more) or "failed".

    `score` is that of the file in the numbers of `quantization`, and `float_score` that of the network before.

    Args:
        trials: of a study.
        quantization: of those that have no choice of their own.
    """
    rows = sorted(trials, key=_order)
    return pd.DataFrame([_row(trial, quantization) for trial in rows], columns=list(COLUMNS))


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


def _row(trial: Trial, quantization: str) -> dict[str, object]:
    metrics = trial.metrics if isinstance(trial, Done) else {}
    score = trial.score if isinstance(trial, Done) else float("nan")
    return {
        "trial": trial.job.id,
        "status": status(trial),
        "score": score,
        "network": trial.job.values.get("network", ""),
        "quantization": "" if trial.job.reference else quantization_of(trial.job.values, quantization),
        "float_score": metrics.get(FLOAT_SCORE, score),
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
