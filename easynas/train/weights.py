"""Weights of networks as a plain file of arrays: no pickle, and no layer names that could differ between builds."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

Weights = Sequence[np.ndarray]
"""Of one network, in the order of `model.get_weights()`."""

_ANSWERS = "answers"


def save(path: Path, networks: Sequence[Weights], *, answers: np.ndarray | None = None) -> None:
    """Writes the weights of one network, or of one for each fold; the file appears when it is whole.

    Args:
        path: the file.
        networks: their weights.
        answers: what they answer for the held-out samples, `(n, outputs)`, if anybody will ask.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    arrays = {f"{number}.{index}": each for number, own in enumerate(networks) for index, each in enumerate(own)}
    if answers is not None:
        arrays[_ANSWERS] = answers
    try:
        with part.open("wb") as file:
            np.savez(file, allow_pickle=False, **arrays)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)  # of a full disk it would keep what is needed elsewhere


def load(path: Path) -> list[list[np.ndarray]]:
    """The weights that `save` wrote, of each network in their order."""
    with np.load(path, allow_pickle=False) as stored:
        networks: dict[int, dict[int, np.ndarray]] = {}
        for name in stored.files:
            if name != _ANSWERS:
                number, index = map(int, name.split("."))
                networks.setdefault(number, {})[index] = stored[name]
    return [[own[index] for index in range(len(own))] for _, own in sorted(networks.items())]


def load_answers(path: Path) -> np.ndarray:
    """The answers that `save` wrote beside the weights."""
    with np.load(path, allow_pickle=False) as stored:
        answers: np.ndarray = stored[_ANSWERS]
    return answers
