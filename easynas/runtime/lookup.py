"""`Lookup`: which entry of a vocabulary a 64-bit hash is, for millions of hashes at a time."""

from dataclasses import dataclass
from typing import Self

import numpy as np

_ROOM = 8  # slots for an entry: most hashes that are no entry meet an empty slot at once
_SMALLEST_BITS = 10
_SPREAD = np.uint64(0xD6E8FEB86659FD93)


@dataclass(frozen=True, eq=False)
class Lookup:
    """A hash table with open addressing; `np.searchsorted` needs ten times as long.

    Attributes:
        keys: different int64 numbers `(entries,)`.
        slots: int32, the position of a key plus one, 0 for an empty slot.
        bits: the slots are 2**bits, and as many again as keys could need at the end.
    """

    keys: np.ndarray
    slots: np.ndarray
    bits: int

    @classmethod
    def of(cls, keys: np.ndarray) -> Self:
        """The table of `keys`, different int64 numbers `(entries,)`."""
        bits = max(_SMALLEST_BITS, int(len(keys) * _ROOM).bit_length())
        slots = np.zeros(2**bits + len(keys) + 1, np.int32)
        entries, wanted = np.arange(len(keys)), _slot(keys, bits)
        while len(entries):
            # Of all entries that want an empty slot one gets it, the others try the next one.
            free = slots[wanted] == 0
            slots[wanted[free]] = entries[free] + 1
            waiting = slots[wanted] != entries + 1
            entries, wanted = entries[waiting], wanted[waiting] + 1
        return cls(keys, slots, bits)

    def find(self, hashes: np.ndarray) -> np.ndarray:
        """The position of every hash, int64 `(n,)`, among the keys plus one, int32; 0 for what is no key."""
        at = _slot(hashes, self.bits)
        found = self.slots[at]
        open_ = np.flatnonzero(found)
        open_ = open_[self.keys[found[open_] - 1] != hashes[open_]]
        while len(open_):
            at[open_] += 1
            found[open_] = self.slots[at[open_]]
            open_ = open_[found[open_] > 0]
            open_ = open_[self.keys[found[open_] - 1] != hashes[open_]]
        return np.asarray(found)


def _slot(hashes: np.ndarray, bits: int) -> np.ndarray:
    return ((hashes.view(np.uint64) * _SPREAD) >> np.uint64(64 - bits)).astype(np.int64)
