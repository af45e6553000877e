"""A list of designs known to be good, tried in order before any search (Feurer et al. 2022, Auto-sklearn 2.0).

With tens of trials the first good one matters more than any strategy: the list replaces the random start of the
strategy that follows. What differs from the paper: the list's order is fixed and the portfolio is a strategy itself.
"""

from collections.abc import Iterable

from easynas.search.loop import Strategy
from easynas.search.trial import Job, Trial
from easynas.space.space import SearchSpace, Values


class Portfolio:
    """Proposes `designs` first, each once, then what `then` proposes.

    Args:
        space: the space that all designs belong to.
        designs: genotypes, best guess first; the next one is taken when it is asked for.
        then: the strategy that goes on; it is told about the portfolio's trials too.
    """

    def __init__(self, space: SearchSpace, *, designs: Iterable[Values], then: Strategy) -> None:
        self.space = space
        self.then = then
        self._designs = iter(designs)
        self._seen: set[str] = set()
        self._out: set[str] = set()

    def ask(self, job_id: int) -> Job | None:
        """The next design that was not evaluated yet, or the next proposal of `then`."""
        for values in self._designs:
            key = self.space.key(values)
            if key not in self._seen:
                self._seen.add(key)
                self._out.add(key)
                return Job(job_id, self.space.canonical(values), origin="portfolio")
        # `then` does not know of designs that are still being evaluated; it never repeats itself, so this ends.
        job = self.then.ask(job_id)
        while job is not None and self.space.key(job.values) in self._out:
            job = self.then.ask(job_id)
        return job

    def tell(self, trial: Trial) -> None:
        """Forwards the trial; a design that was evaluated in an earlier run is not proposed again."""
        key = self.space.key(trial.job.values)
        self._seen.add(key)
        self._out.discard(key)
        self.then.tell(trial)
