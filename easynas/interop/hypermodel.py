"""`easynas.search`: any KerasTuner hypermodel, searched under a time budget.

The loop, the study, the engine and the strategies are those of every task. What is particular is that a hypermodel
declares its choices while it builds networks, so they are first found, in a process of its own.
"""

import json
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import keras
import keras_tuner
import numpy as np
import pandas as pd

from easynas.data.split import validation_share
from easynas.engines.local import Local
from easynas.engines.warm import cores
from easynas.errors import InputError, SearchError
from easynas.interop import arrays
from easynas.interop.choice import make
from easynas.interop.fitting import Discovery, Fitting, Objective, hyperparameters
from easynas.interop.inputs import Samples, check_data, check_hypermodel, check_pair
from easynas.interop.settings import Settings
from easynas.report.leaderboard import leaderboard
from easynas.report.progress import Display
from easynas.search.budget import Deadline
from easynas.search.journal import STOP
from easynas.search.loop import run_search
from easynas.search.study import Study
from easynas.search.trial import Done, Failed, Job, Trial
from easynas.space.space import SearchSpace, Values
from easynas.tasks.interrupt import Interrupt
from easynas.tasks.settings import study_folder
from easynas.train import weights

_RESERVE = 1.0  # seconds kept for what follows the search; a late trial is ended two seconds after its time
_DISCOVERY_SHARE = 0.7  # of the time, at most, to find the choices
_ROUNDS = 8  # trials that follow each other on one worker: enough for a strategy to learn from, and each long enough
_HOPELESS = 12  # failed trials without a single success, after which a hypermodel's time is not spent any more
_REASONS = 3  # in a message
_STARTS = 3.0  # a trial takes at least so many times as long as its first steps, which trace the network


@dataclass(frozen=True)
class SearchResult:
    """What a search found.

    Attributes:
        study: all trials.
        best: the trial of the best network.
        best_values: its choices, `{name: value}`.
        best_score: its value of the objective, in the metric's own direction.
        objective: name of the metric.
        seconds: wall-clock seconds of the search.
    """

    study: Study
    best: Done
    best_values: Values
    best_score: float
    objective: str
    seconds: float
    _found: "_Found"
    _weights: list[np.ndarray]

    def best_model(self) -> Any:
        """The best network with the weights of its best epoch, compiled as the hypermodel does."""
        model = self._found.hypermodel.build(hyperparameters(self._found.space, self.best_values))
        if not model.built:
            model(self._found.sample)
        model.set_weights(self._weights)
        return model

    def leaderboard(self) -> pd.DataFrame:
        """A row a trial, best first; failed ones last with their reason. Larger scores are better."""
        return leaderboard(self.study.trials)


@dataclass(frozen=True)
class _Found:
    """A hypermodel and what was found out about it."""

    hypermodel: Any
    space: dict[str, Any]
    objective: Objective
    sample: Any
    train_start: float
    test_start: float

    @property
    def start_seconds(self) -> float:
        """Seconds of the first steps of a training and of a validation, with what surrounds them."""
        return 1.0 + self.train_start + self.test_start


@dataclass(frozen=True)
class _Files:
    """Where the samples are, as `arrays.write` says."""

    x: Any
    y: Any
    held_out: tuple[Any, Any]


def tune(hypermodel: Any, x: Any, y: Any, validation_data: Any, settings: Settings, deadline: Deadline) -> SearchResult:
    """Finds the choices, searches them until the time is over, and loads the best weights."""
    hypermodel = check_hypermodel(hypermodel)
    data = check_data(x, y)
    validation = None if validation_data is None else check_data(*check_pair(validation_data))
    header = {
        "task": "hypermodel",
        "metric": None if settings.objective is None else settings.objective.name,
        "data": arrays.fingerprint(*data),
        "validation": None if validation is None else arrays.fingerprint(*validation),
        "seed": settings.seed,
    }
    with (
        Interrupt() as interrupt,
        study_folder(settings.directory) as folder,
        Study.open(folder, header, budget=deadline.total) as study,
        Display(deadline, metric="score", verbose=settings.verbose) as display,
    ):
        interrupt.obey(folder / STOP)
        study.subscribe(display.trial)
        files = _write(study, data, validation)
        _enter(study, display, "finding the choices", then="searching")
        found = _discover(study, hypermodel, files, settings, deadline)
        _enter(study, display, "searching")
        try:
            _search(study, found, files, settings, deadline, interrupt)
        except KeyboardInterrupt:
            if study.best is None:
                raise
        return _result(study, found, deadline)


def _enter(study: Study, display: Display, phase: str, *, then: str = "") -> None:
    display.phase(phase, then=then)
    study.enter(phase, then=then)


def _write(study: Study, data: Samples, validation: Samples | None) -> _Files:
    """Puts the samples to train and to compare networks on where workers find them."""
    if validation is None:
        n = arrays.length(data[0])
        order = np.random.default_rng(study.header["seed"]).permutation(n)
        held_out, rest = np.split(order, [max(1, round(validation_share(n) * n))])
        validation = (arrays.take(data[0], held_out), arrays.take(data[1], held_out))
        data = (arrays.take(data[0], rest), arrays.take(data[1], rest))
    folder = study.directory / "data"
    named = {"x": data[0], "y": data[1], "x_held_out": validation[0], "y_held_out": validation[1]}
    x, y, *held_out_files = (arrays.write(folder / name, tree) for name, tree in named.items())
    return _Files(x, y, (held_out_files[0], held_out_files[1]))


def _discover(study: Study, hypermodel: Any, files: _Files, settings: Settings, deadline: Deadline) -> _Found:
    """Finds choices and metrics in a process of its own, which may crash or hang."""
    answer = study.directory / "space.json"
    discovery = Discovery(hypermodel, files.x, files.y, answer)
    log = study.directory / "workers.log"
    with closing(Local().start(discovery, workers=1, threads=cores(), log=log)) as engine:
        engine.submit(Job(0, {}), deadline=deadline.within(_DISCOVERY_SHARE * deadline.left), bar=-np.inf)
        trials: list[Trial] = []
        while not trials:
            trials = [trial for _, trial in engine.poll(timeout=1.0)]
    if isinstance(trials[0], Failed):
        raise SearchError(
            "The hypermodel must build a network with the defaults of its choices, and quickly enough. "
            f"Received: {trials[0].reason}. Call `build(keras_tuner.HyperParameters())` to see what happens."
        )
    known = json.loads(answer.read_text(encoding="utf-8"))
    objective = settings.objective or _usual_objective(known["metrics"])
    own_fit = type(hypermodel).fit is not keras_tuner.HyperModel.fit
    if not own_fit and objective.name.removeprefix("val_") not in known["metrics"]:
        raise InputError(
            f"`objective` must be a metric of the networks, {known['metrics']}, or one with `val_` before it. "
            f"Received: {objective.name!r}. Add it to `metrics` where the hypermodel compiles."
        )
    sample = keras.tree.map_structure(np.array, arrays.take(arrays.read(files.x), slice(0, 1)))
    return _Found(hypermodel, known["space"], objective, sample, known["train_start"], known["test_start"])


def _search(
    study: Study, found: _Found, files: _Files, settings: Settings, deadline: Deadline, interrupt: Interrupt
) -> None:
    space = SearchSpace(hyperparameters(found.space, {}))
    strategy = make(settings.search, space, seed=study.header["seed"])
    for trial in study.trials:
        if _belongs(trial, space):
            strategy.tell(trial)
    fitting = Fitting(
        hypermodel=found.hypermodel,
        space=found.space,
        x=files.x,
        y=files.y,
        held_out=files.held_out,
        objective=found.objective,
        test_start=found.test_start,
        seed=study.header["seed"],
        folder=study.weights_folder,
    )

    def check() -> None:
        interrupt.check()
        if len(study.trials) >= _HOPELESS and study.best is None:
            raise _nothing(study)

    searching = deadline.before(_RESERVE)
    trial_seconds = min(max(_STARTS * found.start_seconds, searching.left / _ROUNDS), searching.left)
    log = study.directory / "workers.log"
    with closing(Local().start(fitting, workers=settings.workers, threads=1, log=log)) as engine:
        run_search(
            strategy,
            engine,
            study,
            searching,
            trial_seconds=trial_seconds,
            max_trials=settings.max_trials,
            check=check,
        )


def _result(study: Study, found: _Found, deadline: Deadline) -> SearchResult:
    best = study.best
    if best is None:
        raise _nothing(study)
    if any(isinstance(trial, Done) and trial.metrics["choices_found_late"] for trial in study.trials):
        study.notes.append("Some networks asked for choices that no network had before; these kept their defaults.")
    study.ship(best)
    return SearchResult(
        study=study,
        best=best,
        best_values=dict(best.job.values),
        best_score=found.objective.score(best.score),
        objective=found.objective.name,
        seconds=deadline.elapsed,
        _found=found,
        _weights=weights.load(study.weights_path(best.job.id))[0],
    )


def _nothing(study: Study) -> SearchError:
    reasons = list(dict.fromkeys(trial.reason for trial in study.trials if isinstance(trial, Failed)))[:_REASONS]
    return SearchError(
        f"At least one network must be trained. Received: {'; '.join(reasons) or 'no time for a single trial'}. "
        "Try a larger budget, or mend what the reasons name."
    )


def _belongs(trial: Trial, space: SearchSpace) -> bool:
    """Whether a trial, perhaps of an earlier call with another hypermodel, is one of this space."""
    try:
        space.canonical(trial.job.values)
    except InputError:
        return False
    return True


def _usual_objective(metrics: list[str]) -> Objective:
    name = next((name for name in ("accuracy", "acc") if name in metrics), None)
    return Objective("val_loss", maximize=False) if name is None else Objective(f"val_{name}", maximize=True)
