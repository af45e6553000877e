"""What compression costs a network: its score as the file that would be shipped, in place of its own.

Making and running files is the business of `deploy`; an evaluator is given a `Judge` that does it.
"""

from collections.abc import Mapping
from typing import NamedTuple, Protocol

import numpy as np

from easynas.data.dataset import Inputs
from easynas.search.budget import Deadline
from easynas.space.dimension import Value
from easynas.train.scoring import Scoring
from easynas.train.weights import Weights

FLOAT_SCORE = "float_score"
"""Name of the metric that says what the network scored before it became a file."""

WEIGHTS_KB = "weights_kb"
"""Name of the metric that says what its weights take in the file, in units of 1024 bytes."""


class Filed(NamedTuple):
    """What a file answers.

    Attributes:
        rows: indices of the samples that went through it, `(m,)`.
        before: what its network answers for them, as it was trained: `(m, outputs)`.
        after: what the file answers, `(m, outputs)`.
        seconds: that making and running the file took.
    """

    rows: np.ndarray
    before: np.ndarray
    after: np.ndarray
    seconds: float


class Judge(Protocol):
    """Makes files of trained networks and runs them. It travels to the worker processes."""

    def seconds_for(self, values: Mapping[str, Value]) -> float:
        """What judging the network of these values takes, about."""

    def weight_bytes(self, values: Mapping[str, Value]) -> int:
        """Bytes of one weight in the file of these values."""

    def __call__(self, values: Mapping[str, Value], weights: Weights, x: Inputs, *, deadline: Deadline) -> Filed | None:
        """What the file answers for samples as networks see them; None where it answers as its network does.

        Raises:
            ExportError: there is no such file.
        """


def as_file(filed: Filed, score: float, y: np.ndarray, scoring: Scoring, *, of: int) -> dict[str, float]:
    """The metrics of a network as a file: `score`, and the one that it had, under `FLOAT_SCORE`.

    Where all samples went through the file its score is theirs. Otherwise it is the network's own for all samples less
    what the file loses of those that went through it: a loss is known better from few samples than a score.

    Args:
        filed: what the file answers.
        score: of the network on all held-out samples, of which `y` may be a part.
        y: what the samples that the judge was given should be, `(n, ...)`.
        scoring: the metric.
        of: how many samples are held out in all.
    """
    whole = len(filed.rows) == of
    own = scoring.score(filed.after, y[filed.rows]) if whole else score + difference(filed, y, scoring)
    return {
        "score": own,
        FLOAT_SCORE: score,
        "file_seconds": filed.seconds,
        "file_samples": float(len(filed.rows)),
    }


def difference(filed: Filed, y: np.ndarray, scoring: Scoring) -> float:
    """By how much the score of a network falls when it becomes a file, as a number of at most 0.

    A file that is right more often than its network is so by luck: for other samples it would not be. Of samples that
    lack a class nothing can be said by some metrics; then it is 0, too.
    """
    judged = y[filed.rows]
    if not scoring.is_scorable(judged):
        return 0.0
    return min(0.0, scoring.score(filed.after, judged) - scoring.score(filed.before, judged))
