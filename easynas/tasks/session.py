"""`Session`: what all phases of a fit share."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from easynas.data.dataset import Dataset
from easynas.engines.aside import Aside
from easynas.report.progress import Display
from easynas.search.budget import Deadline
from easynas.search.journal import STOPPED
from easynas.search.study import Study
from easynas.tasks.interrupt import Interrupt
from easynas.tasks.modality import Modality
from easynas.tasks.settings import Settings
from easynas.train.scoring import Scoring


@dataclass(frozen=True)
class Session:
    """What all phases share.

    Attributes:
        settings: of the estimator.
        modality: what kind of data they are.
        scoring: the metric.
        deadline: of the whole fit.
        data: training data as received.
        study: where trials go.
        display: what the user sees.
        aside: where networks are built that are only looked at.
        interrupt: whether the user wants to stop.
    """

    settings: Settings
    modality: Modality
    scoring: Scoring
    deadline: Deadline
    data: Dataset
    study: Study
    display: Display
    aside: Aside
    interrupt: Interrupt

    @property
    def members(self) -> int:
        """Most networks that are combined into what is shipped."""
        return self.settings.rules.members(self.modality.members)

    def note(self, sentence: str) -> None:
        """Keeps an automatic choice for the report."""
        self.study.notes.append(sentence)
        self.display.note(sentence)

    @contextmanager
    def phase(self, name: str, description: str, *, then: str = "") -> Iterator[None]:
        """Shows a phase, and which one comes next, and times it."""
        self._enter(description, then)
        started = self.deadline.elapsed
        yield
        self.study.timings[name] = self.deadline.elapsed - started

    @contextmanager
    def stoppable(self) -> Iterator[None]:
        """Ctrl-C ends what is inside, if there is a model to go on with."""
        try:
            yield
        except KeyboardInterrupt:
            if self.study.best is None:
                raise
            self._enter(f"{STOPPED}; Ctrl-C again to leave without a model")
            self.note("The fit was stopped on request, and its best model so far is the result.")

    def _enter(self, description: str, then: str = "") -> None:
        self.display.phase(description, then=then)
        self.study.enter(description, then=then)
