"""`Store`: the data once on disk, read through memory maps by all worker processes without a copy of their own."""

import errno
import json
import math
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np

from easynas.data.dataset import Dataset, Encoder, Inputs, Unseen
from easynas.data.disk import DISK_FULL, no_room
from easynas.data.registry import encoder_of, to_config
from easynas.errors import StudyError

FILE, FOLDS, ROWS = "store.json", "folds.npy", "rows.npz"


class Arrays(NamedTuple):
    """One part of the data.

    Attributes:
        x: what networks see: an array, samples first, or several by name.
        y: class numbers int32 `(n,)`, or float32 `(n, outputs)`.
        weights: how much each sample counts, float32 `(n,)`.
    """

    x: Inputs
    y: np.ndarray
    weights: np.ndarray

    def each(self) -> Iterator[tuple[str, np.ndarray]]:
        """All arrays with names that tell them apart."""
        yield from self.x.items() if isinstance(self.x, dict) else [("x", self.x)]
        yield "y", self.y
        yield "weights", self.weights

    def at(self, rows: np.ndarray) -> Self:
        """A copy of some samples."""
        return self.of({name: array[rows] for name, array in self.each()})

    @classmethod
    def of(cls, arrays: dict[str, np.ndarray]) -> Self:
        """The part that `each` took to pieces."""
        x = {name: array for name, array in arrays.items() if name not in ("y", "weights")}
        return cls(x["x"] if list(x) == ["x"] else x, arrays["y"], arrays["weights"])


@dataclass(frozen=True, eq=False)
class Part:
    """What one training sees, and what it is judged by; of a fold copies, made when they are asked for.

    Attributes:
        samples: those to train on, or those of all folds.
        judged: those held out; None for a fold.
        rows: where those to judge by are among all that are held out, integers.
    """

    samples: Arrays
    judged: Arrays | None
    rows: np.ndarray

    @property
    def train(self) -> Arrays:
        """The samples to train on."""
        if self.judged is not None:
            return self.samples
        return self.samples.at(np.setdiff1d(np.arange(len(self.samples.y)), self.rows))

    @property
    def held_out(self) -> Arrays:
        """The samples to judge by."""
        return self.samples.at(self.rows) if self.judged is None else self.judged


def parts_of(train: Arrays, validation: Arrays, folds: np.ndarray | None) -> list[Part]:
    """The trainings that judge a network: one, or one for each fold, whose samples the others train on.

    Args:
        train: samples to train on.
        validation: samples held out; those of `train`, where there are folds.
        folds: number of each sample's fold `(n,)`, from 0; None for no folds.
    """
    if folds is None:
        return [Part(train, validation, np.arange(len(validation.y)))]
    numbers = range(int(folds.max()) + 1)
    return [Part(train, None, np.flatnonzero(folds == number)) for number in numbers]


@dataclass(frozen=True)
class Store:
    """Training and validation data in a directory. Small to pickle: it holds no data.

    Attributes:
        directory: where the files lie.
    """

    directory: str

    @classmethod
    def write(
        cls,
        directory: str | os.PathLike[str],
        data: Dataset,
        encoder: Encoder,
        *,
        train: np.ndarray,
        validation: np.ndarray,
        held_out: Dataset | None = None,
        folds: np.ndarray | None = None,
        unseen: Unseen | None = None,
        on_progress: Callable[[int, int], None] | None = None,
    ) -> Self:
        """Writes the samples of `data` at the indices `train` and `validation`, encoded, and returns the store.

        Args:
            directory: created if it does not exist; a store that is there is replaced.
            data: checked samples.
            encoder: makes of them what networks see.
            train: indices into `data`, `(n,)`.
            validation: indices into `held_out`, `(m,)`.
            held_out: where the validation samples are; None: in `data`.
            folds: number of each training sample's fold `(n,)`, from 0; they are the validation samples then, too.
            unseen: what takes the place of what `encoder` says of the samples to train on.
            on_progress: told how many of how many samples are written, after every few megabytes.

        Raises:
            StudyError: there is no room for the data.
        """
        folder = Path(directory)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / FOLDS).unlink(missing_ok=True)
        (folder / FILE).unlink(missing_ok=True)  # it is written last: with it, a store is whole
        total = len(train) + (len(validation) if folds is None else 0)

        def write(name: str, source: Dataset, rows: np.ndarray, before: int) -> None:
            for written in _write_part(folder / name, source, encoder, rows):
                if on_progress is not None:
                    on_progress(before + written, total)

        write("train", data, train, 0)
        if unseen is not None and len(unseen.places):
            seen = np.load(folder / "train" / f"{unseen.name}.npy", mmap_mode="r+", allow_pickle=False)
            seen[:, unseen.places] = unseen.values
            seen.flush()
        if folds is None:
            write("validation", held_out or data, validation, len(train))
        else:
            np.save(folder / FOLDS, folds)
        np.savez(folder / ROWS, train=train, validation=validation)
        (folder / FILE).write_text(json.dumps(to_config(encoder)), encoding="utf-8")
        return cls(str(folder))

    def derived(
        self,
        directory: str | os.PathLike[str],
        see: Callable[[np.ndarray], np.ndarray],
        *,
        chunk: int,
        on_progress: Callable[[int, int], None] | None = None,
    ) -> "Store":
        """Writes what something sees of all samples, with the same answers in the same parts, and returns that store.

        Args:
            directory: as for `write`.
            see: from samples `(n, ...)` to arrays `(n, ...)`.
            chunk: samples at a time.
            on_progress: told how many of how many samples are done.

        Raises:
            StudyError: there is no room for the data.
        """
        folder = Path(directory)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / FILE).unlink(missing_ok=True)
        parts = {"train": self.train(), **({} if self.folds is not None else {"validation": self.validation()})}
        done, total = 0, sum(len(part.y) for part in parts.values())
        for name, part in parts.items():
            (folder / name).mkdir(exist_ok=True)
            seen: np.memmap | None = None
            for start in range(0, len(part.y), chunk):
                some = see(np.asarray(part.x)[start : start + chunk])
                if seen is None:
                    seen = _new_array(folder / name / "x.npy", dtype=some.dtype, shape=(len(part.y), *some.shape[1:]))
                seen[start : start + len(some)] = some
                done += len(some)
                if on_progress is not None:
                    on_progress(done, total)
            np.save(folder / name / "y.npy", part.y)
            np.save(folder / name / "weights.npy", part.weights)
        for name in (FOLDS, ROWS, FILE):  # the last one says that the store is whole
            if (Path(self.directory) / name).exists():
                shutil.copyfile(Path(self.directory) / name, folder / name)
        return Store(str(folder))

    @classmethod
    def open(cls, directory: str | os.PathLike[str]) -> Self:
        """Returns the store that `write` left in `directory`.

        Raises:
            StudyError: there is none, or it was not written to its end.
        """
        for name in (FILE, ROWS):
            if not (Path(directory) / name).exists():
                raise StudyError(f"{str(directory)!r} must hold a complete store. Received a folder without {name}.")
        return cls(str(directory))

    @property
    def encoder(self) -> Encoder:
        """What the data went through."""
        return encoder_of(json.loads((Path(self.directory) / FILE).read_text(encoding="utf-8")))

    def train(self) -> Arrays:
        """The samples to train on, memory-mapped and read-only."""
        return _open_part(Path(self.directory) / "train")

    def validation(self) -> Arrays:
        """The samples held out, memory-mapped and read-only; with folds all, each of which is held out once."""
        return self.train() if self.folds is not None else _open_part(Path(self.directory) / "validation")

    def rows(self) -> tuple[np.ndarray, np.ndarray]:
        """The indices `(train, validation)` that it was written from."""
        with np.load(Path(self.directory) / ROWS, allow_pickle=False) as indices:
            return indices["train"], indices["validation"]

    @property
    def folds(self) -> np.ndarray | None:
        """Number of each training sample's fold `(n,)`; None for no folds."""
        path = Path(self.directory) / FOLDS
        if not path.exists():
            return None
        folds: np.ndarray = np.load(path, allow_pickle=False)
        return folds

    @property
    def networks(self) -> int:
        """How many networks are trained for one candidate: one, or one a fold."""
        folds = self.folds
        return 1 if folds is None else int(folds.max()) + 1

    def parts(self) -> list[Part]:
        """What is trained on and judged by, see `parts_of`."""
        return parts_of(self.train(), self.validation(), self.folds)


def _write_part(folder: Path, data: Dataset, encoder: Encoder, rows: np.ndarray) -> Iterator[int]:
    """Writes some samples; yields how many of them are written."""
    folder.mkdir(exist_ok=True)
    for file in folder.glob("*.npy"):
        file.unlink()
    arrays: dict[str, np.memmap] = {}
    for start in range(0, len(rows), encoder.chunk):
        encoded = encoder.encode(data.samples[rows[start : start + encoder.chunk]])
        for name, part in encoded.items() if isinstance(encoded, dict) else [("x", encoded)]:
            if name not in arrays:
                arrays[name] = _new_array(folder / f"{name}.npy", dtype=part.dtype, shape=(len(rows), *part.shape[1:]))
            arrays[name][start : start + len(part)] = part
        yield min(start + encoder.chunk, len(rows))
    for array in arrays.values():
        array.flush()
    np.save(folder / "y.npy", data.y[rows])
    np.save(folder / "weights.npy", np.ones(len(rows), np.float32) if data.weights is None else data.weights[rows])


def _new_array(path: Path, *, dtype: np.dtype[Any], shape: tuple[int, ...]) -> np.memmap:
    """A memory map to fill. All its room is taken now: writing to a page of a full disk would kill this process."""
    try:
        array = np.lib.format.open_memmap(path, mode="w+", dtype=dtype, shape=shape)
        if hasattr(os, "posix_fallocate"):
            with path.open("r+b") as file:
                os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
    except OSError as error:
        if error.errno in (errno.EOPNOTSUPP, errno.EINVAL):  # this file system cannot promise room
            return array
        if error.errno not in DISK_FULL:
            raise
        raise no_room(math.prod(shape) * np.dtype(dtype).itemsize, path.parent, error) from error
    return array


def _open_part(folder: Path) -> Arrays:
    return Arrays.of({file.stem: _open_array(file) for file in sorted(folder.glob("*.npy"))})


def _open_array(path: Path) -> np.ndarray:
    """The array behind `path`, read-only.

    The pages are mapped copy-on-write: they are shared between processes all the same, and TensorFlow can then borrow
    the memory, which numpy refuses for pages that can never be written (see `feed`).
    """
    array = np.load(path, mmap_mode="c", allow_pickle=False)
    array.flags.writeable = False
    return array  # type: ignore[no-any-return]
