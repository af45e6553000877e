"""`advise`: what a fit would do with data and a budget, said before it does anything.

Images need the speed of the machine, which is measured as `fit` measures it, so TensorFlow is loaded for them. Times
are estimates: `fit` measures what they depend on.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from easynas import spaces
from easynas.data.dataset import Dataset
from easynas.search.plan import Plan, baseline_seconds, divide, spread
from easynas.tasks.division import Division
from easynas.tasks.settings import Settings
from easynas.train.scoring import Scoring

if TYPE_CHECKING:
    from easynas.tasks.base import Estimator

_LOADING = 7.0  # seconds until TensorFlow is loaded and the data are prepared, as a rule
_START = 2.0  # from the baseline's start to its first step
_BUNDLE = 1.0
_COMBINE_SHARE = 0.1


@dataclass(frozen=True)
class Advice:
    """What a fit would do.

    Attributes:
        task: name of the estimator.
        metric: what it would maximise.
        samples: how many there are.
        classes: samples of each class or label; empty for numbers.
        columns: for tables, a `(name, kind, missing %, different values, why)` for each.
        spaces: search spaces that it would look into.
        choices: what was decided, as sentences.
        warnings: what is odd about the data, as sentences.
        seconds: of each phase, about.
    """

    task: str
    metric: str
    samples: int
    classes: dict[str, int]
    columns: tuple[tuple[str, str, float, int, str], ...]
    spaces: tuple[str, ...]
    choices: tuple[str, ...]
    warnings: tuple[str, ...]
    seconds: dict[str, float]


def advise(estimator: "Estimator", x: Any, y: Any) -> Advice:
    """Returns what `estimator.fit(x, y)` would do.

    Raises:
        InputError: data or a setting that `fit` would refuse.
    """
    settings = Settings.of(estimator)
    modality = estimator._modality()
    data = modality.ingest(x, y, sample_weight=None, target=estimator._target)
    scoring = Scoring.of(settings.metric, data.target.answer)
    division = Division.of(data, None, seed=settings.seed)
    scoring.check(data.y[division.validation])
    division, plan, choices = _plan(settings, modality, data, division)
    named = settings.space if isinstance(settings.space, str) else settings.space.name
    return Advice(
        task=type(estimator).__name__,
        metric=scoring.metric,
        samples=len(data.y),
        classes=_classes(data),
        columns=_columns(data),
        spaces=tuple(spaces.searched(named, modality.name)),
        choices=(division.sentence(members=modality.members), *choices, plan.reason),
        warnings=data.warnings,
        seconds=_phases(settings.seconds, plan),
    )


def _plan(
    settings: Settings, modality: Any, data: Dataset, division: Division
) -> tuple[Division, Plan, tuple[str, ...]]:
    """How samples and time would be divided, and what else follows from it."""
    left = max(0.0, settings.seconds - _LOADING - _baseline(settings.seconds) - _BUNDLE)
    if modality.members > 1:
        return division, spread(left, start_seconds=_START, combine_seconds=_COMBINE_SHARE * left), ()
    from easynas.deploy.silence import Silence
    from easynas.engines.warm import cores

    with Silence():
        from easynas.data.images import ImageEncoder
        from easynas.nets.images import choose_resolution
        from easynas.tasks.means import compute_of, worthwhile
        from easynas.train.machine import probe

        machine = probe()
        division = worthwhile(settings.seconds, machine, division)
        compute = compute_of(settings.seconds, machine, division)
    assert isinstance(data.encoder, ImageEncoder)  # what is not combined is images
    _, reason = choose_resolution(data.encoder.schema, compute)
    seen = f"A network may train for about {1e6 * compute.sample_seconds:.0f} µs on an image."
    planned = divide(
        left,
        start_seconds=_START,
        epoch_seconds=compute.epoch_seconds * cores(),
        search_share=settings.rules.search_share,
    )
    return division, planned, (reason, seen)


def _baseline(total: float) -> float:
    return _START + baseline_seconds(total, total - _LOADING)


def _phases(total: float, plan: Plan) -> dict[str, float]:
    first = {"loading and preparing": _LOADING, "baseline": _baseline(total), "search": plan.search}
    return {**first, "final training and model": max(0.0, total - sum(first.values()))}


def _classes(data: Dataset) -> dict[str, int]:
    labels = getattr(data.target, "labels", ())
    counts = data.y.sum(axis=0).astype(int) if data.y.ndim == 2 else np.bincount(data.y, minlength=len(labels))
    return {str(label): int(count) for label, count in zip(labels, counts, strict=True)} if labels else {}


def _columns(data: Dataset) -> tuple[tuple[str, str, float, int, str], ...]:
    summary = getattr(data.encoder, "summary", None)
    return () if summary is None else tuple(tuple(row) for row in summary().itertuples(index=False))
