"""The settings of `easynas.search`, checked before anything is spent."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras_tuner
import numpy as np
from keras_tuner.engine.metrics_tracking import infer_metric_direction

from easynas.engines.warm import cores
from easynas.errors import InputError
from easynas.interop.choice import Choice, check_choice
from easynas.interop.fitting import Objective
from easynas.tasks.settings import check_count, check_directory, check_seed


@dataclass(frozen=True)
class Settings:
    """What `easynas.search` was told, checked.

    Attributes:
        objective: a metric, or None for the hypermodel's own.
        search: name of a strategy, or a function that makes one.
        seed: of everything random.
        directory: of the study; None: a temporary one.
        max_trials: most trials.
        workers: trials at the same time.
        verbose: 0 for silence.
    """

    objective: Objective | None
    search: Choice
    seed: int
    directory: Path | None
    max_trials: float
    workers: int
    verbose: int

    @classmethod
    def of(
        cls,
        *,
        objective: Any,
        search: Choice,
        random_state: int | None,
        directory: str | Path | None,
        max_trials: int | None,
        n_jobs: int | None,
        verbose: int,
    ) -> "Settings":
        """The settings in their final form.

        Raises:
            InputError: one that cannot be used.
        """
        check_choice(search)
        return cls(
            objective=None if objective is None else objective_of(objective),
            search=search,
            seed=check_seed(random_state),
            directory=check_directory(directory),
            max_trials=check_count("max_trials", max_trials, default=np.inf),
            workers=int(check_count("n_jobs", None if n_jobs == -1 else n_jobs, default=cores())),
            verbose=int(check_count("verbose", verbose, default=1, least=0)),
        )


def objective_of(objective: Any) -> Objective:
    """A metric's name with the direction that KerasTuner infers, or a `keras_tuner.Objective`, as ours.

    Raises:
        InputError: neither, or the direction is not known.
    """
    if isinstance(objective, keras_tuner.Objective):
        return Objective(objective.name, objective.direction == "max")
    direction = infer_metric_direction(objective) if isinstance(objective, str) else None
    if direction is None:
        raise InputError(
            "`objective` must be None, a metric whose direction is known, or a `keras_tuner.Objective`. "
            f'Received: {objective!r}. Try `keras_tuner.Objective("{objective}", "max")`.'
        )
    return Objective(objective, direction == "max")
