"""The settings of an estimator, checked before anything is spent."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from numbers import Real
from pathlib import Path
from typing import Any

import numpy as np

from easynas import engines, spaces, strategies
from easynas.deploy.exported import QUANTIZATIONS
from easynas.errors import InputError
from easynas.search.budget import parse_budget
from easynas.search.loop import Launcher
from easynas.search.plan import Rules
from easynas.tasks.compression import AUTO, SHARES
from easynas.tasks.limits import Limits


@dataclass(frozen=True)
class Settings:
    """What an estimator was told, in its final form.

    Attributes:
        seconds: the time budget.
        metric: name of a scikit-learn scorer; None: the usual one for what is predicted.
        search: name of a strategy, a function `(space, seed) -> strategy`, or an object with `ask` and `tell`.
        space: name of a space, or a block.
        max_trials: most trials of the search.
        launcher: brings up the engine.
        workers: trials at the same time; None: as many as the engine has room for.
        directory: of the study; None: a temporary one.
        seed: of everything random.
        verbose: 0 for silence, 1 for progress, 2 for every automatic choice too.
        quantization: of the file that is shipped; "auto" for a choice of the search.
        limits: what that file may cost.
        rules: what the fit goes by beyond all that.
        pruning: shares of the channels to take out of the best network, the most useful first.
        prunes_always: whether a network without them is what is shipped, and not just another trade-off.
    """

    seconds: float
    metric: str | None
    search: Any
    space: Any
    max_trials: float
    launcher: Launcher
    workers: int | None
    directory: Path | None
    seed: int
    verbose: int
    quantization: str
    limits: Limits
    rules: Rules = field(default_factory=Rules)
    pruning: tuple[float, ...] = ()
    prunes_always: bool = False

    @classmethod
    def of(cls, estimator: Any) -> "Settings":
        """The settings of an estimator.

        Raises:
            InputError: a setting that cannot be used.
        """
        if estimator.quantization == AUTO and _is_pretrained(estimator):
            raise InputError(
                "`quantization` must be None or name one where a pretrained network is given: it is most of the file, "
                'and none that is searched changes that. Received: "auto".'
            )
        if estimator.pruning is not None and not estimator._modality().convolves:
            raise InputError(
                "`pruning` must be None unless networks of images are trained: it takes channels out of them. "
                f"Received: {estimator.pruning!r}. Leave it out; `compress(x, y, ...)` works once it is fitted."
            )
        if not _has(estimator.search, "ask", "tell") and not _is_function(estimator.search):
            strategies.check_name(estimator.search)
        if not _has(estimator.space, "declare", "build"):
            spaces.check_name(estimator.space, estimator._modality().name)
        if estimator.space == "trees" and estimator.quantization == "int16x8":
            raise InputError(
                "`space` must be a network that TFLite has in int16x8. Received: 'trees'; "
                "choose another space, or another quantization."
            )
        return cls(
            seconds=parse_budget(estimator.time_budget),
            metric=_metric(estimator.metric),
            search=estimator.search,
            space=estimator.space,
            max_trials=check_count("max_trials", estimator.max_trials, default=np.inf),
            launcher=engines.create(estimator.engine),
            workers=None if estimator.n_jobs in (None, -1) else int(check_count("n_jobs", estimator.n_jobs, default=1)),
            directory=check_directory(estimator.directory),
            seed=check_seed(estimator.random_state),
            verbose=int(check_count("verbose", estimator.verbose, default=1, least=0)),
            quantization=_quantization(estimator.quantization),
            limits=Limits.of(estimator),
            rules=estimator._rules,
            pruning=_pruning(estimator.pruning),
            prunes_always=estimator.pruning not in (None, AUTO),
        )


def _has(value: object, *methods: str) -> bool:
    """Whether `value` is an object, not a class, with these methods."""
    return not isinstance(value, type) and all(callable(getattr(value, name, None)) for name in methods)


def _is_function(value: object) -> bool:
    """Whether `value` can be called and is no class: those of strategies take their seed by name."""
    return callable(value) and not isinstance(value, type)


def _is_pretrained(estimator: Any) -> bool:
    """Whether an estimator was given a network that was trained before."""
    return any(getattr(estimator, name, None) is not None for name in ("weights", "encoder"))


def _quantization(quantization: object) -> str:
    if quantization is None:
        return "float32"
    if not isinstance(quantization, str) or quantization not in (*QUANTIZATIONS, AUTO):
        raise InputError(
            f"`quantization` must be None or one of {[*QUANTIZATIONS, AUTO]}. Received: {quantization!r}. "
            "What suits which data is in docs/compression.md."
        )
    return quantization


def _pruning(pruning: object) -> tuple[float, ...]:
    """Shares of the channels."""
    if pruning is None:
        return ()
    if pruning == AUTO:
        return SHARES
    if isinstance(pruning, bool) or not isinstance(pruning, Real) or not 0 < float(pruning) < 1:
        raise InputError(f'`pruning` must be None, "auto" or a share between 0 and 1. Received: {pruning!r}.')
    return (float(pruning),)


def _metric(metric: object) -> str | None:
    if metric is not None and not isinstance(metric, str):
        raise InputError(f"`metric` must be None or the name of a scikit-learn scorer. Received: {metric!r}.")
    return metric


def check_count(name: str, value: object, *, default: float, least: int = 1) -> float:
    """A setting that counts something; `default` for None."""
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise InputError(f"`{name}` must be None or a whole number of at least {least}. Received: {value!r}.")
    return int(value)


def check_directory(directory: object) -> Path | None:
    """A setting that is a folder, or None."""
    if directory is None:
        return None
    if not isinstance(directory, str | os.PathLike) or Path(directory).is_file():
        raise InputError(f"`directory` must be None or the path of a folder. Received: {directory!r}.")
    return Path(directory)


def check_seed(random_state: object) -> int:
    """The seed that `random_state` stands for."""
    if random_state is None:
        return int(np.random.SeedSequence().generate_state(1)[0])
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(2**31))
    if isinstance(random_state, bool) or not isinstance(random_state, int | np.integer) or random_state < 0:
        raise InputError(f"`random_state` must be None or a whole number from 0. Received: {random_state!r}.")
    return int(random_state)


def is_plain(value: object) -> bool:
    """Whether a setting can be written into a JSON file and read again."""
    return value is None or isinstance(value, bool | int | float | str)


@contextmanager
def study_folder(directory: Path | None) -> Iterator[Path]:
    """The directory of the study; one that is deleted in the end if none was given."""
    if directory is not None:
        yield directory
        return
    with tempfile.TemporaryDirectory(prefix="easynas-", ignore_cleanup_errors=True) as temporary:
        yield Path(temporary)
