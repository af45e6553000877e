"""What the user gave, as datasets that can be read again and again: checked before any time is spent on it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from easynas.data.dataset import Dataset, Target
from easynas.data.stream import Given, is_stream, take_in
from easynas.errors import InputError
from easynas.tasks.modality import Modality
from easynas.tasks.settings import Settings

_READING_SHARE = 0.25  # of the budget may go into reading a stream before anything is trained


def intake(
    modality: Modality,
    target: Callable[[Any], Target],
    settings: Settings,
    x: Any,
    y: Any,
    *,
    sample_weight: Any,
    validation_data: Any,
) -> tuple[Dataset, Dataset | None]:
    """The samples to train on, and those that the user holds out; arguments as for `Estimator.fit`.

    Args:
        modality: what kind of data there are.
        target: what there is to predict, given `y`.
        settings: of the estimator.
        x: samples.
        y: what is to be predicted; None where a stream tells.
        sample_weight: how much each sample counts.
        validation_data: a pair `(x, y)`, a stream, or None.

    Raises:
        InputError: data that cannot be used.
    """
    given = _given(modality, settings, x, y, sample_weight)
    data = modality.ingest(given.x, given.y, sample_weight=given.weights, target=target)
    if validation_data is None:
        return replace(data, warnings=given.warnings + data.warnings), None
    known = _given(modality, settings, *_pair(validation_data))
    return (
        replace(data, warnings=given.warnings + known.warnings + data.warnings),
        data.held_out(known.x, known.y),
    )


def _given(modality: Modality, settings: Settings, x: Any, y: Any, sample_weight: Any = None) -> Given:
    """Samples with what is to be predicted; a stream is read to its end, or as far as there is time."""
    from easynas.report.progress import reading

    with reading(verbose=settings.verbose if is_stream(x) else 0) as on_progress:
        given = take_in(
            x,
            y,
            sample_weight,
            kind=modality.name,
            folder=settings.directory,
            seconds=_READING_SHARE * settings.seconds,
            on_progress=on_progress,
        )
    if given.y is None:
        # scikit-learn looks for these words.
        raise InputError(
            "`fit` requires y to be passed, but the target y is None; pass `fit(x, y)`, or a dataset of `(x, y)`."
        )
    return given


def _pair(validation_data: Any) -> tuple[Any, Any]:
    if is_stream(validation_data):
        return validation_data, None
    if not isinstance(validation_data, tuple | list) or len(validation_data) != 2:
        raise InputError(f"`validation_data` must be a pair (x, y). Received: {type(validation_data).__name__}.")
    return validation_data[0], validation_data[1]
