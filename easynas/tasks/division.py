"""`Division`: which samples train and which are held out."""

from dataclasses import dataclass

import numpy as np

from easynas.data.dataset import Dataset
from easynas.data.fingerprint import hashes
from easynas.data.split import folds, split, strata

SMALL = 2_000  # samples below which each is held out once
FOLDS = 5


@dataclass(frozen=True, eq=False)
class Division:
    """Which samples train and which are held out.

    Attributes:
        train: indices of the samples to train on.
        validation: indices of those to compare networks on, in the user's own validation data if there are such.
        folds: number of each training sample's fold, from 0: it is held out while the others train, so that all are in
            both; None: no cross-validation.
    """

    train: np.ndarray
    validation: np.ndarray
    folds: np.ndarray | None

    @property
    def first(self) -> "Division":
        """One split of the same samples: the first fold is held out, and the others train."""
        if self.folds is None:
            return self
        return Division(self.train[self.folds != 0], self.train[self.folds == 0], None)

    def judged(self, count: int) -> "Division":
        """The part of it in which so many samples are held out: all, or the first of its folds."""
        return self if count == len(self.validation) else self.first

    @property
    def networks(self) -> int:
        """How many networks are trained for one candidate: one, or one a fold."""
        return 1 if self.folds is None else int(self.folds.max()) + 1

    @property
    def encoded(self) -> int:
        """How many samples are encoded: those that are in both parts once."""
        return len(self.train) + (len(self.validation) if self.folds is None else 0)

    def sentence(self, *, members: int) -> str:
        """What is done with the samples.

        Args:
            members: most networks that are combined, see `Modality`.
        """
        train = f"{len(self.train):,} samples are"
        if self.folds is None:
            return f"{train} trained on and {len(self.validation):,} are held out to compare networks."
        if members > 1:
            return f"{train} few: every network is trained {self.networks} times, and each sample is held out once."
        return (
            f"{train} few. Networks are compared on {len(self.first.validation):,} of them; the final one is trained "
            f"{self.networks} times, so that each sample is held out once, and is the average of the {self.networks}."
        )

    @classmethod
    def of(cls, data: Dataset, held_out: Dataset | None, *, seed: int) -> "Division":
        """The user's own validation data; folds of few samples; or a share of the samples."""
        everything = np.arange(len(data.y))
        if held_out is not None:
            return cls(everything, np.arange(len(held_out.y)), None)
        found = hashes(data.samples)
        # Equal samples stay together: one that is held out while its twin trains tells nothing of unseen ones.
        _, first, group = np.unique(everything if found is None else found, return_index=True, return_inverse=True)
        classes = strata(data.y, data.target.answer)[first]
        if len(data.y) < SMALL:
            numbers = folds(classes, count=min(FOLDS, len(first)), seed=seed)
            return cls(everything, everything, numbers[group])
        _, held = split(classes, seed=seed)
        is_held = np.isin(group, held)
        return cls(np.flatnonzero(~is_held), np.flatnonzero(is_held), None)

    def part(self, share: float, data: Dataset, *, seed: int) -> "Division":
        """A random part of the samples to train on, and of those held out unless they are the user's own.

        It keeps the shares of the classes, and every sample its fold.

        Args:
            share: of the samples to keep, in (0, 1); a class keeps at least one.
            data: that is divided.
            seed: of the choice.
        """
        classes = strata(data.y, data.target.answer)
        train = _part(self.train, classes, share, seed)
        if self.folds is not None:
            _, numbers = np.unique(self.folds[np.isin(self.train, train)], return_inverse=True)
            return Division(train, train, numbers)
        own = len(self.train) + len(self.validation) == len(data.y)
        return Division(train, _part(self.validation, classes, share, seed) if own else self.validation, None)


def _part(rows: np.ndarray, classes: np.ndarray, share: float, seed: int) -> np.ndarray:
    order = np.random.default_rng(seed).permutation(rows)
    order = order[np.argsort(classes[order], kind="stable")]
    _, first, counts = np.unique(classes[order], return_index=True, return_counts=True)
    kept = [order[at : at + max(1, round(share * count))] for at, count in zip(first, counts, strict=True)]
    return np.sort(np.concatenate(kept))
