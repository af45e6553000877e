"""What a search is made of: job and trial, study, deadline, objective, and the loop that joins strategy and engine.

The package can also be called: `easynas.search(hypermodel, x, y, time_budget="10m")` searches any KerasTuner hypermodel
(docs/decisions/0010-the-search-package-can-be-called.md).
"""

import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from easynas.search.budget import Deadline, parse_budget

if TYPE_CHECKING:
    from easynas.interop.choice import Choice
    from easynas.interop.hypermodel import SearchResult

__all__: list[str] = []  # everything is in the modules


class Search(ModuleType):
    """This package as a function."""

    def __call__(
        self,
        hypermodel: Any,
        x: Any,
        y: Any,
        *,
        time_budget: float | str,
        validation_data: tuple[Any, Any] | None = None,
        objective: Any = None,
        search: "Choice" = "auto",
        random_state: int | None = None,
        directory: str | Path | None = None,
        max_trials: int | None = None,
        n_jobs: int | None = None,
        verbose: int = 1,
    ) -> "SearchResult":
        """Searches a KerasTuner hypermodel within a time budget, and returns its best trained network.

        Networks are built and trained in processes of their own, so that one that hangs, crashes or takes all memory is
        a failed trial and nothing more. Every training ends with the clock and counts with its best epoch.

        Args:
            hypermodel: a `keras_tuner.HyperModel`, or a function `build(hp)` that returns a compiled Keras model. A
                `fit` of its own must pass on `callbacks` to be ended in time; choices that only it asks for keep
                their defaults, unless `declare_hyperparameters(hp)` declares them too.
            x: samples `(n, ...)`: an array, or a list or dictionary of arrays.
            y: targets `(n, ...)`, in the same way.
            time_budget: seconds, or "90s", "10m", "1h30m"; at least 10 s. The call returns within it plus the larger of
                2 s and 2 %.
            validation_data: `(x, y)` to compare networks on; None: a random share of the samples, 20 % of few and 10 %
                of many.
            objective: a metric in Keras' logs, e.g. "val_accuracy", whose direction KerasTuner infers; or a
                `keras_tuner.Objective`; None: "val_accuracy" if networks measure accuracy, else "val_loss".
            search: a strategy's name (`easynas.strategies.names()`), or a function `(space, seed) -> strategy`.
            random_state: seed from 0; None: another one every time.
            directory: where journal and weights are kept, to continue later; None: a temporary one.
            max_trials: most trials; None: as many as the time allows.
            n_jobs: trials at the same time; None or -1: one a processor core.
            verbose: 0 silent, 1 progress.

        Raises:
            InputError: data or a setting that cannot be used, or a hypermodel that declares no choice.
            SearchError: not a single network could be trained.
            StudyError: the study in `directory` is of other data, damaged, or used by another process.
        """
        from easynas.engines.warm import warm_up

        deadline = Deadline.after(parse_budget(time_budget))
        warm_up()  # the fork server imports TensorFlow for the workers while this process does below
        from easynas.interop.hypermodel import tune
        from easynas.interop.settings import Settings

        settings = Settings.of(
            objective=objective,
            search=search,
            random_state=random_state,
            directory=directory,
            max_trials=max_trials,
            n_jobs=n_jobs,
            verbose=verbose,
        )
        return tune(hypermodel, x, y, validation_data, settings, deadline)


sys.modules[__name__].__class__ = Search
