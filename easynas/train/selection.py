"""Which networks to average, and with which weights.

Greedy ensemble selection with replacement (Caruana, Niculescu-Mizil, Crew & Ksikes 2004, "Ensemble selection from
libraries of models", section 2): beginning with the best network, again and again the one is added whose answers make
the average better. What differs: better is what has the smaller loss, whatever the metric, since accuracies and the
like are so coarse that the luckiest network wins; the number of different networks is bounded; and where they take
bags of networks, so that those that are better by chance count less, here one is only added if the loss also falls on
most of several parts of the held-out samples.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping

import numpy as np

from easynas.schema import Answer
from easynas.train.scoring import loss

ROUNDS, PARTS = 20, 3


def select(
    answers: Mapping[int, np.ndarray],
    y: np.ndarray,
    answer: Answer,
    *,
    most: int,
    sizes: Mapping[int, float] | None = None,
    room: float = math.inf,
) -> dict[int, float]:
    """Weights of the networks to average, by their numbers; they sum to one.

    Args:
        answers: of every network for the held-out samples, `(n, outputs)`.
        y: what they should be.
        answer: what they mean.
        most: largest number of different networks, from 1.
        sizes: of every network, in any unit; None: they take no room.
        room: size of all different networks together that is exceeded by a single network only.
    """
    sizes = dict.fromkeys(answers, 0.0) if sizes is None else sizes
    parts = np.array_split(np.random.default_rng(0).permutation(len(y)), min(PARTS, len(y)))
    counts = np.array([len(rows) for rows in parts])

    def losses(mean: np.ndarray) -> np.ndarray:
        return np.array([loss(mean[rows], y[rows], answer) for rows in parts])

    def whole(each: np.ndarray) -> float:
        return float(np.average(each, weights=counts))

    def improves(each: np.ndarray, other: np.ndarray) -> bool:
        return whole(each) < whole(other) and 2 * int((each < other).sum()) > len(parts)

    singles = {number: losses(own) for number, own in answers.items()}
    ranked = sorted(singles, key=lambda number: whole(singles[number]))
    fitting = next((number for number in ranked if sizes[number] <= room), ranked[0])
    first = ranked[0] if improves(singles[ranked[0]], singles[fitting]) else fitting
    chosen, now, total = [first], singles[first], answers[first].astype(np.float64)
    while len(chosen) < ROUNDS:
        offered = _open(sizes, set(chosen), most, room)
        after = {n: losses((total + answers[n]) / (len(chosen) + 1)) for n in offered}
        better = [n for n, each in after.items() if improves(each, now)]
        if not better:
            break
        added = min(better, key=lambda number: whole(after[number]))
        now, total = after[added], total + answers[added]
        chosen.append(added)
    return {number: count / len(chosen) for number, count in Counter(chosen).items()}


def _open(sizes: Mapping[int, float], chosen: set[int], most: int, room: float) -> Iterable[int]:
    """The networks that may be added: those that are in it, and others while there is room."""
    left = room - sum(sizes[number] for number in chosen) if len(chosen) < most else -1.0
    return [number for number, size in sizes.items() if number in chosen or size <= left]
