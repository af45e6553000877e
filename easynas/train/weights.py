"""Weights of a network as a plain file of arrays: no pickle, and no layer names that could differ between builds."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np


def save(path: Path, weights: Sequence[np.ndarray]) -> None:
    """Writes arrays in the order of `model.get_weights()`; the file appears when it is whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    try:
        with part.open("wb") as file:
            np.savez(file, *weights)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)  # of a full disk it would keep what is needed elsewhere


def load(path: Path) -> list[np.ndarray]:
    """The arrays that `save` wrote, in their order."""
    with np.load(path, allow_pickle=False) as stored:
        return [stored[f"arr_{index}"] for index in range(len(stored.files))]
