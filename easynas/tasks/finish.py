"""`Finish`: what held-out samples say about the answers of a model that is trained: its temperature, its thresholds."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from easynas.data.dataset import Target
from easynas.data.labels import LabelsTarget
from easynas.data.target import ClassTarget
from easynas.train.calibration import fit_temperature, tempered
from easynas.train.scoring import Scoring, loss
from easynas.train.thresholds import Decision


@dataclass(frozen=True, eq=False)
class Finish:
    """How the answers of a model are changed before it is shipped.

    Attributes:
        answers: for the held-out samples, at the temperature, `(n, outputs)`.
        temperature: by which logits are divided.
        gain: by how much the log loss of the held-out samples falls with it.
        decision: the thresholds, and what they score.
        plain: what the most probable class scores; of labels what they score.
    """

    answers: np.ndarray
    temperature: float
    gain: float
    decision: Decision
    plain: float

    @classmethod
    def of(cls, answers: np.ndarray, y: np.ndarray, scoring: Scoring) -> Self:
        """What suits a model.

        Args:
            answers: of the model for held-out samples, `(n, outputs)`; where each is held out once, those of the
                networks that did not see it. The average of these networks is a little less certain than each.
            y: what they should be.
            scoring: the metric.
        """
        answer = scoring.answer
        temperature = fit_temperature(answers, y, answer)
        warm = tempered(answers, answer, temperature)
        gain = loss(answers, y, answer) - loss(warm, y, answer)
        decision = scoring.decision(warm, y)
        return cls(warm, temperature, gain, decision, scoring.score(warm, y))

    @property
    def changes(self) -> bool:
        """Whether the model answers otherwise than the networks that it is made of; labels have thresholds always."""
        return self.temperature != 1.0 or self.decision.score != self.plain

    def target(self, target: Target) -> Target:
        """The target with its thresholds."""
        if isinstance(target, ClassTarget | LabelsTarget):
            return replace(target, thresholds=self.decision.thresholds)
        return target

    def sentences(self, scoring: Scoring) -> list[str]:
        """For the report."""
        found = []
        if self.temperature != 1.0:
            kind = "too cautious" if self.temperature < 1.0 else "too certain"
            found.append(
                f"The probabilities were {kind}: at a temperature of {self.temperature:.2f} the log loss of the "
                f"held-out samples is smaller by {self.gain:.3f}."
            )
        if scoring.answer.kind == "classes" and self.decision.thresholds:
            found.append(
                f"Classes are decided for by thresholds: {scoring.metric} of held-out samples that did not choose them "
                f"is {self.decision.score:.4f}, and that of the most probable classes {self.plain:.4f}."
            )
        return found
