"""`Estimator`: the interface of all tasks, and the only `fit`.

`fit` imports TensorFlow late and on purpose: first this process checks the data, then the fork server begins to import
it for the workers, and at the same time this process imports it for itself.
"""

import importlib.metadata
from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from sklearn.base import BaseEstimator

from easynas.data.dataset import Dataset, Target
from easynas.data.fingerprint import fingerprint
from easynas.data.labels import LabelsTarget
from easynas.data.stream import Given, is_stream, joined, pieces, take_in
from easynas.data.target import ClassTarget
from easynas.engines.aside import Aside
from easynas.engines.warm import warm_up
from easynas.errors import InputError, NotFittedError
from easynas.search.budget import SHORTEST, Deadline, parse_budget
from easynas.search.journal import STOP
from easynas.search.study import Study
from easynas.search.trial import Trial
from easynas.tasks.division import Division
from easynas.tasks.interrupt import Interrupt
from easynas.tasks.modality import Modality
from easynas.tasks.settings import Settings, is_plain, study_folder
from easynas.train.scoring import Scoring
from easynas.version import __version__

if TYPE_CHECKING:
    import keras
    import numpy as np
    import pandas as pd

    from easynas.deploy.bundle import Bundle
    from easynas.deploy.export import ExportReport
    from easynas.report.facts import Fitted
    from easynas.report.specimens import Specimens


class Estimator(BaseEstimator):  # type: ignore[misc]
    """Finds, trains and ships a network within a time budget; a scikit-learn estimator.

    Args:
        time_budget: seconds as a number, or "90s", "10m", "1h30m"; at least 10 s. `fit` returns within it plus the
            larger of 2 s and 2 %.
        metric: what to maximise on held-out samples, a scikit-learn scorer's name; None: accuracy of
            classes, macro F1 of labels, R² of numbers.
        search: a strategy's name (`easynas.strategies.names()`) or an object with `ask` and `tell`.
        space: a search space's name (`easynas.spaces.names()`) or an `easynas.Block`.
        quantization: not used by this version; must be None. `export` quantizes.
        pruning: not used by this version; must be None.
        max_latency_ms: not used by this version; must be None.
        max_size_kb: not used by this version; must be None.
        max_params: not used by this version; must be None.
        max_macs: not used by this version; must be None.
        max_trials: most trials of the search; None: as many as the time allows. The final training uses the rest.
        n_jobs: trials at the same time; None or -1: one a processor core.
        engine: where trials run: a name (`easynas.engines.names()`), or an object such as `easynas.engines.Local`.
        directory: where the study's journal and weights are kept, to continue later; None: a temporary one. One process
            at a time may use it.
        random_state: seed from 0; None: another one every time. Trainings end by the clock, so even with a seed two
            fits are alike but not equal.
        verbose: 0 silent, 1 progress, 2 also every automatic choice.

    Attributes:
        classes_: labels `(classes,)` in their dtype, sorted; not for numbers.
        best_score_: score of the shipped model on the held-out samples.
        study_: all trials, the automatic choices (`study_.notes`) and the seconds of the phases (`study_.timings`).
        fit_seconds_: wall-clock seconds of the last `fit`.
    """

    def __init__(
        self,
        time_budget: float | str = "10m",
        *,
        metric: str | None = None,
        search: Any = "auto",
        space: Any = "auto",
        quantization: str | None = None,
        pruning: float | str | None = None,
        max_latency_ms: float | None = None,
        max_size_kb: float | None = None,
        max_params: int | None = None,
        max_macs: int | None = None,
        max_trials: int | None = None,
        n_jobs: int | None = None,
        engine: Any = "local",
        directory: str | Path | None = None,
        random_state: int | None = None,
        verbose: int = 1,
    ) -> None:
        self.time_budget = time_budget
        self.metric = metric
        self.search = search
        self.space = space
        self.quantization = quantization
        self.pruning = pruning
        self.max_latency_ms = max_latency_ms
        self.max_size_kb = max_size_kb
        self.max_params = max_params
        self.max_macs = max_macs
        self.max_trials = max_trials
        self.n_jobs = n_jobs
        self.engine = engine
        self.directory = directory
        self.random_state = random_state
        self.verbose = verbose

    @abstractmethod
    def _modality(self) -> Modality:
        """What kind of data there are."""

    @abstractmethod
    def _target(self, y: Any) -> Target:
        """What there is to predict."""

    def fit(
        self,
        x: Any,
        y: Any = None,
        *,
        validation_data: Any = None,
        sample_weight: Any = None,
        callbacks: Sequence[Callable[[Trial], None]] | None = None,
    ) -> Self:
        """Finds and trains a network; fitting again with the same `directory` continues its study.

        A fit that was interrupted goes on with what is left of its budget if it is called again with the same budget;
        any other gets a new one. Ctrl-C ends the search or the training and returns the best model so far; pressed
        again, it ends everything.

        Args:
            x: samples `(n, ...)`; or a `tf.data.Dataset` or Keras `PyDataset` of `(x, y)` or `(x, y, sample_weight)`,
                which is read once.
            y: labels `(n,)`; None where `x` gives them.
            validation_data: `(x, y)`, or a dataset of such, to compare networks on; None: a random stratified share of
                the training samples.
            sample_weight: how much each sample counts in training, `(n,)`.
            callbacks: called with every trial (`easynas.Done` or `easynas.Failed`) after it was recorded.

        Returns:
            This estimator.

        Raises:
            InputError: data or a setting that cannot be used; raised before any time is spent.
            SearchError: not a single network could be trained.
            StudyError: the study in `directory` is of other data, damaged, or used by another process.
            KeyboardInterrupt: Ctrl-C was pressed twice, or before there was any model.
        """
        deadline = Deadline.after(parse_budget(self.time_budget))
        settings = Settings.of(self)
        data, held_out = self._ingested(settings, x, y, sample_weight, validation_data)
        scoring = Scoring.of(settings.metric, data.target.answer)
        scoring.check(
            (held_out or data).y[Division.of(data, held_out, self._modality(), seed=settings.seed).validation]
        )
        warm_up()
        header = self._header(settings, scoring, data, held_out)
        with (
            Interrupt() as interrupt,
            study_folder(settings.directory) as folder,
            Study.open(folder, header, budget=settings.seconds, keep=_KEPT * self._modality().members) as study,
        ):
            interrupt.obey(folder / STOP)
            settings = replace(settings, seed=study.header["seed"])  # a continued study keeps its split
            for callback in callbacks or ():
                study.subscribe(callback)
            bundle, specimens = self._run(settings, scoring, _rest(deadline, study), data, held_out, study, interrupt)
        self._take(bundle, study, specimens, deadline.elapsed)
        return self

    def _ingested(
        self, settings: Settings, x: Any, y: Any, sample_weight: Any, validation_data: Any
    ) -> tuple[Dataset, Dataset | None]:
        """The samples to train on, and those that the user holds out."""
        given = self._taken_in(settings, x, y, sample_weight)
        data = self._modality().ingest(given.x, given.y, sample_weight=given.weights, target=self._target)
        if validation_data is None:
            return replace(data, warnings=given.warnings + data.warnings), None
        known = self._taken_in(settings, *_pair(validation_data))
        warnings = given.warnings + known.warnings + data.warnings
        return replace(data, warnings=warnings), data.held_out(known.x, known.y)

    def _taken_in(self, settings: Settings, x: Any, y: Any, sample_weight: Any = None) -> Given:
        """Samples that can be read again and again, see `take_in`."""
        from easynas.report.progress import reading

        with reading(verbose=settings.verbose if is_stream(x) else 0) as on_progress:
            given = take_in(
                x,
                y,
                sample_weight,
                kind=self._modality().name,
                folder=settings.directory,
                seconds=_READING_SHARE * settings.seconds,
                on_progress=on_progress,
            )
        if given.y is None:
            # The first words are the ones scikit-learn's own estimators use.
            raise InputError(
                f"{type(self).__name__} requires y to be passed, but the target y is None; pass `fit(x, y)`, or a "
                "dataset of `(x, y)`."
            )
        return given

    def _take(self, bundle: "Bundle", study: Study, specimens: "Specimens | None", seconds: float) -> None:
        """Becomes a fitted estimator."""
        self._bundle = bundle
        self._specimens = specimens
        self.study_ = study
        if isinstance(bundle.target, ClassTarget | LabelsTarget):
            self.classes_ = bundle.target.classes
        self.best_score_ = study.shipped.score if study.shipped is not None else float("nan")
        self.fit_seconds_ = seconds

    def _run(
        self,
        settings: Settings,
        scoring: Scoring,
        deadline: Deadline,
        data: Dataset,
        held_out: Dataset | None,
        study: Study,
        interrupt: Interrupt,
    ) -> "tuple[Bundle, Specimens]":
        """Baseline, design, search, final training, bundle."""
        from easynas.deploy.silence import Silence
        from easynas.report.progress import Display
        from easynas.report.specimens import find_twins, keep

        display = Display(deadline, metric=scoring.metric, verbose=settings.verbose, weights=study.weights_folder)
        display.phase("loading TensorFlow")
        with Silence():  # TensorFlow greets on the file descriptors when it is imported and first used
            from easynas.tasks import phases, shipping
            from easynas.tasks.session import Session

            machine = phases.known_machine(study)
        with display, Aside(study.directory / "workers.log") as aside:
            study.subscribe(display.trial)
            session = Session(settings, self._modality(), scoring, deadline, data, study, display, aside, interrupt)
            if study.spent:
                session.note(f"An interrupted fit goes on; {deadline.left:.0f} s of its budget are left.")
            for warning in data.warnings:
                session.note(warning)
            division = Division.of(data, held_out, self._modality(), seed=settings.seed)
            with session.phase("preparation", "preparing the data", then=_BASELINE):
                prepared = phases.prepare(session, machine, division, held_out)
                twins = find_twins(data, held_out)
            with session.phase("baseline", _BASELINE, then="dividing the time that is left"):
                baseline, designed = phases.baseline_and_design(session, prepared)
            plan = phases.plan(session, prepared, baseline)
            final, trained = None, plan.final and (self._modality().members == 1 or plan.search == 0)
            with session.stoppable():
                if plan.search > 0:
                    with session.phase("search", "searching", then=_FINAL if trained else _BUNDLE):
                        phases.search(session, prepared, designed, plan)
                if trained:
                    with session.phase("final", _FINAL, then=_BUNDLE):
                        final = phases.train_final(session, prepared, designed)
            with session.phase("bundle", _BUNDLE):
                bundle, answers = shipping.ship(session, prepared, designed, final=final)
                specimens = keep(data, held_out, **vars(division), answers=answers, twins=twins, seed=settings.seed)
        return bundle, specimens

    def _header(self, settings: Settings, scoring: Scoring, data: Dataset, held_out: Dataset | None) -> dict[str, Any]:
        return {
            "easynas": __version__,
            "task": type(self).__name__,
            "metric": scoring.metric,
            "data": fingerprint(data),
            "validation": None if held_out is None else fingerprint(held_out),
            "seed": settings.seed,
            "settings": {name: value for name, value in self.get_params().items() if is_plain(value)},
            "libraries": {name: importlib.metadata.version(name) for name in _LIBRARIES},
        }

    @property
    def bundle_(self) -> "Bundle":
        """The shipped model with everything that belongs to it."""
        if not hasattr(self, "_bundle"):
            raise NotFittedError(
                f"This {type(self).__name__} must be fitted before it can be used. Received no `fit`; "
                "call `fit(x, y)` first, or load a saved one with `easynas.load(folder)`."
            )
        return self._bundle

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "_bundle")

    def _answers(self, x: Any) -> "np.ndarray":
        """What the shipped model answers, `(n, outputs)` in the user's units."""
        answers: np.ndarray = self._judged(x, None).x
        return answers

    def _judged(self, x: Any, y: Any, sample_weight: Any = None) -> Given:
        """What the shipped model answers, as `x`, and what was to be predicted, perhaps by the dataset `x` itself."""
        bundle = self.bundle_
        found = [
            piece._replace(x=bundle.answers(bundle.encoder.check(piece.x)))
            for piece in pieces(x, kind=self._modality().name)
        ]
        return joined(found, y, sample_weight)

    def leaderboard(self) -> "pd.DataFrame":
        """A row a trial, best first; failed ones last with their reason."""
        from easynas.report.leaderboard import leaderboard

        _ = self.bundle_  # raises before `fit`
        return leaderboard(self.study_.trials)

    def explain_search(self) -> str:
        """The search in sentences: which space and why, what was tried, what was refused, what decided."""
        from easynas.report.importance import importances
        from easynas.report.story import story

        metric = Scoring.of(self.metric, self.bundle_.target.answer).metric
        found, modality = importances(self.study_.trials), self._modality().name
        chapters = story(self.study_, found, metric=metric, modality=modality, seconds=self.fit_seconds_)
        return "\n\n".join("\n".join([heading, *(f"- {each}" for each in said)]) for heading, said in chapters)

    def report(self, path: str | Path = "report.html", *, x_test: Any = None, y_test: Any = None) -> Path:
        """Writes one HTML page about the model, its data and the search; takes some seconds.

        The page needs neither a network nor a script. It shows a few of the samples that were held out.

        Args:
            path: ends in `.html`; what is there is replaced.
            x_test: samples that `fit` never saw, to judge the model on; None: those held out in `fit`.
            y_test: what they are.

        Returns:
            Where the page is.

        Raises:
            InputError: the path is no HTML file, only one of `x_test` and `y_test` is given, or the estimator was
                saved without what a report shows.
        """
        from easynas.report import facts, page

        place, fitted = page.check_path(path), self._fitted()
        page.write(facts.gather(fitted, facts.judged(fitted.bundle, fitted.scoring, x_test, y_test)), place)
        return place

    def _fitted(self) -> "Fitted":
        """What a report is about."""
        from easynas.report.facts import Fitted

        bundle = self.bundle_
        if self._specimens is None:
            raise InputError(
                "A report needs the samples that `fit` kept. Received an estimator that was saved without them; fit it "
                "again, and save it with this version."
            )
        return Fitted(
            task=type(self).__name__,
            modality=self._modality().name,
            settings={name: value for name, value in self.get_params().items() if is_plain(value)},
            seconds=self.fit_seconds_,
            scoring=Scoring.of(self.metric, bundle.target.answer),
            bundle=bundle,
            study=self.study_,
            specimens=self._specimens,
        )

    def export_model(self) -> "keras.Model":
        """The Keras model: raw samples in, probabilities out; its file loads with `keras.models.load_model` alone."""
        return self.bundle_.model

    def export(self, path: str | Path, *, quantization: str | None = None) -> "ExportReport":
        """Writes the model for deployment and checks it against the Keras model sample by sample.

        Args:
            path: ends in `.tflite` or `.keras`; without an ending, a SavedModel folder.
            quantization: for `.tflite`: None (float32), "float16", "dynamic" or "int8".

        Returns:
            Size, latency and agreement with the Keras model.

        Raises:
            InputError: an unknown ending or quantization.
            ExportError: the file disagrees with the model.
        """
        from easynas.deploy.export import export

        return export(self.bundle_, path, quantization=quantization)

    def save(self, folder: str | Path) -> None:
        """Writes model, settings and journal into `folder`; no pickle. `easynas.load` reads it."""
        from easynas.tasks import saved

        saved.save(self, self.bundle_, Path(folder))


_BASELINE, _FINAL, _BUNDLE = "training a baseline", "training the best network", "making the model"
_READING_SHARE = 0.25  # of the budget may go into reading a dataset before anything is trained
_KEPT = 3  # trials that keep their weights for each network that is shipped
_LIBRARIES = ("keras", "numpy", "scikit-learn", "tensorflow")


def _pair(validation_data: Any) -> tuple[Any, Any]:
    if is_stream(validation_data):
        return validation_data, None
    if not isinstance(validation_data, tuple | list) or len(validation_data) != 2:
        raise InputError(f"`validation_data` must be a pair (x, y). Received: {type(validation_data).__name__}.")
    return validation_data[0], validation_data[1]


def _rest(deadline: Deadline, study: Study) -> Deadline:
    """What is left of the time, of which an interrupted run may have used some; at least the shortest budget."""
    return deadline.before(max(0.0, min(study.spent, deadline.total - SHORTEST)))
