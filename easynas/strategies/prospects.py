"""An opinion about genotypes before any is trained: zero-cost proxies, joined by their ranks.

No proxy is good on all tasks, and their ranks together are better than most of them alone (Abdelfattah et al. 2021,
"Zero-cost proxies for lightweight NAS", §4.4; Krishnakumar et al. 2022, "NAS-Bench-Suite-Zero"). Proxies find the good
region and cannot rank inside it: so they choose where a search begins, and what it learns there decides.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property

import numpy as np
from scipy.special import ndtri

from easynas.space.dimension import Value
from easynas.space.space import SearchSpace, Values
from easynas.strategies.fresh import Feasible, Fresh

Proxy = Callable[[Mapping[str, Value]], float]
"""A measure of an untrained network, larger is better; what is not finite counts as the worst."""

SAMPLES = 1000
"""Random genotypes that are measured, where measuring them is a matter of milliseconds."""


class Prospects:
    """Ranks genotypes by proxies among a random sample of the space, which is measured on first use.

    Args:
        space: what genotypes belong to.
        proxies: at least one.
        seed: of the sample.
        samples: its size.
        feasible: genotypes for which it is False are not sampled.
    """

    def __init__(
        self,
        space: SearchSpace,
        proxies: Sequence[Proxy],
        *,
        seed: int,
        samples: int = SAMPLES,
        feasible: Feasible = lambda _: True,
    ) -> None:
        self.space = space
        self.proxies = tuple(proxies)
        self.seed = seed
        self.samples = samples
        self._feasible = feasible

    def best(self) -> Iterator[Values]:
        """The sample, best first."""
        genotypes, measured = self._sample
        for index in np.argsort(-self._joint(measured), kind="stable"):
            yield genotypes[index]

    def opinion(self, genotypes: Sequence[Mapping[str, Value]]) -> np.ndarray:
        """How good genotypes should be, `(genotypes,)`, in standard deviations of the sample."""
        return self._joint(self._measure(genotypes))

    @cached_property
    def _sample(self) -> tuple[list[Values], np.ndarray]:
        rng = np.random.default_rng((self.seed, self.samples))
        fresh = Fresh(self.space, self._feasible)
        drawn = (fresh.draw(lambda: self.space.sample(rng)) for _ in range(self.samples))
        genotypes = [values for values in drawn if values is not None]
        return genotypes, self._measure(genotypes)

    @cached_property
    def _spread(self) -> tuple[float, float]:
        """Mean and deviation of the joined ranks of the sample."""
        joined = self._join(self._sample[1])
        if not len(joined):
            return 0.0, 1.0  # nothing sampled is feasible, so there is no opinion
        return float(joined.mean()), float(joined.std()) or 1.0

    def _joint(self, measured: np.ndarray) -> np.ndarray:
        mean, deviation = self._spread
        return (self._join(measured) - mean) / deviation

    def _join(self, measured: np.ndarray) -> np.ndarray:
        """The sum of the normal scores of the ranks among the sample, `(genotypes,)`."""
        _, among = self._sample
        total = np.zeros(len(measured))
        for column, known in zip(measured.T, np.sort(among, axis=0).T, strict=True):
            rank = 0.5 * (np.searchsorted(known, column) + np.searchsorted(known, column, side="right"))
            total += ndtri((rank + 0.5) / (len(known) + 1.0))
        return total

    def _measure(self, genotypes: Sequence[Mapping[str, Value]]) -> np.ndarray:
        """`(genotypes, proxies)`."""
        measured = np.array([[proxy(values) for proxy in self.proxies] for values in genotypes])
        return np.where(np.isfinite(measured), measured, -np.inf).reshape(len(genotypes), len(self.proxies))
