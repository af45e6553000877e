"""Which networks to average, and with which weights.

Greedy ensemble selection with replacement (Caruana, Niculescu-Mizil, Crew & Ksikes 2004, "Ensemble selection from
libraries of models", section 2): beginning with the best network, again and again the one is added whose answers make
the average better. What differs: equal scores are decided by the loss, the number of different networks is bounded, and
labels are chosen for by the loss alone, since their scores depend on thresholds that are chosen later.
"""

from collections import Counter
from collections.abc import Mapping

import numpy as np

from easynas.train.scoring import Scoring, loss

ROUNDS = 20


def select(answers: Mapping[int, np.ndarray], y: np.ndarray, scoring: Scoring, *, most: int) -> dict[int, float]:
    """Weights of the networks to average, by their numbers; they sum to one.

    Args:
        answers: of every network for the held-out samples, `(n, outputs)`.
        y: what they should be.
        scoring: the metric.
        most: largest number of different networks, from 1.
    """

    def value(total: np.ndarray, count: int) -> tuple[float, float]:
        mean = total / count
        score = 0.0 if scoring.answer.kind == "labels" else scoring.score(mean, y)
        return score, -loss(mean, y, scoring.answer)

    chosen: list[int] = []
    total = np.zeros_like(next(iter(answers.values())), dtype=np.float64)
    best: tuple[tuple[float, float], list[int]] = ((-np.inf, -np.inf), [])
    for count in range(1, ROUNDS + 1):
        open_to = answers if len(set(chosen)) < most else dict.fromkeys(chosen)
        values = {number: value(total + answers[number], count) for number in open_to}
        added = max(values, key=values.__getitem__)
        chosen.append(added)
        total = total + answers[added]
        best = max(best, (values[added], list(chosen)), key=lambda each: each[0])
    counts = Counter(best[1])
    return {number: count / len(best[1]) for number, count in counts.items()}
