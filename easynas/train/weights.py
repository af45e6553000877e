"""Weights of a network as a plain file of arrays: no pickle, and no layer names that could differ between builds."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

_ANSWERS = "answers"


def save(path: Path, weights: Sequence[np.ndarray], *, answers: np.ndarray | None = None) -> None:
    """Writes arrays in the order of `model.get_weights()`; the file appears when it is whole.

    Args:
        path: the file.
        weights: the arrays.
        answers: what the network answers for the held-out samples, `(n, outputs)`.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    named: dict[str, Any] = {} if answers is None else {_ANSWERS: answers}
    try:
        with part.open("wb") as file:
            np.savez(file, *weights, **named)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)  # of a full disk it would keep what is needed elsewhere


def load(path: Path) -> list[np.ndarray]:
    """The weights that `save` wrote, in their order."""
    with np.load(path, allow_pickle=False) as stored:
        return [stored[f"arr_{index}"] for index in range(len(stored.files) - (_ANSWERS in stored.files))]


def load_answers(path: Path) -> np.ndarray:
    """The answers that `save` wrote beside the weights."""
    with np.load(path, allow_pickle=False) as stored:
        answers: np.ndarray = stored[_ANSWERS]
    return answers
