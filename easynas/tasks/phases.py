"""The phases of a fit, in the order in which they run: preparation, search, final training.

After the preparation comes `baseline`, and `shipping` after all of them.

Each takes the `Session` and adds its trials to the study. This module is imported by `fit`, after the fork server has
begun to import TensorFlow for the workers, so that both imports go on at the same time.
"""

import platform
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from easynas import strategies
from easynas.data.dataset import Dataset, Encoder, Learned, Shapes, shapes
from easynas.data.features import Late, building_seconds, without_features
from easynas.data.store import Store
from easynas.deploy.footprint import Prototype
from easynas.deploy.judge import FileJudge
from easynas.engines.warm import cores
from easynas.errors import InputError
from easynas.nets.block import Block
from easynas.nets.design import Compute, Design
from easynas.nets.pretrained import Backbone
from easynas.schema import Answer
from easynas.search.incumbent import incumbent
from easynas.search.loop import GRACE, Engine, Launcher, Strategy, run_search
from easynas.search.plan import Plan, divide, spread
from easynas.search.study import Study
from easynas.search.trial import Done, Job, Trial
from easynas.space.space import SearchSpace
from easynas.tasks.compression import quantizations, remember
from easynas.tasks.division import Division
from easynas.tasks.interrupt import Interrupt
from easynas.tasks.judgement import FILE_SHARE, filing_seconds, judge_of, judging
from easynas.tasks.limits import Gauge, Within
from easynas.tasks.looks import looked_twice
from easynas.tasks.means import affordable, compute_of, worthwhile
from easynas.tasks.seeing import seen_through, tuning_seconds
from easynas.tasks.session import Session
from easynas.train.evaluator import Evaluator
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


def search(session: Session, prepared: Prepared, designed: Design, planned: Plan) -> None:
    """Runs trials until the search's time is over."""
    strategy, restriction = _strategy(session, designed, planned), within(session, prepared, designed)
    compared = any(trial.job.reference for trial in session.study.trials)
    for trial in session.study.trials:
        if belongs(trial, designed.space) and (designed.both_ways or not looked_twice(trial)):
            strategy.tell(trial)
    evaluate = replace(
        evaluator(session, prepared, designed.network, fold_networks(session, prepared), threads=1),
        both_ways=designed.both_ways,
        judge=judging(session.study, prepared.judge, designed.shipped),
    )
    with started(session, session.settings.launcher, evaluate, workers=session.settings.workers, threads=1) as engine:
        run_search(
            strategy,
            engine,
            session.study,
            session.deadline.within(planned.search),
            trial_seconds=planned.trial,
            max_trials=session.settings.max_trials,
            start_seconds=planned.start,
            references=[] if compared else session.modality.references(),
            drop=session.modality.members == 1,  # what overfits soon is trained soon, and combined if it is different
            refuse=lambda job: None if restriction is None else restriction.refusal(job.values),
            check=session.interrupt.check,
        )


def train_final(session: Session, prepared: Prepared, designed: Design, planned: Plan, *, reserve: float) -> Trial:
    """Trains the best design until `reserve` seconds are left: once for each fold, or from its weights if it has any.

    No fold may go on from the weights of a trial, which saw all of them but the first. Where there was no time for a
    search there is none for folds.
    """
    best = best_of_space(session.study, designed.space)
    values = dict(best.job.values) if best is not None else next(designed.portfolio())
    once = session.modality.members == 1 and (prepared.division.folds is None or planned.search == 0)
    evaluate = replace(
        evaluator(session, prepared, designed.network, fold_networks(session, prepared), threads=cores()),
        inherit=best.job.id if once and best and session.study.weights_path(best.job.id).exists() else None,
        candidate=False,
        once=once,
        both_ways=designed.both_ways,
        judge=judging(session.study, prepared.judge, designed.shipped),
        spread_over="GPU",
    )
    origin = "final training" if best is None else f"final training of {best.job.id}"
    # The bundle takes the second that is kept for it; so a late training may use all that the contract tolerates.
    tolerance, launcher = session.deadline.tolerance, session.settings.launcher
    with started(session, launcher, evaluate, workers=1, threads=None, grace=tolerance) as engine:
        job = Job(session.study.next_id, values, origin=origin)
        session.study.begin(job)
        engine.submit(job, deadline=session.deadline.before(prepared.bundle_seconds + reserve), bar=-np.inf)
        trial = next_trial(engine, session.interrupt)
    session.study.append(trial)
    return trial


def evaluator(
    session: Session, prepared: Prepared, network: Block, of_folds: tuple[Block, ...], *, threads: int
) -> Evaluator:
    """What a worker does with a job of this session: trains `network`, or what it is for each fold.

    What is trained as long as there is time is trained in folds in the end only.
    """
    return Evaluator(
        network=network,
        store=prepared.store,
        scoring=session.scoring,
        seed=session.settings.seed,
        precision=prepared.precision,
        batch_size=prepared.batch_size,
        threads=threads,
        folder=session.study.weights_folder,
        once=session.modality.members == 1,
        fold_networks=of_folds,
        annealed=session.settings.rules.annealed,
    )


def folds_of(prepared: Prepared) -> list[Prepared]:
    """What is prepared, as each fold may know it."""
    return [replace(prepared, statistics=each) for each in prepared.fold_statistics]


def fold_networks(session: Session, prepared: Prepared) -> tuple[Block, ...]:
    """The network of the space for each fold."""
    return tuple(session.modality.design(session, fold).network for fold in folds_of(prepared))


@contextmanager
def started(
    session: Session,
    launcher: Launcher,
    evaluate: Evaluator,
    *,
    workers: int | None,
    threads: int | None,
    grace: float = GRACE,
) -> Iterator[Engine]:
    """An engine for one phase, whose workers' output is kept beside the study."""
    log = session.study.directory / "workers.log"
    with closing(launcher.start(evaluate, workers=workers, threads=threads, log=log, grace=grace)) as engine:
        yield engine


def next_trial(engine: Engine, interrupt: Interrupt, *, meanwhile: Iterable[object] = ()) -> Trial:
    """Waits for the only job of an engine, which ends what hangs; draws from `meanwhile` while it waits."""
    work = iter(meanwhile)
    while True:
        interrupt.check()
        busy = next(work, None) is not None
        for _, trial in engine.poll(timeout=0.0 if busy else 1.0):
            return trial


def best_of_space(study: Study, space: SearchSpace) -> Done | None:
    """The best finished trial whose values belong to `space`, of those that may be shipped."""
    return incumbent(trial for trial in study.trials if belongs(trial, space) and study.may_ship(trial))


def is_baseline(trial: Trial) -> bool:
    """Whether a trial is the finished baseline, the only one without choices."""
    return isinstance(trial, Done) and not trial.job.values


def belongs(trial: Trial, space: SearchSpace) -> bool:
    """Whether a trial, perhaps of an earlier fit, is of this space; the baseline and what others became are not."""
    if not trial.job.values or trial.job.members or trial.job.pruned:
        return False
    try:
        space.canonical(trial.job.values)
    except InputError:
        return False
    return True


def _strategy(session: Session, designed: Design, planned: Plan) -> Strategy:
    settings = session.settings
    if not isinstance(settings.search, str):
        made = settings.search(designed.space, settings.seed) if callable(settings.search) else settings.search
        chosen: Strategy = made
        return chosen
    trials = min(settings.max_trials, planned.search / planned.trial * (settings.workers or cores()))
    if settings.search == "auto":
        session.note(strategies.choose(designed.space, trials=trials)[1])
    return strategies.create(
        settings.search,
        designed.space,
        random_state=settings.seed,
        designs=designed.portfolio(),
        feasible=designed.feasible,
        trials=trials,
    )
