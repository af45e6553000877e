"""Gaussian processes of what was told, one a measure, with hyperparameters that are fitted now and then."""

from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from threadpoolctl import ThreadpoolController

from easynas.space.space import SearchSpace, Values
from easynas.strategies.embedding import Embedding, Encode
from easynas.strategies.gaussian import GaussianProcess, Hyper, fit
from easynas.strategies.observations import LARGEST, Observations, Scale, kept, scheduled
from easynas.strategies.prospects import Prospects

_FIT_FROM, _FIT_GROWTH = 10, 1.15
"""Hyperparameters are fitted at so many trials, and again with so many times as many; before, the prior holds."""


class Points(NamedTuple):
    """Genotypes as a model sees them.

    Attributes:
        x: `(genotypes, columns)`.
        opinion: `(genotypes,)`, what is thought of them before training; None for nothing.
    """

    x: np.ndarray
    opinion: np.ndarray | None

    def at(self, index: np.ndarray) -> "Points":
        return Points(self.x[index], None if self.opinion is None else self.opinion[index])


class Surrogate:
    """Predicts measures of genotypes that were not trained.

    Args:
        space: what genotypes belong to.
        told: what was measured; it grows meanwhile.
        prospects: the prior mean of one measure; None for none.
        about: the column of that measure; None: it is not among those told.
        encode: what is known of genotypes besides their choices; None for nothing.
    """

    def __init__(
        self,
        space: SearchSpace,
        told: Observations,
        *,
        prospects: Prospects | None = None,
        about: int | None = 0,
        encode: Encode | None = None,
    ) -> None:
        self._told = told
        self._prospects = prospects
        self._about = about
        self._embedding = Embedding(space, encode)
        self._x = np.empty((0, len(self._embedding.groups)))
        self._opinion = np.empty(0)
        self._hyper: dict[int, tuple[int, Hyper]] = {}

    def points(self, genotypes: Sequence[Values]) -> Points:
        opinion = None if self._prospects is None else self._prospects.opinion(genotypes)
        return Points(self._embedding(genotypes), opinion)

    def draw(self, column: int, at: Points, rng: np.random.Generator, *, draws: int) -> np.ndarray:
        """Functions drawn from the posterior of a measure, `(draws, genotypes)`, in its units, smaller is better."""
        process, scale, _ = self._process(column)
        return scale.losses(process.sample(at.x, rng, draws=draws, opinion=self._of(column, at)))

    def expect(self, column: int, at: Points, pending: Points) -> tuple[np.ndarray, np.ndarray, float]:
        """The expected normal score of a measure and its deviation, `(genotypes,)`, and the best expected of the told.

        Larger is better. What is `pending` is believed to turn out as expected.
        """
        process, _, known = self._process(column)
        best = float(process.mean(known.x, known.opinion).max())
        if len(pending.x):
            process = process.believing(pending.x, self._of(column, pending))
        mean, covariance = process.posterior(at.x, self._of(column, at))
        return mean, np.sqrt(np.maximum(np.diag(covariance), 1e-12)), best

    def log_seconds(self, at: Points) -> np.ndarray:
        """Expected logarithm of the seconds of a training, `(genotypes,)`."""
        logs = self._told.log_seconds
        ended = np.flatnonzero(np.isfinite(logs))[-LARGEST:]
        mean, deviation = float(logs[ended].mean()), float(logs[ended].std()) or 1.0
        known = self._known().at(ended)
        values, hyper = (logs[ended] - mean) / deviation, Hyper.prior(self._embedding.choices)
        return mean + deviation * GaussianProcess(known.x, values, self._embedding.groups, hyper).mean(at.x)

    def _process(self, column: int) -> tuple[GaussianProcess, Scale, Points]:
        losses = self._told.measures[:, column]
        known = self._known()
        hyper = self._fitted(column, losses, known)
        held = kept(losses)
        scale = Scale(losses[held])
        points = known.at(held)
        points = Points(points.x, self._of(column, points))
        process = GaussianProcess(points.x, scale.scores, self._embedding.groups, hyper, opinion=points.opinion)
        return process, scale, points

    def _fitted(self, column: int, losses: np.ndarray, known: Points) -> Hyper:
        """Those of the first trials, as many as the schedule says: a search that is continued must find the same."""
        size = scheduled(len(losses), first=_FIT_FROM, then=_following)
        if size == 0 or not np.isfinite(losses[:size]).any():
            return Hyper.prior(self._embedding.choices)
        at, hyper = self._hyper.get(column, (0, None))
        if hyper is None or at != size:
            held = kept(losses[:size])
            points = known.at(held)
            hyper = fit(points.x, Scale(losses[held]).scores, self._embedding.groups, opinion=self._of(column, points))
            self._hyper[column] = size, hyper
        return hyper

    def _known(self) -> Points:
        """The told genotypes, each embedded once."""
        new = self.points(self._told.values[len(self._x) :]) if len(self._x) < len(self._told) else None
        if new is not None:
            self._x = np.concatenate([self._x, new.x])
            if new.opinion is not None:
                self._opinion = np.concatenate([self._opinion, new.opinion])
        return Points(self._x, None if self._prospects is None else self._opinion)

    def _of(self, column: int, points: Points) -> np.ndarray | None:
        """The opinion, if it is about this measure."""
        return points.opinion if column == self._about else None


def one_thread() -> Any:
    """A context: matrices of hundreds are faster on one thread, and the other cores are training networks."""
    return _libraries().limit(limits=1, user_api="blas")


@cache
def _libraries() -> ThreadpoolController:
    return ThreadpoolController()


def _following(trials: int) -> int:
    return int(trials * _FIT_GROWTH) + 1
