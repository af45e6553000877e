"""What a fit does before any network is trained: data on disk, the machine's speed, and how the time is divided.

This module is imported by `fit`, after the fork server has begun to import TensorFlow for the workers, so that both
imports go on at the same time.
"""

import platform
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from easynas.data.dataset import Dataset, Encoder, Learned, Shapes, shapes
from easynas.data.features import Late, building_seconds, without_features
from easynas.data.store import Store
from easynas.deploy.footprint import Prototype
from easynas.deploy.judge import FileJudge
from easynas.engines.warm import cores
from easynas.nets.design import Compute, Design
from easynas.nets.pretrained import Backbone
from easynas.schema import Answer
from easynas.search.plan import Plan, divide, spread
from easynas.search.study import Study
from easynas.search.trial import Done, Trial
from easynas.tasks.compression import quantizations, remember
from easynas.tasks.division import Division
from easynas.tasks.judgement import FILE_SHARE, filing_seconds, judge_of
from easynas.tasks.limits import Gauge, Within
from easynas.tasks.means import affordable, compute_of, worthwhile
from easynas.tasks.seeing import seen_through, tuning_seconds
from easynas.tasks.session import Session
from easynas.train.features import Seen
from easynas.train.machine import Machine, greet, probe

_MACHINE = "machine"
_WEIGHED_WITH = 8  # samples; how large and fast a file is hardly depends on them
_WEIGHINGS = 2.0  # a trained model is weighed with all its samples, and perhaps another one after it
BUNDLE_SECONDS = 1.0  # to build the shipped model and compare it with the trained one; small networks take half of it
_MEMBER_SECONDS, _COMBINE_SHARE = 0.2, 0.15  # to build one of several networks, beyond what the baseline took; and all


@dataclass(frozen=True)
class Prepared:
    """The data on disk, the machine's speed, and how to train on both.

    Attributes:
        store: training and validation data.
        division: which of the samples they are.
        encoder: what they went through.
        seen: what a pretrained network sees of them after it, which is in the store then; None for no such network.
        answer: what networks answer.
        statistics: what they need to know of the training samples beforehand.
        fold_statistics: the same for each fold, of what is trained on there, where it counts what is to be predicted;
            empty without folds.
        machine: its speed.
        compute: what the time can buy; each network has its part, where one is trained for each fold.
        precision: Keras dtype policy to train in.
        batch_size: samples a step.
        gauge: weighs what would be shipped, where that has limits.
        quantizations: numbers that the file may have, the default first.
        judge: makes files of trained networks and runs them, where these answer otherwise.
    """

    store: Store
    division: Division
    encoder: Encoder
    seen: Seen | None
    answer: Answer
    statistics: Any
    fold_statistics: tuple[Any, ...]
    machine: Machine
    compute: Compute
    precision: str
    batch_size: int
    gauge: Gauge | None
    quantizations: tuple[str, ...] = ("float32",)
    judge: FileJudge | None = None

    @property
    def bundle_seconds(self) -> float:
        """What has to be left when a model is trained: to build it, to compare it, and to see that it keeps limits."""
        weighing = 0.0 if self.gauge is None else _WEIGHINGS * self.gauge.seconds
        return BUNDLE_SECONDS + building_seconds(self.encoder) + weighing

    @property
    def backbone(self) -> Backbone | None:
        """The pretrained network that samples go through after the encoder; None for none."""
        return None if self.seen is None else self.seen.backbone

    @property
    def inputs(self) -> Shapes:
        """Shapes of what networks see."""
        return self.encoder.inputs if self.seen is None else shapes(self.store.train().x)


def known_machine(study: Study) -> Machine:
    """The machine as the study knows it, or measured now: a continued search must have the space it began with."""
    host = platform.node()
    known = study.facts.get(_MACHINE)
    if known is not None and known["host"] == host:
        greet()
        return Machine(known["macs_per_second"], bfloat16=known["bfloat16"])
    machine = probe()
    study.remember(_MACHINE, {"host": host, **asdict(machine)})
    return machine


def prepare(session: Session, machine: Machine, division: Division, held_out: Dataset | None) -> Prepared:
    """Encodes the data and puts them where workers can map them.

    A continued study finds them there already, encoded as for its trials.

    Args:
        session: of this fit.
        machine: its speed.
        division: which samples train and which are held out.
        held_out: validation data of the user's own.
    """
    folder = session.study.directory / "data"
    known = Store.open(folder) if session.study.trials else None
    members = session.modality.members
    if known is not None:
        division = Division(*known.rows(), known.folds)
    else:
        division = affordable(
            session, division if members > 1 else worthwhile(session.settings.seconds, machine, division)
        )
    compute = compute_of(session.settings.seconds, machine, division)
    if known is not None:
        store, encoder = known, known.encoder
    else:
        learned = session.modality.encoder(session, compute, division)
        store, encoder = _stored(session, folder, learned, division, held_out)
    batch_size = session.modality.batch_size(len(division.first.train if members == 1 else division.train))
    session.note(division.sentence(members=members))
    precision = machine.precision if session.modality.convolves else "float32"
    session.note(f"Networks train in {precision}, in batches of {batch_size}.")
    answer = session.data.target.answer
    backbone = session.modality.backbone(encoder)
    seen = None if backbone is None else seen_through(session, backbone, store)
    store = store if seen is None else seen.features
    statistics = session.modality.statistics(encoder, store.train(), answer)
    parts = store.parts() if division.folds is not None and session.modality.counts_targets else []
    of_folds = tuple(session.modality.statistics(encoder, part.train, answer) for part in parts)
    choices = quantizations(session.settings.quantization, convolves=session.modality.convolves, kind=answer.kind)
    remember(session.study, choices)
    gauge = _gauge(session, encoder, choices)
    prepared = Prepared(
        *(store, division, encoder, seen, answer, statistics, of_folds),
        *(machine, compute, precision, batch_size, gauge, choices),
    )
    return replace(prepared, judge=judge_of(session, prepared))


def _gauge(session: Session, encoder: Encoder, choices: tuple[str, ...]) -> Gauge | None:
    """What weighs networks, if there are limits."""
    settings, data = session.settings, session.data
    if not settings.limits.given:
        return None
    session.note(f"What is shipped has at most {settings.limits.said()}, as a .tflite file in {' or '.join(choices)}.")
    rows = np.unique(np.linspace(0, len(data.y) - 1, _WEIGHED_WITH).astype(int))
    prototype = Prototype(encoder, data.target, data.samples[rows], choices[0], settings.limits.profile)
    return Gauge(settings.limits, prototype, session.aside)


def _stored(
    session: Session, folder: Path, learned: Learned, division: Division, held_out: Dataset | None
) -> tuple[Store, Encoder]:
    """The store of encoded data, and their encoder; without a pretrained one if that is much slower than expected."""
    write = partial(
        Store.write,
        folder,
        session.data,
        train=division.train,
        validation=division.validation,
        held_out=held_out,
        folds=division.folds,
        unseen=learned.unseen,
        on_progress=session.display.progress,
    )
    try:
        return write(learned.encoder), learned.encoder
    except Late:
        session.note("The pretrained encoder took longer than it may, so it is left out. Give a larger budget.")
        encoder = without_features(learned.encoder)
        return write(encoder), encoder


def within(session: Session, prepared: Prepared, designed: Design) -> Within | None:
    """Which networks of a design keep the limits, if there are such."""
    if prepared.gauge is None:
        return None
    return Within.of(prepared.gauge, designed.shipped, designed.space, session.modality.baseline(prepared)[0])


def plan(session: Session, prepared: Prepared, baseline: Trial) -> Plan:
    """How the rest of the time is divided."""
    start = baseline.metrics["first_step_seconds"] if isinstance(baseline, Done) else baseline.seconds
    filing = filing_seconds(baseline)
    start += filing
    left = session.deadline.left - prepared.bundle_seconds
    if session.modality.members > 1:
        building = baseline.metrics["build_seconds"] if isinstance(baseline, Done) else 0.0
        building += 0.0 if prepared.gauge is None else prepared.gauge.seconds
        networks = session.modality.members * prepared.store.networks
        filing *= FILE_SHARE
        combining = min(networks * (building + filing + _MEMBER_SECONDS), _COMBINE_SHARE * left)
        planned = spread(
            left,
            start_seconds=start,
            combine_seconds=combining,
            tune_seconds=tuning_seconds(session, prepared.seen, left - combining),
        )
    else:
        planned = divide(
            left,
            start_seconds=start,
            epoch_seconds=prepared.compute.epoch_seconds * cores(),
            search_share=session.settings.rules.search_share,
        )
    session.note(planned.reason)
    return planned
