"""A search problem that is small, and not solved by improving one choice after the other."""

import keras_tuner
import numpy as np

from easynas.search.loop import Strategy
from easynas.search.trial import Done
from easynas.space.space import SearchSpace, Values

STAGES = 6
OPTIMUM = 3.0


def space() -> SearchSpace:
    """Six widths, and a kind of layer with a choice of its own: 233,280 genotypes."""
    hp = keras_tuner.HyperParameters()
    for stage in range(STAGES):
        hp.Int(f"width{stage}", 0, 5)
    hp.Choice("kind", ["conv", "attention"])
    with hp.conditional_scope("kind", ["attention"]):
        hp.Int("heads", 1, 4)
    return SearchSpace(hp)


def score(values: Values) -> float:
    """Widths should grow by one each stage, so they depend on each other; attention pays off only with four heads."""
    widths = np.array([values[f"width{stage}"] for stage in range(STAGES)])
    kind = 1.5 * float(values["heads"]) - 3.0 if values["kind"] == "attention" else 0.0
    return float(kind - 0.5 * widths[0] - np.abs(np.diff(widths) - 1).sum())


def best_found(strategy: Strategy, *, trials: int) -> float:
    """The best score that `strategy` finds."""
    best = -np.inf
    for job_id in range(trials):
        job = strategy.ask(job_id)
        assert job is not None
        found = score(dict(job.values))
        strategy.tell(Done(job, found, seconds=1.0))
        best = max(best, found)
    return best
