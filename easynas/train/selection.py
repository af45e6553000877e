"""Which networks to average, and with which weights.

Greedy ensemble selection with replacement (Caruana, Niculescu-Mizil, Crew & Ksikes 2004, "Ensemble selection from
libraries of models", section 2): beginning with the best network, again and again the one is added whose answers make
the average better. What differs: equal scores are decided by the loss; labels are chosen for by the loss alone, since
their scores depend on thresholds that are chosen later; the number of different networks is bounded; and where they
take bags of networks, so that those that are better by chance count less, here one is only added if the loss falls on
each of several parts of the held-out samples.
"""

from collections import Counter
from collections.abc import Iterator, Mapping

import numpy as np

from easynas.train.scoring import Scoring, loss

ROUNDS, PARTS = 20, 3

_Value = tuple[float, float]
"""Score and negative loss: larger is better."""


def select(answers: Mapping[int, np.ndarray], y: np.ndarray, scoring: Scoring, *, most: int) -> dict[int, float]:
    """Weights of the networks to average, by their numbers; they sum to one.

    Args:
        answers: of every network for the held-out samples, `(n, outputs)`.
        y: what they should be.
        scoring: the metric.
        most: largest number of different networks, from 1.
    """
    parts = np.array_split(np.random.default_rng(0).permutation(len(y)), PARTS)

    def value(mean: np.ndarray) -> _Value:
        score = 0.0 if scoring.answer.kind == "labels" else scoring.score(mean, y)
        return score, -loss(mean, y, scoring.answer)

    def losses(mean: np.ndarray) -> np.ndarray:
        return np.array([loss(mean[rows], y[rows], scoring.answer) for rows in parts if len(rows)])

    best = max(answers, key=lambda number: value(answers[number]))
    chosen, total = [best], answers[best].astype(np.float64)
    while len(chosen) < ROUNDS:
        mean, count = total / len(chosen), len(chosen) + 1
        now, before = value(mean), losses(mean)
        better: dict[int, _Value] = {}
        for number in _open(answers, chosen, most):
            after = (total + answers[number]) / count
            if value(after) > now and (losses(after) < before).all():
                better[number] = value(after)
        if not better:
            break
        added = max(better, key=better.__getitem__)
        chosen.append(added)
        total += answers[added]
    return {number: count / len(chosen) for number, count in Counter(chosen).items()}


def _open(answers: Mapping[int, np.ndarray], chosen: list[int], most: int) -> Iterator[int]:
    """The networks that may be added."""
    yield from answers if len(set(chosen)) < most else dict.fromkeys(chosen)
