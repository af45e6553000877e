"""`Estimator`: the interface of all tasks, and the only `fit`.

`fit` imports TensorFlow late and on purpose: first this process checks the data, then the fork server begins to import
it for the workers, and at the same time this process imports it for itself.
"""

import importlib.metadata
from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from easynas.data.dataset import Dataset, Target
from easynas.data.fingerprint import fingerprint
from easynas.engines.aside import Aside
from easynas.engines.warm import warm_up
from easynas.search.budget import SHORTEST, Deadline, parse_budget
from easynas.search.journal import STOP
from easynas.search.plan import Rules
from easynas.search.study import Study
from easynas.search.trial import Trial
from easynas.tasks.division import Division
from easynas.tasks.intake import intake
from easynas.tasks.interrupt import Interrupt
from easynas.tasks.results import Results
from easynas.tasks.settings import Settings, is_plain, study_folder
from easynas.train.scoring import Scoring
from easynas.version import __version__

if TYPE_CHECKING:
    from easynas.deploy.bundle import Bundle
    from easynas.report.specimens import Specimens
    from easynas.tasks.points import Point


class Estimator(Results):
    """Finds, trains and ships a network within a time budget; a scikit-learn estimator.

    Args:
        time_budget: seconds as a number, or "90s", "10m", "1h30m"; at least 10 s. `fit` returns within it plus the
            larger of 2 s and 2 %.
        metric: what to maximise on held-out samples, a scikit-learn scorer's name; None: accuracy of
            classes, macro F1 of labels, R² of numbers.
        search: a strategy's name (`easynas.strategies.names()`), or your own: a function `(space, seed) -> strategy`.
        space: a search space's name (`easynas.spaces.names()`) or an `easynas.Block`.
        quantization: numbers of the `.tflite` file that you will use: "float16", "dynamic", "int8", "int16x8", or None
            for float32. Limits hold for such a file, networks are judged as such files, and `export` writes one unless
            told otherwise. "auto" makes it a choice of the search, for every network its own.
        pruning: share of the channels that the best network of images loses in the end, in (0, 1), before the rest
            trains on: a smaller and faster file. "auto" makes networks with several shares of their own, for the
            leaderboard and `pareto_front()`. None: none is taken out.
        max_latency_ms: most milliseconds for one sample, above 0, on one thread of this machine or the device of
            `profile`; None: no limit.
            This and the three below hold for the `.tflite` file: networks that would exceed them are not trained, and
            what is shipped is measured.
        max_size_kb: most kilobytes (1024 bytes) of the file, above 0; None: no limit.
        max_params: most learned numbers in the file, from 1; None: no limit.
        max_macs: most multiply-accumulates for one sample, from 1; None: no limit.
        profile: of the device that the file is for, as `easynas profile` writes it: its path, or an
            `easynas.runtime.Profile`. Latencies are then predicted for that device; None: measured on this machine.
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
        best_score_: score of the shipped model on the held-out samples; NaN after `compress`.
        compression_: what `compress` did, a sentence a step.
        study_: all trials, the automatic choices (`study_.notes`) and the seconds of the phases (`study_.timings`).
        fit_seconds_: wall-clock seconds of the last `fit`.
    """

    _rules: ClassVar[Rules] = Rules()

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
        profile: Any = None,
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
        self.profile = profile
        self.max_trials = max_trials
        self.n_jobs = n_jobs
        self.engine = engine
        self.directory = directory
        self.random_state = random_state
        self.verbose = verbose

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
            callbacks: called with every trial (`easynas.Done` or `easynas.Failed`) after it was recorded;
                `easynas.TensorBoard` is one.

        Returns:
            This estimator.

        Raises:
            InputError: data or a setting that cannot be used; raised before any time is spent. A limit that not even
                the smallest network keeps; raised after some seconds, and says what is possible.
            SearchError: not a single network could be trained, or none that keeps the limits.
            StudyError: the study in `directory` is of other data, damaged, or used by another process.
            KeyboardInterrupt: Ctrl-C was pressed twice, or before there was any model.
        """
        deadline = Deadline.after(parse_budget(self.time_budget))
        settings = Settings.of(self)
        data, held_out = intake(
            self._modality(),
            self._target,
            settings,
            x,
            y,
            sample_weight=sample_weight,
            validation_data=validation_data,
        )
        scoring = Scoring.of(settings.metric, data.target.answer)
        scoring.check((held_out or data).y[Division.of(data, held_out, seed=settings.seed).validation])
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
            rest = _rest(deadline, study)
            bundle, specimens, points = self._run(settings, scoring, rest, data, held_out, study, interrupt)
        self._take(bundle, study, specimens, deadline.elapsed, points=points)
        return self

    def _run(
        self,
        settings: Settings,
        scoring: Scoring,
        deadline: Deadline,
        data: Dataset,
        held_out: Dataset | None,
        study: Study,
        interrupt: Interrupt,
    ) -> "tuple[Bundle, Specimens, tuple[Point, ...]]":
        """Baseline, design, search, final training, bundle."""
        from easynas.deploy.silence import Silence
        from easynas.report.progress import Display
        from easynas.report.specimens import find_twins, keep

        display = Display(deadline, metric=scoring.metric, verbose=settings.verbose, weights=study.weights_folder)
        display.phase(_LOADING)
        study.enter(_LOADING)
        with Silence():  # TensorFlow greets on the file descriptors when it is imported and first used
            from easynas.tasks import preparation, shipping, training
            from easynas.tasks.baseline import baseline_and_design
            from easynas.tasks.session import Session

            machine = preparation.known_machine(study)
        interrupt.check()
        with display, Aside(study.directory / "workers.log") as aside:
            study.subscribe(display.trial)
            session = Session(settings, self._modality(), scoring, deadline, data, study, display, aside, interrupt)
            if study.spent:
                session.note(f"An interrupted fit goes on; {deadline.left:.0f} s of its budget are left.")
            for warning in data.warnings:
                session.note(warning)
            division = Division.of(data, held_out, seed=settings.seed)
            with session.phase("preparation", "preparing the data", then=_BASELINE):
                prepared = preparation.prepare(session, machine, division, held_out)
                twins = find_twins(data, held_out)
            with session.phase("baseline", _BASELINE, then="dividing the time that is left"):
                baseline, designed = baseline_and_design(session, prepared)
            plan = preparation.plan(session, prepared, baseline)
            final: Trial | None = None  # if the fit is stopped before
            with session.stoppable():
                final = training.search_and_train(session, prepared, designed, plan, then=_BUNDLE)
            with session.phase("bundle", _BUNDLE):
                bundle, points = shipping.ship(session, prepared, designed, final=final)
                answers = points[0].finish.answers
                used = vars(prepared.division.judged(len(answers)))
                specimens = keep(data, held_out, **used, answers=answers, twins=twins, seed=settings.seed)
        return bundle, specimens, points

    def _header(self, settings: Settings, scoring: Scoring, data: Dataset, held_out: Dataset | None) -> dict[str, Any]:
        return {
            "easynas": __version__,
            "task": type(self).__name__,
            "metric": scoring.metric,
            "data": fingerprint(data),
            "validation": None if held_out is None else fingerprint(held_out),
            "weights": self._modality().learned,
            "seed": settings.seed,
            "settings": {name: value for name, value in self.get_params().items() if is_plain(value)},
            "libraries": {name: importlib.metadata.version(name) for name in _LIBRARIES},
        }

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.non_deterministic = True  # trainings end by the clock
        tags.target_tags.multi_output = True
        tags.input_tags = replace(tags.input_tags, **self._modality().takes)
        return tags


_LOADING, _BASELINE, _BUNDLE = "loading TensorFlow", "training a baseline", "making the model"
_KEPT = 3  # trials that keep their weights for each network that is shipped
_LIBRARIES = ("keras", "numpy", "scikit-learn", "tensorflow")


def _rest(deadline: Deadline, study: Study) -> Deadline:
    """What is left of the time, of which an interrupted run may have used some; at least the shortest budget."""
    return deadline.before(max(0.0, min(study.spent, deadline.total - SHORTEST)))
