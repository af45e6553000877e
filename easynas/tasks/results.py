"""`Results`: what an estimator can do once it is fitted."""

import copy
import math
from abc import abstractmethod
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from sklearn.base import BaseEstimator

from easynas.data.labels import LabelsTarget
from easynas.data.stream import Given, joined, pieces
from easynas.data.target import ClassTarget
from easynas.errors import InputError, NotFittedError
from easynas.search.budget import Deadline, parse_budget
from easynas.search.study import Study
from easynas.tasks.compression import default_quantization, shipped_quantization
from easynas.tasks.limits import Limits
from easynas.tasks.modality import Modality
from easynas.tasks.settings import is_plain
from easynas.train.scoring import Scoring

if TYPE_CHECKING:
    import keras
    import numpy as np
    import pandas as pd

    from easynas.deploy.bundle import Bundle
    from easynas.deploy.exported import ExportReport
    from easynas.deploy.footprint import Footprint
    from easynas.report.facts import Fitted
    from easynas.report.specimens import Specimens
    from easynas.tasks.points import Point

_UNKNOWN = -1  # number of a trial that nobody recorded


class Results(BaseEstimator):  # type: ignore[misc]
    """Predicts, tells, writes and compresses; `Estimator` fits."""

    metric: str | None
    quantization: str | None

    @abstractmethod
    def _modality(self) -> Modality:
        """What kind of data there are."""

    def _take(
        self,
        bundle: "Bundle",
        study: Study,
        specimens: "Specimens | None",
        seconds: float,
        *,
        compression: tuple[str, ...] = (),
        points: "tuple[Point, ...]" = (),
    ) -> None:
        """Becomes a fitted estimator.

        Args:
            bundle: the model.
            study: how it was found.
            specimens: what a report shows; None where the model is not the one that answered them.
            seconds: of `fit`.
            compression: what was done to the network after `fit`, in sentences.
            points: the trade-offs that can be chosen, first the one that the model is.
        """
        self._bundle = bundle
        self._points = points
        self._chosen = points[0].number if points else _UNKNOWN if study.shipped is None else study.shipped.job.id
        self._footprints: dict[int, Footprint] = {}
        self._selected = {} if study.shipped is None else {self._chosen: study.shipped}
        self._specimens = specimens
        self.study_ = study
        if isinstance(bundle.target, ClassTarget | LabelsTarget):
            self.classes_ = bundle.target.classes
        # Nobody scored what became of the shipped network.
        shipped = None if compression else study.shipped
        self.best_score_ = float("nan") if shipped is None else shipped.score
        self.compression_ = compression
        self.fit_seconds_ = seconds

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
        return leaderboard(self.study_.trials, quantization=default_quantization(self.study_, self.quantization))

    def pareto_front(self) -> "pd.DataFrame":
        """The trade-offs that the search found: models that no other beats in score, size and latency at once.

        Each is made the `.tflite` file in the numbers of its trial that `export` would write, and measured on this
        machine, or its latency is predicted by the estimator's `profile`. A model takes about a second, one that int8
        changes too much some more; another call has the numbers already.
        `front.plot.scatter("size_kb", "score")` draws it, where matplotlib is installed.

        Returns:
            A `DataFrame`, best score first: number of the trial, score on held-out samples, `size_kb` in units of 1024
            bytes, `latency_ms` of one sample on one thread, params, macs, network, quantization, and which one is
            chosen; that one is there even if others beat it. An estimator that was saved or compressed has no others.

        Raises:
            ExportError: a model cannot be converted.
        """
        from easynas.tasks.points import Row, trade_offs

        own = self.bundle_
        rows = []
        for number, score, network, numbers in self._trade_offs():
            if number not in self._footprints:
                bundle = own if number == self._chosen else self._point(number).bundle(own.target, own.samples)
                self._footprints[number] = self._footprint(bundle, numbers)
            rows.append(Row(number, score, network, numbers, self._footprints[number]))
        return trade_offs(rows, chosen=self._chosen)

    def _footprint(self, bundle: "Bundle", quantization: str) -> "Footprint":
        """What the file costs that `export` would write of a bundle."""
        from easynas.deploy.export import as_lite
        from easynas.deploy.footprint import of_content

        limits = Limits.of(self)
        fits = partial(limits.fits, bundle=bundle, quantization=quantization)
        content = as_lite(bundle, quantization, fits=fits).content
        return of_content(content, bundle, quantization, timed=True, profile=limits.profile)

    def _trade_offs(self) -> "list[tuple[int, float, str, str]]":
        """Number, score, network and numbers of the file of what can be chosen."""
        if not self._points:
            shipped = self.study_.shipped
            network = "" if shipped is None else str(shipped.job.values.get("network", "baseline"))
            return [(self._chosen, self.best_score_, network, self._quantization)]
        return [(each.number, each.score, each.network, each.quantization) for each in self._points]

    @property
    def _quantization(self) -> str:
        """Numbers of the file that is exported unless told otherwise."""
        return shipped_quantization(self.study_, self.quantization)

    def select(self, trial: int) -> Self:
        """Becomes the model of another trial of `pareto_front()`, without a new search, and back again.

        Args:
            trial: its number.

        Returns:
            This estimator; `predict`, `export`, `report` and all else are those of the selected model. Its `directory`
            names it as the result, unless another fit went on there since.

        Raises:
            InputError: the trial is none of the front.
            StudyError: the `directory` cannot be written to.
        """
        own, point = self.bundle_, self._point(trial)
        bundle = point.bundle(own.target, own.samples)
        chosen = self._selected.setdefault(trial, point.as_trial(self.study_.next_id))
        self.study_.choose(chosen)
        self._bundle, self._chosen = bundle, trial
        self.best_score_ = chosen.score
        if self._specimens is not None:
            self._specimens = self._specimens.answered(point.finish.answers, seed=self.study_.header["seed"])
        return self

    def _point(self, number: int) -> "Point":
        found = {point.number: point for point in self._points}
        if number not in found:
            raise InputError(
                f"`trial` must be one of `pareto_front()`, {sorted(found)}. Received: {number!r}."
                + ("" if found else " An estimator that was saved or compressed has no others; select before.")
            )
        return found[number]

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
                "A report needs the samples that `fit` kept. Received an estimator without them: its network was "
                "compressed after `fit`, or it was saved by an earlier version. Report before, or fit again."
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
            quantization=default_quantization(self.study_, self.quantization),
        )

    def export_model(self) -> "keras.Model":
        """The Keras model: raw samples in, probabilities out; its file loads with `keras.models.load_model` alone."""
        return self.bundle_.model

    def export(self, path: str | Path, *, quantization: str | None = None, integers: bool = False) -> "ExportReport":
        """Writes the model for deployment and checks it against the Keras model sample by sample.

        Args:
            path: ends in `.tflite`; in `.c` for microcontrollers; in `.keras` or `.onnx`; without an ending it is a
                SavedModel folder. `easynas.runtime.load` runs a `.tflite` file without TensorFlow.
            quantization: for `.tflite` and `.c`: "float32", "float16", "dynamic", "int8" or "int16x8"; None: that of
                the estimator, of "auto" that of the model, or float32. Operators that lose too much in "int8" stay in
                float as far as the limits of the estimator allow it, and the report says so. A file in another
                quantization may exceed them, which the report says too.
            integers: whether an "int8" or "int16x8" file takes and gives integers rather than float32.

        Returns:
            Size, latency and agreement with the Keras model.

        Raises:
            InputError: an unknown ending or quantization.
            ExportError: the file disagrees with the model.
        """
        from easynas.deploy.export import LITE, export

        bundle, limits = self.bundle_, Limits.of(self)
        if quantization is None and Path(path).suffix in LITE:
            quantization = self._quantization
        facts = {
            "score": None if math.isnan(self.best_score_) else self.best_score_,
            "metric": self.study_.header["metric"],
        }
        fits = partial(limits.fits, bundle=bundle, quantization=quantization or "float32")
        report = export(bundle, path, quantization=quantization, integers=integers, facts=facts, fits=fits)
        return replace(report, warnings=(*report.warnings, *limits.exceeded(report)))

    def compress(
        self,
        x: Any,
        y: Any,
        *,
        time_budget: float | str = "60s",
        quantization: str | None = None,
        pruning: float | None = None,
        pattern: str | None = None,
        channels: float | None = None,
        clusters: int | None = None,
    ) -> Self:
        """Returns another estimator with a smaller network, trained again on samples; this one stays as it is.

        What each of them gains and costs is measured in docs/compression.md. Together they are done in the order
        channels, pruning, clusters, quantization, and none undoes another.

        Args:
            x: samples as in `fit`, best those of `fit`.
            y: what to predict, as in `fit`.
            time_budget: seconds of training, at least 10; as in `Estimator`.
            quantization: "int8": the training rounds as `export(path, quantization="int8")` will.
            pruning: share of the weights that become zero, in (0, 1): a smaller file once it is compressed, not a
                faster one.
            pattern: where zeros may be: None, anywhere; "2:4", two of any four in a row; "block", groups of four.
            channels: share of the channels that are taken out for good, in (0, 1): smaller and faster everywhere.
            clusters: different values of a layer's weights, from 2 to 256: a smaller file once it is compressed.

        Raises:
            InputError: samples or a setting that cannot be used.
            ExportError: the network is of a kind that the tools cannot work on.
        """
        deadline = Deadline.after(parse_budget(time_budget))
        bundle = self.bundle_
        samples, encoded = bundle.encoder.check(x), bundle.target.encode(y)
        if len(samples) != len(encoded):
            raise InputError(
                f"`x` and `y` must have the same length. Received {len(samples)} samples and {len(encoded)} labels."
            )
        from easynas.deploy.compress import Compression, compress

        compression = Compression.of(
            channels=channels, pruning=pruning, pattern=pattern, clusters=clusters, quantization=quantization
        )
        smaller, notes = compress(
            bundle, samples, encoded, compression, deadline=deadline, seed=self.study_.header["seed"]
        )
        other = copy.copy(self)
        other._take(smaller, self.study_, None, self.fit_seconds_, compression=(*self.compression_, *notes))
        return other

    def save(self, folder: str | Path) -> None:
        """Writes model, settings and journal into `folder`; no pickle. `easynas.load` reads it."""
        from easynas.tasks import saved

        saved.save(self, self.bundle_, Path(folder))
