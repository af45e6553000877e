"""How the model errs: which classes it takes for which, whether its certainty can be trusted, how far numbers are off.

Calibration is measured as in Guo et al. 2017, "On calibration of modern neural networks" (equations 2 and 3). What
differs: bins hold equally many samples, so that each point of the curve is equally sure.
"""

from dataclasses import dataclass

import numpy as np

from easynas.schema import Answer

_BINS, _LEAST_IN_BIN = 10, 10
_MOST_CLASSES = 12
_MOST_POINTS = 500


@dataclass(frozen=True, eq=False)
class Confusion:
    """How often samples of one class were taken for another.

    Attributes:
        labels: names of the classes that are shown.
        counts: `(true, answered)` of these.
        pairs: `(true, answered, count)` of the most frequent mistakes.
        left_out: classes that are not shown, since they are confused least.
    """

    labels: tuple[str, ...]
    counts: np.ndarray
    pairs: tuple[tuple[str, str, int], ...]
    left_out: int


@dataclass(frozen=True, eq=False)
class Reliability:
    """How often the model is right when it is so sure.

    Attributes:
        confidence: mean probability of each bin, `(bins,)`.
        right: share that was right in each, `(bins,)`.
        count: samples in each.
        error: mean difference of the two, weighted by samples (expected calibration error).
    """

    confidence: np.ndarray
    right: np.ndarray
    count: np.ndarray
    error: float

    @property
    def tendency(self) -> float:
        """Mean confidence minus the share that was right: positive if the model is too sure."""
        return float(np.average(self.confidence - self.right, weights=self.count))


@dataclass(frozen=True)
class LabelQuality:
    """How well one label is found.

    Attributes:
        label: its name.
        count: samples that have it.
        precision: share of those it was given to that have it.
        recall: share of those that have it that it was given to.
    """

    label: str
    count: int
    precision: float
    recall: float


@dataclass(frozen=True, eq=False)
class Distances:
    """How far predicted numbers are from true ones.

    Attributes:
        name: of the number.
        true: some of them, in the user's units, `(k,)`.
        predicted: what was predicted for these.
        typical: median distance over all samples.
        nine_in_ten: distance that nine of ten predictions stay within.
    """

    name: str
    true: np.ndarray
    predicted: np.ndarray
    typical: float
    nine_in_ten: float


def confusion(decided: np.ndarray, y: np.ndarray, labels: list[str]) -> Confusion:
    """The confusion of all classes, or of the twelve that are confused most.

    Args:
        decided: numbers of the classes that were answered `(n,)`.
        y: class numbers `(n,)`.
        labels: names of the classes.
    """
    counts = np.zeros((len(labels), len(labels)), int)
    np.add.at(counts, (y, decided), 1)
    wrong = counts - np.diag(np.diag(counts))
    order = np.argsort(-wrong, axis=None, kind="stable")[:5]
    places = [tuple(map(int, np.unravel_index(place, wrong.shape))) for place in order]
    pairs = tuple((labels[i], labels[j], int(wrong[i, j])) for i, j in places if wrong[i, j])
    shown = np.arange(len(labels))
    if len(labels) > _MOST_CLASSES:
        shown = np.sort(np.argsort(-(wrong.sum(axis=0) + wrong.sum(axis=1)), kind="stable")[:_MOST_CLASSES])
    return Confusion(tuple(labels[i] for i in shown), counts[np.ix_(shown, shown)], pairs, len(labels) - len(shown))


def reliability(answers: np.ndarray, decided: np.ndarray, y: np.ndarray) -> Reliability:
    """The calibration of the probability of what is answered; of labels that of each label.

    Args:
        answers: probabilities `(n, outputs)`.
        decided: class numbers `(n,)`; or which labels were given `(n, outputs)`, which is all the same here.
        y: class numbers `(n,)`, or indicators `(n, outputs)`.
    """
    if decided.ndim == 1:
        sure, right = answers[np.arange(len(y)), decided], (decided == y).astype(np.float64)
    else:
        sure, right = answers.ravel(), y.ravel().astype(np.float64)
    order = np.argsort(sure, kind="stable")
    bins = np.array_split(order, min(_BINS, max(1, len(order) // _LEAST_IN_BIN)))
    confidence, share = (np.asarray([values[rows].mean() for rows in bins]) for values in (sure, right))
    count = np.asarray([len(rows) for rows in bins])
    return Reliability(confidence, share, count, float(np.average(np.abs(confidence - share), weights=count)))


def label_qualities(given: np.ndarray, y: np.ndarray, labels: list[str]) -> list[LabelQuality]:
    """Precision and recall of every label, the most frequent first.

    Args:
        given: whether a label was given, bool `(n, labels)`.
        y: indicators `(n, labels)`.
        labels: their names.
    """
    hits, chosen, present = (given & (y > 0)).sum(axis=0), given.sum(axis=0), (y > 0).sum(axis=0)
    return [
        LabelQuality(
            labels[i], int(present[i]), float(hits[i] / max(chosen[i], 1)), float(hits[i] / max(present[i], 1))
        )
        for i in np.argsort(-present, kind="stable")
    ]


def distances(answers: np.ndarray, y: np.ndarray, answer: Answer, names: list[str]) -> list[Distances]:
    """How far numbers are off, in the user's units.

    Args:
        answers: standardised, `(n, outputs)`.
        y: standardised, `(n, outputs)`.
        answer: what they mean.
        names: of the numbers.
    """
    found = []
    some = np.random.default_rng(0).permutation(len(y))[:_MOST_POINTS]
    for place, name in enumerate(names):
        true, predicted = (
            part[:, place].astype(np.float64) * answer.scale[place] + answer.mean[place] for part in (y, answers)
        )
        off = np.abs(true - predicted)
        typical, nine_in_ten = np.percentile(off, (50, 90))
        found.append(Distances(name, true[some], predicted[some], float(typical), float(nine_in_ten)))
    return found
