"""Checks of the data: what may be wrong with them, and would make any score a wrong promise."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from scipy.stats import ks_2samp
from sklearn.model_selection import cross_val_score
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from easynas.data.columns import DroppedColumn
from easynas.data.dataset import STRONG_IMBALANCE, Encoder
from easynas.data.table import TableEncoder
from easynas.report.specimens import Specimens
from easynas.report.words import listed
from easynas.schema import Answer

Level = Literal["good", "note", "warning"]

SUSPICIOUS = 0.98
"""A single column or word that knows so much of the answer was perhaps written after it."""

_MOST_COLUMNS, _LEAST_ROWS = 200, 40
_MISSING = 0.3  # share of cells
_COMMON, _SUBSTITUTE = 0.05, 0.9  # share of texts that have a word; of the largest class, above which none is suspect
_RISK, _VISIBLE = 0.001, 0.1  # probability of a false alarm over all tests; difference of distributions that matters


@dataclass(frozen=True)
class Check:
    """One look at the data.

    Attributes:
        title: what was looked at.
        level: "good", "note" (worth knowing) or "warning" (do something).
        text: what was found and what to do.
    """

    title: str
    level: Level
    text: str


def check_data(specimens: Specimens, encoder: Encoder, answer: Answer, labels: list[str]) -> list[Check]:
    """All checks, warnings first.

    Args:
        specimens: samples of both parts.
        encoder: of the samples.
        answer: what is predicted.
        labels: names of the classes, labels or numbers.
    """
    found = [_balance(specimens, answer, labels), _twins(specimens), _shared(specimens)]
    found += [_leaks(specimens, encoder, answer), _drift(specimens, encoder)]
    found += list(_columns(encoder)) if isinstance(encoder, TableEncoder) else []
    order = {"warning": 0, "note": 1, "good": 2}
    return sorted((check for check in found if check is not None), key=lambda check: order[check.level])


def _balance(specimens: Specimens, answer: Answer, labels: list[str]) -> Check | None:
    if answer.kind == "numbers":
        return None
    counts = np.rint(specimens.frequencies * specimens.total).astype(int)
    most, least = int(counts.argmax()), int(counts.argmin())
    title = "Balance of the classes" if answer.kind == "classes" else "Balance of the labels"
    if counts[most] == counts[least]:
        return Check(title, "good", f"Each has {counts[most]:,} training samples.")
    sizes = f"{counts[most]:,} training samples are “{labels[most]}”, {counts[least]:,} are “{labels[least]}”."
    if counts[most] > STRONG_IMBALANCE * max(counts[least], 1):
        return Check(title, "warning", sizes + " The rare ones are hardly learned: collect more of them.")
    if counts[most] > 3 * counts[least]:
        return Check(title, "note", sizes + " Look at the rare ones in the confusion matrix.")
    return Check(title, "good", sizes)


def _twins(specimens: Specimens) -> Check:
    twins = specimens.twins
    if twins.contradictory:
        return Check(
            "Repeated samples",
            "warning",
            f"{twins.contradictory:,} of {twins.checked:,} samples have an exact twin that should be answered "
            "differently. No model can get both right: find out which is wrong.",
        )
    if twins.repeated:
        return Check(
            "Repeated samples",
            "note",
            f"{twins.repeated:,} of {twins.checked:,} samples repeat an earlier one. Equal texts and rows were kept "
            "on the same side when samples were held out.",
        )
    return Check("Repeated samples", "good", f"None of {twins.checked:,} samples repeats another exactly.")


def _shared(specimens: Specimens) -> Check | None:
    if not specimens.own_validation:
        return None
    shared = specimens.twins.shared
    if shared:
        return Check(
            "Validation samples among the training samples",
            "warning",
            f"{shared:,} of your validation samples are training samples, too: the score is too good. Remove them.",
        )
    return Check("Validation samples among the training samples", "good", "None of them is.")


def _leaks(specimens: Specimens, encoder: Encoder, answer: Answer) -> Check | None:
    """A column or a word that knows the answer almost alone."""
    title = "Answers given away"
    if isinstance(encoder, TableEncoder) and len(specimens.y_train) >= _LEAST_ROWS and answer.kind != "labels":
        suspects = [name for name, score in _single_columns(specimens, encoder, answer) if score >= SUSPICIOUS]
        if suspects:
            names = ", ".join(f"“{name}”" for name in suspects[:5])
            return Check(
                title,
                "warning",
                f"{names} alone predicts almost everything. If it is only known after the answer, leave it out: "
                "the model would be useless in practice.",
            )
        return Check(title, "good", "No single column predicts the answer almost perfectly.")
    if answer.kind == "classes" and specimens.train.dtype == object and specimens.frequencies.max() < _SUBSTITUTE:
        words = _telling_words(specimens)
        if words:
            names = ", ".join(f"“{word}”" for word in words[:5])
            return Check(title, "note", f"Texts with {names} are nearly all of one class. Is that so in practice, too?")
        return Check(title, "good", "No common word gives the class away.")
    return None


def _single_columns(specimens: Specimens, encoder: TableEncoder, answer: Answer) -> Iterator[tuple[str, float]]:
    """How much each column alone explains, at most 1: balanced accuracy above chance, or R²."""
    tree: Any
    if answer.kind == "classes":
        counts = np.bincount(specimens.y_train, minlength=answer.outputs)
        enough = counts[specimens.y_train] >= 3
        y, tree, metric = specimens.y_train[enough], DecisionTreeClassifier(max_depth=6), "balanced_accuracy"
    else:
        enough = np.ones(len(specimens.y_train), bool)
        y, tree, metric = specimens.y_train[:, 0], DecisionTreeRegressor(max_depth=6), "r2"
    classes = len(np.unique(y)) if answer.kind == "classes" else 0
    if classes == 1 or len(y) < _LEAST_ROWS:
        return
    tree.set_params(min_samples_leaf=3, random_state=0)
    chance = 1 / classes if classes else 0.0
    for column in encoder.used[:_MOST_COLUMNS]:
        read = specimens.train.columns[column.name][enough]
        x = np.stack([*column.numbers(read), *column.categories(read)], axis=1)
        score = float(cross_val_score(tree, x, y, cv=3, scoring=metric).mean())
        yield column.name, (score - chance) / (1 - chance)


def _telling_words(specimens: Specimens) -> list[str]:
    total: Counter[str] = Counter()
    by_class: Counter[tuple[str, int]] = Counter()
    for text, label in zip(specimens.train, specimens.y_train, strict=True):
        words = set(text.lower().split())
        total.update(words)
        by_class.update((word, int(label)) for word in words)
    least = max(_COMMON * len(specimens.train), 20)
    return [
        word
        for (word, _), count in by_class.most_common()
        if total[word] >= least and count >= SUSPICIOUS * total[word]
    ]


def _drift(specimens: Specimens, encoder: Encoder) -> Check | None:
    """Whether the held-out samples are others than those trained on: Kolmogorov-Smirnov tests of simple traits."""
    title = "Training against held-out samples"
    if specimens.folds is not None:
        return Check(title, "good", "Every sample was held out once, so there is no difference between the two.")
    drawn = specimens.held_out[np.arange(specimens.drawn)]
    before, after = _traits(encoder, specimens.train), _traits(encoder, drawn)
    names = [name for name in before if np.ptp(before[name]) > 0 or np.ptp(after[name]) > 0]
    shifted = []
    for name in names[:_MOST_COLUMNS]:
        test = ks_2samp(before[name], after[name])
        if test.pvalue < _RISK / len(names) and test.statistic > _VISIBLE:
            shifted.append(name)
    if not names:
        return None
    if not shifted:
        return Check(title, "good", f"They look alike in {listed(names[:3])}{_more(len(names) - 3)}.")
    names_shown = ", ".join(shifted[:5])
    return Check(
        title,
        "warning" if specimens.own_validation else "note",
        f"They differ in {names_shown}. The score holds for samples like those held out.",
    )


def _more(count: int) -> str:
    return f", and {count} more columns" if count > 0 else ""


def _traits(encoder: Encoder, samples: Any) -> dict[str, np.ndarray]:
    """Numbers that describe each sample, `(n,)` by their names in words."""
    if isinstance(encoder, TableEncoder):
        traits: dict[str, np.ndarray] = {}
        for column in encoder.used:
            read = samples.columns[column.name]
            arrays = [*column.numbers(read), *column.categories(read)]
            traits |= {f"“{column.name}”": np.nan_to_num(np.asarray(arrays[0], np.float64), nan=-1e9)}
        return traits
    if samples.dtype == object:
        lengths = np.asarray([len(text.split()) for text in samples], np.float64)
        return {"their number of words": lengths}
    flat = samples.reshape(len(samples), -1).astype(np.float64)
    return {"brightness": flat.mean(axis=1), "contrast": flat.std(axis=1)}


def _columns(encoder: TableEncoder) -> Iterator[Check]:
    dropped = [column for column in encoder.columns if isinstance(column, DroppedColumn)]
    for column in dropped[:10]:
        yield Check(f"Column “{column.name}”", "note", f"It is not used. {column.profile.why}")
    gaps = [column for column in encoder.used if column.profile.missing > _MISSING]
    if gaps:
        names = ", ".join(f"“{column.name}” ({column.profile.missing:.0%})" for column in gaps[:5])
        yield Check("Missing cells", "note", f"Many are missing in {names}. Missing is treated as a value of its own.")
    else:
        worst = max(column.profile.missing for column in encoder.used)
        yield Check("Missing cells", "good", "None." if worst == 0 else f"At most {worst:.0%} of any column.")
