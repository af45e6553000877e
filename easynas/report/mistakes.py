"""The most confident mistakes: where the model is surest and wrong, the data or the model has something to learn."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from easynas.report.specimens import errors
from easynas.schema import Answer

SHOWN = 8


@dataclass(frozen=True, eq=False)
class Example:
    """One sample with what was answered about it.

    Attributes:
        sample: in the encoder's container, a batch of one.
        truth: what it is.
        answered: what the model said.
        certainty: how sure it was, in [0, 1]; None for numbers.
        output: number of the output that it speaks of.
        right: whether the answer is right.
    """

    sample: Any
    truth: str
    answered: str
    certainty: float | None
    output: int
    right: bool


def examples(
    samples: Any, answers: np.ndarray, y: np.ndarray, answer: Answer, labels: list[str], decided: np.ndarray
) -> tuple[list[Example], list[Example]]:
    """The worst mistakes, and some that were answered well, to compare with.

    Args:
        samples: in the encoder's container.
        answers: about them, `(n, outputs)`; numbers are standardised.
        y: what should have been answered, `(n,)` or `(n, outputs)`.
        answer: what they mean.
        labels: names of the outputs.
        decided: what they come to: class numbers `(n,)`, bool `(n, labels)`; of numbers nobody asks.
    """
    size = errors(answers, y, answer)
    match answer.kind:
        case "classes":
            wrong = decided != y
            size = np.where(wrong, answers[np.arange(len(y)), decided], size)
        case "labels":
            wrong = (decided != (y > 0)).any(axis=1)
        case "numbers":
            wrong = size > np.median(size)
    order = np.argsort(-size, kind="stable")
    worst = [row for row in order if wrong[row]][:SHOWN]
    well = _varied([row for row in order[::-1] if not wrong[row]], answers, y, answer)

    def describe(row: int, *, right: bool) -> Example:
        return _example(samples[row : row + 1], answers[row], y[row], answer, labels, decided[row], right=right)

    return [describe(row, right=False) for row in worst], [describe(row, right=True) for row in well]


def _varied(rows: list[int], answers: np.ndarray, y: np.ndarray, answer: Answer) -> list[int]:
    """A few of the best, of different classes."""
    if answer.kind != "classes":
        return rows[: SHOWN // 2]
    first = {int(y[row]): row for row in reversed(rows)}
    return sorted(first.values(), key=lambda row: -float(answers[row].max()))[: SHOWN // 2]


def _example(
    sample: Any,
    answers: np.ndarray,
    y: Any,
    answer: Answer,
    labels: list[str],
    decided: Any,
    *,
    right: bool,
) -> Example:
    match answer.kind:
        case "classes":
            output = int(decided)
            return Example(sample, labels[int(y)], labels[output], float(answers[output]), output, right)
        case "labels":
            output = int(np.abs(answers - y).argmax())
            truth, said = (_listed(labels, places) for places in (np.asarray(y) > 0, decided))
            return Example(sample, truth, said, float(max(answers[output], 1 - answers[output])), output, right)
        case "numbers":
            output = int(np.abs(answers - y).argmax())
            scale, mean = answer.scale[output], answer.mean[output]
            truth, said = (f"{float(part[output]) * scale + mean:,.4g}" for part in (y, answers))
            prefix = f"{labels[output]}: " if len(labels) > 1 else ""
            return Example(sample, prefix + truth, prefix + said, None, output, right)


def _listed(labels: list[str], chosen: np.ndarray) -> str:
    return ", ".join(labels[place] for place in np.flatnonzero(chosen)) or "none"
