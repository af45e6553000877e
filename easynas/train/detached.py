"""An evaluator without files of the machine that it comes from, for engines on other machines."""

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from easynas.data.store import Arrays, Part, parts_of
from easynas.search.budget import Deadline
from easynas.search.trial import Job, Trial

if TYPE_CHECKING:
    from easynas.train.evaluator import Evaluator


@dataclass(frozen=True)
class Parcel:
    """What comes back: the trial, and the file of its weights if it has any."""

    trial: Trial
    weights: bytes | None


@dataclass(frozen=True, eq=False)
class Memory:
    """The data of a store, held in memory; it stands where a `Store` does."""

    train_part: Arrays
    validation_part: Arrays
    folds: np.ndarray | None

    def train(self) -> Arrays:
        """The samples to train on, read-only."""
        return _borrowed(self.train_part)

    def validation(self) -> Arrays:
        """The samples held out, read-only."""
        return _borrowed(self.validation_part)

    def parts(self) -> list[Part]:
        """What is trained on and judged by."""
        return parts_of(self.train(), self.validation(), self.folds)


@dataclass(frozen=True, eq=False)
class Detached:
    """Evaluates like the evaluator that it was made of, anywhere, and returns a `Parcel`."""

    evaluator: "Evaluator"
    inherited: bytes | None

    def lighter(self) -> "Detached":
        return replace(self, evaluator=self.evaluator.lighter())

    def __call__(self, job: Job, *, deadline: Deadline, bar: float, brought: bytes | None = None) -> Parcel:
        """The trial of a job, and its weights; `brought` are those that it goes on from."""
        with tempfile.TemporaryDirectory(prefix="easynas-") as name:
            folder = Path(name)
            if self.inherited is not None:
                (folder / f"{self.evaluator.inherit}.npz").write_bytes(self.inherited)
            if brought is not None:
                (folder / f"{job.continues}.npz").write_bytes(brought)
            trial = replace(self.evaluator, folder=folder)(job, deadline=deadline, bar=bar)
            weights = folder / f"{job.id}.npz"
            return Parcel(trial, weights.read_bytes() if weights.exists() else None)


def detach(evaluator: "Evaluator") -> Detached:
    """The evaluator with its data, and with the weights that it inherits, in memory."""
    store = evaluator.store
    memory = Memory(_plain(store.train()), _plain(store.validation()), store.folds)
    inherited = evaluator.folder / f"{evaluator.inherit}.npz"
    return Detached(replace(evaluator, store=memory), inherited.read_bytes() if evaluator.inherit is not None else None)


def attach(evaluator: "Evaluator", parcel: Parcel) -> Trial:
    """The trial of a parcel, its weights where the evaluator would have written them."""
    if parcel.weights is not None:
        evaluator.folder.mkdir(parents=True, exist_ok=True)
        path = evaluator.folder / f"{parcel.trial.job.id}.npz"
        part = path.with_suffix(".part")
        part.write_bytes(parcel.weights)
        part.replace(path)
    return parcel.trial


def _plain(arrays: Arrays) -> Arrays:
    """Arrays that pickle as their bytes, not as the memory maps that they are here."""
    return Arrays.of({name: np.ascontiguousarray(array).view(np.ndarray) for name, array in arrays.each()})


def _borrowed(arrays: Arrays) -> Arrays:
    """Views that TensorFlow can borrow as it borrows a store's, although the memory may be another process's.

    It only reads, but the exchange format asks for memory that could be written.
    """
    return Arrays.of({name: _view(array) for name, array in arrays.each()})


class _Writable:
    """Claims that the memory of an array, which it keeps alive, could be written."""

    def __init__(self, array: np.ndarray) -> None:
        self._array = array
        self.__array_interface__ = {**array.__array_interface__, "data": (array.ctypes.data, False)}


def _view(array: np.ndarray) -> np.ndarray:
    view = np.asarray(_Writable(array)).view()
    view.flags.writeable = False
    return view
