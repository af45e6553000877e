"""What judges networks as the files that they would be, with as much time as that takes here."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from easynas.data.dataset import Dataset
from easynas.data.features import FeatureEncoder
from easynas.data.images import ImageEncoder
from easynas.data.photos import Photos
from easynas.data.split import strata
from easynas.deploy.bundle import choose_samples
from easynas.deploy.exported import EXACT
from easynas.deploy.judge import FileJudge
from easynas.nets.block import Block
from easynas.search.study import Study
from easynas.search.trial import Done, Trial
from easynas.tasks.division import Division
from easynas.tasks.session import Session

if TYPE_CHECKING:
    from easynas.tasks.preparation import Prepared

_MOST_SAMPLES, _SMALL_BYTES = 1_024, 4 * 2**20
_USUAL_SAMPLES, _SAMPLES_BYTES = 256, 64 * 2**20
"""Samples that stay with a model, and bytes of all together: the first if they are that small, or else the second."""

_MOST_DECODED = 96  # image files are decoded for this in the last second of a fit, some milliseconds each
_UNKNOWN = 3.0  # seconds to make a file and run it, before any was made
_CAUTION, _GROWTH = 1.5, 4.0
"""Files of other networks take up to so many times as long as the longest one so far; where that is the baseline's, as
many times as the second number says."""

_LEAST = 1.0
FILE_SHARE = 0.3
"""What each network adds to the seconds that an average's file takes, as a share of those of a file of its own."""


def judge_of(session: Session, prepared: "Prepared") -> FileJudge | None:
    """What judges the baseline, and others in its place, as a file.

    None where files answer as networks do, and where networks follow a pretrained one, of which a file takes too long.
    """
    choices, encoder = prepared.quantizations, prepared.encoder
    pretrained = prepared.backbone is not None or isinstance(encoder, FeatureEncoder)
    if pretrained or all(each in EXACT for each in choices):
        return None
    samples = kept_samples(session, prepared.division)
    if isinstance(encoder, ImageEncoder):  # networks see images that are reduced already
        samples, encoder = encoder.encode(samples), encoder.reduced
    session.note(
        f"Networks are judged as .tflite files in {' or '.join(choices)}, with as many held-out samples as there is "
        "time for."
    )
    baseline = session.modality.baseline(prepared)[0]
    return FileJudge(baseline, encoder, session.data.target, samples, choices[0], _UNKNOWN, session.settings.seed)


def judging(study: Study, judge: FileJudge | None, network: Block) -> FileJudge | None:
    """The judge of what is shipped as `network`, with as much time as files of this study may take."""
    return None if judge is None else replace(judge, network=network, seconds=judging_seconds(study))


def judging_seconds(study: Study) -> float:
    """What making a file and running it may take."""
    searched = max((filing_seconds(trial) for trial in study.trials if trial.job.values), default=0.0)
    baseline = max((filing_seconds(trial) for trial in study.trials if not trial.job.values), default=0.0)
    expected = _CAUTION * searched or _GROWTH * baseline
    return max(_LEAST, expected) if expected else _UNKNOWN


def filing_seconds(trial: Trial) -> float:
    """What making and running the file of a trial took; 0 if it has none."""
    return trial.metrics.get("file_seconds", 0.0) if isinstance(trial, Done) else 0.0


def kept_samples(session: Session, division: Division) -> Any:
    """The samples that stay with the model: all classes as equally often as possible.

    They are of those that are held out, if these are a part of the data: networks are more certain of what they trained
    on, and there a file seems to agree with its network more often than it does.
    """
    data = session.data
    own = session.study.header["validation"] is None
    rows = division.validation if own else division.train
    classes = strata(data.y, data.target.answer)[rows]
    return data.samples[rows[choose_samples(classes, count=_kept(data), seed=session.settings.seed)]]


def _kept(data: Dataset) -> int:
    """How many samples to keep with the model: enough to check it, as long as they are small."""
    if isinstance(data.samples, Photos):
        return _MOST_DECODED
    size = getattr(data.samples, "nbytes", 0) // len(data.samples)
    if _MOST_SAMPLES * size <= _SMALL_BYTES:
        return _MOST_SAMPLES
    return int(min(_USUAL_SAMPLES, max(1, _SAMPLES_BYTES // max(size, 1))))
