"""`Point`: a trade-off that a fit found, with all that is needed to make a model of it; and the table of them."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from easynas.data.dataset import Encoder, Shapes, Target
from easynas.data.features import divided, without_features
from easynas.nets.quantization import QUANTIZATION
from easynas.search.front import front
from easynas.search.trial import Done, Job
from easynas.tasks.finish import Finish
from easynas.train.filed import FLOAT_SCORE
from easynas.train.scoring import Scoring, loss

if TYPE_CHECKING:
    import pandas as pd

    from easynas.deploy.bundle import Bundle
    from easynas.deploy.footprint import Footprint
    from easynas.nets.block import Block
    from easynas.nets.pretrained import Backbone
    from easynas.space.space import Values
    from easynas.train.weights import Weights

COLUMNS = ("trial", "score", "size_kb", "latency_ms", "params", "macs", "network", "quantization", "chosen")


class Member(NamedTuple):
    """One of the networks that are averaged.

    Attributes:
        network: what was trained.
        values: its choices.
        weights: its weights.
        share: how much it counts; all shares sum to one.
    """

    network: "Block"
    values: "Values"
    weights: "Weights"
    share: float


@dataclass(frozen=True, eq=False)
class Point:
    """A trade-off that a fit found.

    Attributes:
        number: of the trial that it is called by: the only one, or that of the average.
        trials: those that it is made of.
        members: their networks.
        answers: of all together for the held-out samples, `(n, outputs)`.
        y: what those should be.
        scoring: the metric.
        encoder: what samples go through.
        quantization: numbers of its file.
        change: by how much the score of that file differs from the network's own.
        backbone: the pretrained network that they go through after it; None for none.
    """

    number: int
    trials: tuple[Done, ...]
    members: tuple[Member, ...]
    answers: np.ndarray
    y: np.ndarray
    scoring: Scoring
    encoder: Encoder
    quantization: str
    change: float = 0.0
    backbone: "Backbone | None" = None

    @cached_property
    def finish(self) -> Finish:
        """How the answers are changed; found out when somebody asks."""
        return Finish.of(self.answers, self.y, self.scoring)

    @property
    def network(self) -> str:
        """What kind of network it is."""
        if len(self.trials) > 1:
            return "average"
        [only] = self.trials
        return str(only.job.values.get("network", "")) if only.job.values else "baseline"

    @property
    def score(self) -> float:
        """Of the model's file on held-out samples."""
        return self.finish.decision.score + self.change if self.is_made else self.trials[0].score

    @property
    def is_made(self) -> bool:
        """Whether the model is no trial of the search, but made of some."""
        return len(self.trials) > 1 or self.finish.changes

    def as_trial(self, number: int) -> Done:
        """The model as a trial: the only one that it is, or one of this number, scored as the others were."""
        if not self.is_made:
            return self.trials[0]
        started = time.monotonic()
        sums = {name: sum(trial.metrics[name] for trial in self.trials) for name in ("parameters", "macs")}
        metrics = {
            **sums,
            "loss": loss(self.finish.answers, self.y, self.scoring.answer),
            "standard_error": self.scoring.standard_error(self.score, self.finish.answers, self.y),
        }
        if FLOAT_SCORE in self.trials[0].metrics:
            metrics[FLOAT_SCORE] = self.finish.decision.score
        values, origin = self._named()
        job = Job(number, values, origin=origin, members=tuple(sorted(trial.job.id for trial in self.trials)))
        return Done(job, self.score, time.monotonic() - started, metrics)

    def _named(self) -> "tuple[Values, str]":
        """What the leaderboard says of it: the choices, and what was done to which trials."""
        numbers = ", ".join(str(number) for number in sorted(trial.job.id for trial in self.trials))
        if len(self.trials) > 1:
            searched = any(QUANTIZATION in trial.job.values for trial in self.trials)
            shared: Values = {QUANTIZATION: self.quantization} if searched else {}
            return {"network": "average", **shared}, f"average of {numbers}"
        [only] = self.trials
        calibrated, decided = self.finish.temperature != 1.0, bool(self.finish.decision.thresholds)
        changes = ["calibrated"] * calibrated + ["with thresholds"] * decided
        return dict(only.job.values) or {"network": only.job.origin}, ", ".join([f"trial {numbers}", *changes])

    def bundle(self, target: Target, samples: Any) -> "Bundle":
        """The model.

        Args:
            target: what answers mean; its thresholds are those of this point afterwards.
            samples: raw ones that stay with the model.
        """
        from easynas.deploy.bundle import Bundle, assemble, with_weights
        from easynas.nets.network import build, precision

        with precision("float32"):
            judged = self.encoder if self._asks_for_features() else without_features(self.encoder)
            encoder, extended = divided(judged)
            joined = partial(assemble, encoder, self.scoring.answer, temperature=self.finish.temperature)
            if len(self.members) == 1 and self.backbone is None:
                [only] = self.members
                made = joined(lambda x: build(only.network, only.values, extended(x)))
                return with_weights(Bundle(*made, encoder, self.finish.target(target), samples), only.weights)
            made = joined(lambda x: self._average(judged.inputs, extended(x)))
        return Bundle(*made, encoder, self.finish.target(target), samples)

    def _asks_for_features(self) -> bool:
        """Whether a network takes what a pretrained encoder says; otherwise that need not be shipped."""
        from easynas.nets.network import model_of

        inputs = self.encoder.inputs
        if not isinstance(inputs, dict) or "features" not in inputs:
            return False
        others = {name: each for name, each in inputs.items() if name != "features"}
        try:
            for member in self.members:
                model_of(member.network, member.values, others)
        except KeyError:
            return True
        return False

    def _average(self, inputs: Shapes, x: Any) -> Any:
        """Adds all members to the tensors that they see, each with its weights, and the sum of their shares."""
        from keras import layers

        from easynas.nets.network import build, model_of

        if self.backbone is not None:
            x = build(self.backbone, {}, x)
            inputs = tuple(x.shape[1:])
        parts = []
        for member in self.members:
            model = model_of(member.network, member.values, inputs)
            model.set_weights(member.weights)
            parts.append(layers.Rescaling(member.share)(model(x, training=False)))
        return layers.Add()(parts) if len(parts) > 1 else parts[0]


class Row(NamedTuple):
    """What is known of a point: its trial's number, score, network, and its file's numbers and cost."""

    number: int
    score: float
    network: str
    quantization: str
    footprint: "Footprint"


def trade_offs(rows: Sequence[Row], *, chosen: int) -> "pd.DataFrame":
    """A row for each that no other beats in score, size and latency at once, best score first; and for the chosen one.

    Args:
        rows: all points.
        chosen: number of the one that the estimator is.
    """
    import pandas as pd

    losses = np.array([[-row.score, row.footprint.size_kb, row.footprint.latency_ms] for row in rows], dtype=float)
    kept = [row for row, best in zip(rows, front(losses), strict=True) if best or row.number == chosen]
    ordered = sorted(kept, key=lambda row: (-row.score, row.footprint.size_kb))
    return pd.DataFrame([_columns(row, chosen) for row in ordered], columns=list(COLUMNS))


def _columns(row: Row, chosen: int) -> Mapping[str, object]:
    footprint = row.footprint
    return {
        "trial": row.number,
        "score": row.score,
        "size_kb": footprint.size_kb,
        "latency_ms": footprint.latency_ms,
        "params": footprint.params,
        "macs": footprint.macs,
        "network": row.network,
        "quantization": row.quantization,
        "chosen": row.number == chosen,
    }
