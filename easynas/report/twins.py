"""`Twins`: samples that repeat others. Equal samples with different labels cannot both be answered rightly."""

from dataclasses import dataclass
from typing import Self

import numpy as np


@dataclass(frozen=True)
class Twins:
    """What repeats.

    Attributes:
        checked: how many samples were compared.
        repeated: how many of them repeat an earlier one.
        contradictory: how many of them have a twin that should be answered differently.
        shared: how many validation samples of the user's own are among them, too.
    """

    checked: int
    repeated: int
    contradictory: int
    shared: int

    @classmethod
    def count(cls, hashes: np.ndarray, y: np.ndarray, validation: np.ndarray) -> Self:
        """Counts them.

        Args:
            hashes: a number for each sample, equal for equal ones, `(n,)`.
            y: what should be answered, `(n,)` or `(n, outputs)`.
            validation: the same numbers for validation samples of the user's own, `(m,)`; may be empty.
        """
        _, first, group = np.unique(hashes, return_index=True, return_inverse=True)
        differs = (y != y[first[group]]).reshape(len(y), -1).any(axis=1)
        odd = np.zeros(len(first), bool)
        odd[group[differs]] = True
        repeated, contradictory = len(hashes) - len(first), int(odd[group].sum())
        return cls(len(hashes), repeated, contradictory, int(np.isin(validation, hashes).sum()))
