"""From what a network answers to what is predicted."""

from collections.abc import Mapping
from typing import Any

import numpy as np


def predictions(answers: np.ndarray, target: Mapping[str, Any]) -> list[Any]:
    """Returns what is predicted for each sample: a label, a list of labels, a number, or a list of numbers.

    Args:
        answers: `(n, outputs)`: probabilities, or numbers in their units.
        target: of the description.
    """
    match target["kind"]:
        case "classes":
            decided = (answers / np.array(target.get("thresholds") or 1.0)).argmax(axis=1)
            return [target["labels"][index] for index in decided]
        case "labels":
            given = answers >= np.array(target.get("thresholds") or [0.5])
            return [[target["labels"][index] for index in np.flatnonzero(row)] for row in given]
        case _:
            return list((answers[:, 0] if target.get("flat") else answers).tolist())
