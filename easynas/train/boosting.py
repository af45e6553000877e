"""Grows the trees of a network with scikit-learn's histogram-based boosting (after Ke et al. 2017, "LightGBM").

What scikit-learn keeps of a tree is not public, so a network with planted trees is compared with what scikit-learn
itself says before anybody uses it.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import keras
import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from threadpoolctl import threadpool_limits

from easynas.data.dataset import Inputs
from easynas.data.store import Arrays
from easynas.nets.table import trees
from easynas.schema import Answer
from easynas.search.budget import Deadline
from easynas.space.dimension import Value
from easynas.train.trainer import Outcome, predict

_FIRST = 10  # rounds that tell how long all take
_CAUTION = 0.7  # of the time may be used
_CERTAIN = 10.0  # logit of what was seen without exception
_PRIOR = 10.0  # samples that a category needs to be half believed
_COMPARED, _TOLERANCE = 200, 1e-3  # samples, and what sums may differ by


class GrowthError(Exception):
    """A network does not answer as the trees that were grown for it."""


@dataclass(frozen=True)
class Growth:
    """How trees are grown.

    Attributes:
        rounds: of boosting.
        leaves: most of a tree.
        rate: what every tree's values are multiplied by, in (0, 1].
        columns: share of the columns that a comparison may choose from.
        least: samples in a leaf.
        penalty: on the size of values (L2).
        seed: of which columns a comparison may choose from.
    """

    rounds: int
    leaves: int
    rate: float
    columns: float
    least: int
    penalty: float
    seed: int

    @classmethod
    def of(cls, model: keras.Model, values: Mapping[str, Value], answer: Answer, *, seed: int) -> "Growth":
        """The growth that fills a network, with the other choices among a genotype's values."""
        count, leaves = trees.size_of(model)
        return cls(
            rounds=count // trees.sums(answer),
            leaves=leaves,
            rate=float(values.get("trees/rate", trees.RATE)),
            columns=float(values.get("trees/columns", trees.COLUMNS)),
            least=int(values.get("trees/least", trees.LEAST)),
            penalty=float(values.get("trees/penalty", trees.PENALTY)),
            seed=seed,
        )

    def estimator(self, kind: type[Any]) -> Any:
        """One of scikit-learn's that grows so; it may be fitted again to grow more rounds."""
        return kind(
            learning_rate=self.rate,
            max_leaf_nodes=self.leaves,
            min_samples_leaf=self.least,
            l2_regularization=self.penalty,
            max_features=self.columns,
            early_stopping=False,
            warm_start=True,
            random_state=self.seed,
        )


class Sum(NamedTuple):
    """What is added up to one logit or number.

    Attributes:
        base: what it begins with.
        grown: scikit-learn's trees, in order.
        expected: the sum for the first samples, as scikit-learn says.
    """

    base: float
    grown: list[Any]
    expected: np.ndarray


def grow(
    model: keras.Model,
    values: Mapping[str, Value],
    arrays: Arrays,
    answer: Answer,
    deadline: Deadline,
    *,
    seed: int,
    threads: int,
) -> Outcome:
    """Grows the trees of a network in place; fewer of them where the time does not suffice for all.

    Args:
        model: a network of `trees.Trees`.
        values: its genotype.
        arrays: the training samples.
        answer: what it answers.
        deadline: when it must be over.
        seed: of all randomness.
        threads: of the worker; with more than there are idle cores boosting is ten times as slow.

    Raises:
        GrowthError: the network answers otherwise than scikit-learn, whose trees are not what they were.
    """
    growth = Growth.of(model, values, answer, seed=seed)
    codes = _order_categories(model, arrays, answer)
    seen = predict(trees.seen_by(model), arrays.x)
    numbers = (seen.shape[1] - codes) // 2
    x = seen[:, numbers:].astype(np.float64)  # as scikit-learn would make them
    x[trees.missing(seen[:, numbers:])] = np.nan
    del seen
    started = time.monotonic()
    with threadpool_limits(threads):
        sums = _boosted(x, arrays, answer, growth, deadline)
    seconds = time.monotonic() - started
    _forest(sums, growth, numbers).plant(model)
    _require_same(model, _first(arrays.x), sums)
    rounds = max(len(each.grown) for each in sums)
    return Outcome(rounds, float(rounds), 1.0, seconds / max(rounds, 1), diverged=False)


def _first(x: Inputs) -> Inputs:
    """The first samples."""
    some: Inputs = keras.tree.map_structure(lambda array: array[:_COMPARED], x)
    return some


def _order_categories(model: keras.Model, arrays: Arrays, answer: Answer) -> int:
    """Puts categories into an order by what is to be predicted; returns how many columns of them there are.

    They are ordered by the first principal component of their mean targets, where rare ones are drawn towards the mean
    of all, and spread evenly; unknown ones are in the middle.
    """
    looked_up = trees.codes_seen_by(model)
    if looked_up is None:
        return 0
    targets = _targets(arrays.y, answer) - _targets(arrays.y, answer).mean(axis=0)
    codes = predict(looked_up, arrays.x)
    ordered = np.zeros(trees.count_codes(model))
    for column in codes.T:
        known, place, often = np.unique(column, return_inverse=True, return_counts=True)
        added = np.stack([np.bincount(place, weights=each, minlength=len(known)) for each in targets.T], axis=1)
        means = added / (often[:, None] + _PRIOR)
        _, _, axes = np.linalg.svd(means * np.sqrt(often[:, None]), full_matrices=False)
        value = means @ axes[0]
        order = np.argsort(value, kind="stable")
        ordered[known[order]] = np.linspace(-1.0, 1.0, len(known)) if len(known) > 1 else 0.0
    trees.order_codes(model, ordered)
    return int(codes.shape[1])


def _targets(y: np.ndarray, answer: Answer) -> np.ndarray:
    """What is to be predicted as numbers `(n, any)`."""
    return np.eye(answer.outputs)[y] if answer.kind == "classes" else y.astype(np.float64)


def _boosted(x: np.ndarray, arrays: Arrays, answer: Answer, growth: Growth, deadline: Deadline) -> list[Sum]:
    """Every sum of trees."""
    y, weights = arrays.y, None if (arrays.weights == 1).all() else arrays.weights
    if answer.kind == "classes":
        return _classes(x, y, weights, answer.outputs, growth, deadline)
    kind = HistGradientBoostingClassifier if answer.kind == "labels" else HistGradientBoostingRegressor
    sums = []
    for number, column in enumerate(y.T):
        if answer.kind == "labels" and column.min() == column.max():
            sums.append(_constant(_CERTAIN if column.min() > 0 else -_CERTAIN, x))
            continue
        wanted = column > 0 if answer.kind == "labels" else column
        part = deadline.within(deadline.left / (y.shape[1] - number))
        fitted = _fit(growth.estimator(kind), x, wanted, weights, growth.rounds, part)
        sums.append(_sums_of(fitted, x)[0])
    return sums


def _classes(
    x: np.ndarray, y: np.ndarray, weights: np.ndarray | None, outputs: int, growth: Growth, deadline: Deadline
) -> list[Sum]:
    """A sum for every class, of two for the second one; a class that never occurs is unlikely."""
    known = np.unique(y)
    wanted = [1] if outputs == 2 else list(range(outputs))
    if len(known) == 1:
        return [_constant(_CERTAIN if each == known[0] else -_CERTAIN, x) for each in wanted]
    fitted = _fit(growth.estimator(HistGradientBoostingClassifier), x, y, weights, growth.rounds, deadline)
    found = dict(zip(known[-1:] if len(known) == 2 else known, _sums_of(fitted, x), strict=True))
    found.setdefault(known[0], _constant(0.0, x))  # of two, the second one alone has a sum
    return [found.get(each) or _constant(-_CERTAIN, x) for each in wanted]


def _fit(estimator: Any, x: np.ndarray, y: np.ndarray, weights: np.ndarray | None, rounds: int, until: Deadline) -> Any:
    """The estimator with so many rounds, or as many as there is time for."""
    started = time.monotonic()
    first = min(_FIRST, rounds)
    estimator.set_params(max_iter=first).fit(x, y, sample_weight=weights)
    each = (time.monotonic() - started) / first
    more = min(rounds - first, int(_CAUTION * until.left / each))
    if more > 0:
        estimator.set_params(max_iter=first + more).fit(x, y, sample_weight=weights)
    return estimator


def _constant(value: float, x: np.ndarray) -> Sum:
    return Sum(value, [], np.full(min(len(x), _COMPARED), value))


def _sums_of(fitted: Any, x: np.ndarray) -> list[Sum]:
    some = x[:_COMPARED]
    said = fitted.decision_function(some) if hasattr(fitted, "decision_function") else fitted.predict(some)
    bases = np.ravel(fitted._baseline_prediction)
    columns = said.reshape(len(some), -1).T
    grown = list(zip(*fitted._predictors, strict=True))
    return [Sum(float(base), list(own), column) for base, own, column in zip(bases, grown, columns, strict=True)]


def _forest(sums: list[Sum], growth: Growth, numbers: int) -> trees.Forest:
    """The trees as a network holds them, after which there is nothing where fewer were grown."""
    shape = (len(sums), growth.rounds, growth.leaves - 1)
    columns, thresholds = np.zeros(shape, np.int32), np.zeros(shape)
    turns, values = np.zeros((*shape, growth.leaves)), np.zeros((*shape[:2], growth.leaves))
    for number, each in enumerate(sums):
        for place, tree in enumerate(each.grown):
            at = number, place
            _write(tree.nodes, numbers, columns[at], thresholds[at], turns[at], values[at])
    return trees.Forest(
        columns.reshape(-1, shape[2]),
        thresholds.reshape(-1, shape[2]),
        turns.reshape(-1, *shape[2:], growth.leaves),
        values.reshape(-1, growth.leaves),
        np.array([each.base for each in sums]),
    )


def _write(
    nodes: np.ndarray, numbers: int, columns: np.ndarray, thresholds: np.ndarray, turns: np.ndarray, values: np.ndarray
) -> None:
    """Fills in one tree; of a number, the column with missing ones on their side is looked at."""
    comparisons = leaves = 0
    waiting: list[tuple[int, list[tuple[int, float]]]] = [(0, [])]
    while waiting:
        index, way = waiting.pop()
        node = nodes[index]
        if node["is_leaf"]:
            for comparison, turn in way:
                turns[comparison, leaves] = turn
            values[leaves] = node["value"]
            leaves += 1
            continue
        above = node["feature_idx"] >= numbers or not node["missing_go_to_left"]
        columns[comparisons] = node["feature_idx"] + (numbers if above else 0)
        thresholds[comparisons] = _at_most(node["num_threshold"])
        waiting += [(node["left"], [*way, (comparisons, -1.0)]), (node["right"], [*way, (comparisons, 1.0)])]
        comparisons += 1


def _at_most(threshold: float) -> np.float32:
    """The largest float32 number that is no larger: the same float32 numbers are above it."""
    nearest = np.float32(min(threshold, trees.RANGE))
    return nearest if nearest <= threshold else np.nextafter(nearest, np.float32(-np.inf))


def _require_same(model: keras.Model, some: Inputs, sums: list[Sum]) -> None:
    expected = np.stack([each.expected for each in sums], axis=1)
    received = predict(trees.sums_by(model), some)
    if not np.allclose(received, expected, rtol=_TOLERANCE, atol=_TOLERANCE):
        raise GrowthError(
            f"trees must add up to what scikit-learn says, but differ by {np.abs(received - expected).max():.3g}"
        )
