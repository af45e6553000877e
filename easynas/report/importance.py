"""Which choices of a network decided about its score: functional analysis of variance by a random forest.

After Hutter, Hoos & Leyton-Brown 2014, "An efficient approach for assessing hyperparameter importance" (algorithms 1
and 2): every leaf of a regression tree is a box of the space, so the mean over all other choices is a sum over leaves,
exactly. What differs: the mean is over the values that were tried, each as often as it was, not over all values there
could be, for nothing is known about others; a choice that a network does not have is a value of its own; and only
single choices are looked at, no pairs.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.ensemble import RandomForestRegressor

from easynas.search.trial import Done, Trial
from easynas.space.dimension import Value

FEWEST = 8
"""Trials with which something can be said."""

_TREES, _LEAF = 64, 2
_ABSENT = "–"


@dataclass(frozen=True)
class Importance:
    """How much of the differences between scores one choice explains.

    Attributes:
        choice: its name.
        share: of the variance, in [0, 1].
        best: the value with the best mean score, as a text.
    """

    choice: str
    share: float
    best: str


def comparable(trials: Iterable[Trial]) -> list[Done]:
    """Trials whose choices can be compared: finished, of one network, with choices, equally long."""
    return [
        trial
        for trial in trials
        if isinstance(trial, Done)
        and trial.job.values
        and not (trial.dropped or trial.job.reference or trial.job.members)
        and trial.job.fidelity == 1.0
    ]


def importances(trials: Iterable[Trial], *, seed: int = 0) -> list[Importance]:
    """The choices that explain something, the most important first; none with fewer than `FEWEST` trials.

    Scores are cut at three interquartile ranges below their median: how bad a bad network is, is no question.
    """
    done = comparable(trials)
    scores = np.asarray([trial.score for trial in done])
    if len(done) < FEWEST or scores.max() == scores.min():
        return []
    genotypes = [trial.job.values for trial in done]
    names = [name for name in dict.fromkeys(n for g in genotypes for n in g) if len(_tried(genotypes, name)) > 1]
    if not names:
        return []
    columns = [_codes(genotypes, name) for name in names]
    low, middle, high = np.percentile(scores, (25, 50, 75))
    bounded = np.maximum(scores, middle - 3 * (high - low)) if high > low else scores
    forest = RandomForestRegressor(_TREES, min_samples_leaf=_LEAF, random_state=seed)
    forest.fit(np.stack(columns, axis=1), bounded)
    shares = np.mean([marginal_shares(tree.tree_, columns) for tree in forest.estimators_], axis=0)
    found = [
        Importance(name, float(share), _best(genotypes, bounded, name))
        for name, share in zip(names, shares, strict=True)
    ]
    return sorted(found, key=lambda each: -each.share)


def marginal_shares(tree: Any, columns: Sequence[np.ndarray]) -> np.ndarray:
    """Share of a tree's variance that each choice explains alone, `(choices,)`.

    Args:
        tree: scikit-learn's `tree_`.
        columns: the values that were tried of each choice, `(trials,)` each.
    """
    grids = [np.unique(column, return_counts=True) for column in columns]
    weights = [counts / counts.sum() for _, counts in grids]
    leaves, inside = _leaves(tree, [values for values, _ in grids])
    mass = np.stack([own @ weight for own, weight in zip(inside, weights, strict=True)])  # (choices, leaves)
    everything = mass.prod(axis=0)
    mean = leaves @ everything
    variance = leaves**2 @ everything - mean**2
    if variance <= 1e-15:
        return np.zeros(len(columns))
    shares = []
    for choice, weight in enumerate(weights):
        others = np.delete(mass, choice, axis=0).prod(axis=0)
        marginal = (leaves * others) @ inside[choice]
        shares.append(float(weight @ (marginal - mean) ** 2 / variance))
    return np.asarray(shares)


def _leaves(tree: Any, grids: Sequence[np.ndarray]) -> tuple[np.ndarray, list[np.ndarray]]:
    """The values of all leaves `(leaves,)`, and which values of each choice lie in each, `(leaves, values)`."""
    found: list[tuple[float, list[np.ndarray]]] = []
    waiting = [(0, [np.ones(len(grid), bool) for grid in grids])]
    while waiting:
        node, box = waiting.pop()
        choice = tree.feature[node]
        if choice < 0:
            found.append((float(tree.value[node].ravel()[0]), box))
            continue
        left = grids[choice] <= tree.threshold[node]
        for child, side in ((tree.children_left[node], left), (tree.children_right[node], ~left)):
            waiting.append((child, [*box[:choice], box[choice] & side, *box[choice + 1 :]]))
    inside = [np.stack([box[choice] for _, box in found]).astype(float) for choice in range(len(grids))]
    return np.asarray([value for value, _ in found]), inside


def _tried(genotypes: Sequence[Mapping[str, Value]], name: str) -> list[Value]:
    return list(dict.fromkeys(genotype.get(name, _ABSENT) for genotype in genotypes))


def _codes(genotypes: Sequence[Mapping[str, Value]], name: str) -> np.ndarray:
    """Numbers as they are, names in their order; -1 where a network has no such choice."""
    named = sorted({str(value) for value in _tried(genotypes, name) if isinstance(value, str) and value != _ABSENT})
    code = {each: float(place) for place, each in enumerate(named)}
    values = [genotype.get(name, _ABSENT) for genotype in genotypes]
    return np.asarray([-1.0 if v == _ABSENT else code[v] if isinstance(v, str) else float(v) for v in values])


def _best(genotypes: Sequence[Mapping[str, Value]], scores: np.ndarray, name: str) -> str:
    values = np.asarray([str(genotype.get(name, _ABSENT)) for genotype in genotypes])
    present = [each for each in dict.fromkeys(values) if each != _ABSENT]
    return str(max(present, key=lambda each: float(scores[values == each].mean())))
