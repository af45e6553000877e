"""`Specimens`: the samples that a fitted estimator keeps, with what was answered about them, for the report.

They are few: a report explains a model by looking at some samples, and nobody wants their data set copied.
"""

import hashlib
import json
import zipfile
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from easynas.data.dataset import Dataset, Encoder
from easynas.data.fingerprint import hashes
from easynas.data.frame import Table
from easynas.errors import InputError
from easynas.report.twins import Twins
from easynas.schema import Answer

FILE = "specimens.npz"
MOST_SAMPLES, MOST_ANSWERS, WORST = 2_000, 10_000, 48
MOST_BYTES = 2**23
"""Of the samples of one part, about."""

_FACTS, _SINGLE = "facts", "samples"


@dataclass(frozen=True, eq=False)
class Specimens:
    """Samples of both parts of the data, and the shipped model's answers for those held out.

    Attributes:
        total: samples that were trained on.
        frequencies: share of each class or label among them, `(outputs,)`; zeros for numbers.
        own_validation: whether the user chose what is held out.
        twins: samples that repeat others.
        y: what should have been answered for the held-out samples, `(m,)` or `(m, outputs)`; at most `MOST_ANSWERS`.
        answers: what networks answered that were not trained on the sample, `(m, outputs)`; numbers are standardised.
        rows: which of the held-out samples are kept, integers `(k,)`; the first `drawn` at random, then the worst.
        drawn: how many were drawn at random.
        held_out: the kept ones, in the encoder's container.
        train: some samples that were trained on; those held out where each was once.
        y_train: what should be answered for them.
        folds: number of the fold of each of them; None for no folds.
    """

    total: int
    frequencies: np.ndarray
    own_validation: bool
    twins: Twins
    y: np.ndarray
    answers: np.ndarray
    rows: np.ndarray
    drawn: int
    held_out: Any
    train: Any
    y_train: np.ndarray
    folds: np.ndarray | None

    def answered(self, answers: np.ndarray, *, seed: int) -> "Specimens":
        """The same samples with what another model answered; the worst of them stay those of the first one.

        Args:
            answers: for all samples that were held out, as `keep` takes them.
            seed: as for `keep`.
        """
        chosen = _chosen(len(answers), np.random.default_rng(seed))
        return replace(self, answers=np.asarray(answers)[chosen].astype(np.float32))

    def save(self, folder: Path, encoder: Encoder) -> None:
        """Writes them into `folder`."""
        facts = {
            "total": self.total,
            "own_validation": self.own_validation,
            "drawn": self.drawn,
            "twins": asdict(self.twins),
        }
        arrays = {name: getattr(self, name) for name in _ARRAYS}
        if self.folds is not None:
            arrays["folds"] = self.folds
        for part in ("held_out",) if self.folds is not None else ("held_out", "train"):
            raw = encoder.raw(getattr(self, part))
            named = raw if isinstance(raw, dict) else {_SINGLE: raw}
            arrays |= {f"{part}/{name}": array for name, array in named.items()}
        arrays[_FACTS] = np.array(json.dumps(facts))
        np.savez_compressed(folder / FILE, allow_pickle=False, **arrays)


_ARRAYS = ("frequencies", "y", "answers", "rows", "y_train")


def load(folder: Path, encoder: Encoder) -> Specimens | None:
    """What `save` wrote into `folder`; None if there is none.

    Raises:
        InputError: the file is damaged.
    """
    path = folder / FILE
    if not path.is_file():
        return None
    try:
        with np.load(path, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        facts = json.loads(str(arrays.pop(_FACTS)))
        held_out = _restored("held_out", arrays, encoder)
        folds = arrays.get("folds")
        return Specimens(
            total=int(facts["total"]),
            own_validation=bool(facts["own_validation"]),
            twins=Twins(**facts["twins"]),
            drawn=int(facts["drawn"]),
            held_out=held_out,
            train=held_out if folds is not None else _restored("train", arrays, encoder),
            folds=folds,
            **{name: arrays[name] for name in _ARRAYS},
        )
    except (ValueError, KeyError, TypeError, OSError, zipfile.BadZipFile) as error:
        raise InputError(f"{path} must be as `save` wrote it. Received a damaged file: {error}.") from error


def _restored(part: str, arrays: dict[str, np.ndarray], encoder: Encoder) -> Any:
    raw = {name.partition("/")[2]: array for name, array in arrays.items() if name.startswith(f"{part}/")}
    return encoder.restore(raw[_SINGLE] if list(raw) == [_SINGLE] else raw)


def keep(
    data: Dataset,
    held_out: Dataset | None,
    *,
    train: np.ndarray,
    validation: np.ndarray,
    folds: np.ndarray | None,
    answers: np.ndarray,
    twins: Twins,
    seed: int,
) -> Specimens:
    """Chooses what is kept.

    Args:
        data: what was given.
        held_out: validation data of the user's own.
        train: samples of `data` that were trained on, integers `(n,)`.
        validation: those held out, of `held_out` if there is such, integers `(m,)`.
        folds: number of the fold of each of `train`; None for no folds.
        answers: of the shipped model for `validation`, in that order, `(m, outputs)`; numbers are standardised.
        twins: samples that repeat others.
        seed: of the draws.
    """
    rng = np.random.default_rng(seed)
    answer = data.target.answer
    judged = held_out or data
    chosen = _chosen(len(validation), rng)
    y, answered, places = judged.y[validation[chosen]], np.asarray(answers)[chosen], validation[chosen]
    room = _room(judged.samples)
    drawn = rng.permutation(len(y))[:room]
    worst = [row for row in np.argsort(-errors(answered, y, answer), kind="stable")[:WORST] if row not in set(drawn)]
    rows = np.concatenate([drawn, np.asarray(worst[: max(room // 2, 1)], dtype=np.int64)])
    kept = places[rows]
    learned = kept if folds is not None else rng.permutation(train)[:room]
    samples = judged.samples[kept]
    y_train = data.y[train]
    return Specimens(
        total=len(train),
        frequencies=_frequencies(y_train, answer),
        own_validation=held_out is not None,
        twins=twins,
        y=y,
        answers=answered.astype(np.float32),
        rows=rows,
        drawn=len(drawn),
        held_out=samples,
        train=samples if folds is not None else data.samples[learned],
        y_train=data.y[learned],
        folds=None if folds is None else folds[np.searchsorted(train, learned)],
    )


def _chosen(count: int, rng: np.random.Generator) -> np.ndarray:
    """Which of so many held-out samples have their answers kept; what the generator draws first."""
    return np.sort(rng.permutation(count)[:MOST_ANSWERS])


def errors(answers: np.ndarray, y: np.ndarray, answer: Answer) -> np.ndarray:
    """How wrong each answer is, `(n,)`: the probability that was not given to the truth, or the distance from it.

    Args:
        answers: `(n, outputs)`.
        y: class numbers `(n,)`, or what each output should be, `(n, outputs)`.
        answer: what they mean.
    """
    match answer.kind:
        case "classes":
            return np.asarray(1.0 - answers[np.arange(len(y)), y])
        case "labels":
            return np.asarray(np.abs(answers - y).max(axis=1))
        case "numbers":
            return np.asarray(np.sqrt(((answers - y) ** 2).mean(axis=1)))


def _frequencies(y: np.ndarray, answer: Answer) -> np.ndarray:
    match answer.kind:
        case "classes":
            return np.bincount(y, minlength=answer.outputs) / len(y)
        case "labels":
            return np.asarray(y.mean(axis=0), dtype=np.float64)
        case "numbers":
            return np.zeros(answer.outputs)


def _room(samples: Any) -> int:
    """How many samples may be kept."""
    some = samples[np.arange(min(len(samples), 64))]
    if isinstance(some, Table):
        each = sum(_bytes(cells) for cells in some.columns.values()) / len(some)
    else:
        each = _bytes(some) / len(some)
    return int(min(MOST_SAMPLES, max(16, MOST_BYTES // max(each, 1.0))))


def _bytes(array: np.ndarray) -> int:
    return sum(len(str(each)) for each in array) if array.dtype == object else array.nbytes


def find_twins(data: Dataset, held_out: Dataset | None) -> Twins:
    """Counts samples that repeat others; of very many or very large ones among the first that take little time."""
    found = _hashes(data.samples)
    other = np.empty(0, np.uint64) if held_out is None else _hashes(held_out.samples)
    return Twins.count(found, data.y[: len(found)], other)


_HASHED_BYTES, _HASHED_ROWS = 2**26, 200_000  # a tenth of a second


def _hashes(samples: Any) -> np.ndarray:
    """A number for every one of the first samples, equal for equal ones, uint64 `(k,)`."""
    some = samples[:_HASHED_ROWS]
    found = hashes(some)
    if found is not None:
        return found
    some = some[: max(1, _HASHED_BYTES // max(some[:1].nbytes, 1))]
    digests = b"".join(hashlib.blake2b(np.ascontiguousarray(each).data, digest_size=8).digest() for each in some)
    return np.frombuffer(digests, np.uint64)
