"""The search and the final training, and what every training of a fit needs: an evaluator and an engine.

Each takes the `Session` and adds its trials to the study. This module is imported by `fit`, after the fork server has
begun to import TensorFlow for the workers, so that both imports go on at the same time.
"""

from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace

import numpy as np

from easynas import strategies
from easynas.engines.warm import cores
from easynas.errors import InputError
from easynas.nets.block import Block
from easynas.nets.design import Design
from easynas.search.incumbent import incumbent
from easynas.search.loop import GRACE, Engine, Launcher, Strategy, run_search
from easynas.search.plan import USEFUL_SECONDS, Plan
from easynas.search.study import Study
from easynas.search.trial import Done, Job, Trial
from easynas.space.space import SearchSpace, Values
from easynas.tasks.interrupt import Interrupt
from easynas.tasks.judgement import judging
from easynas.tasks.looks import looked_twice
from easynas.tasks.preparation import Prepared, within
from easynas.tasks.session import Session
from easynas.train.evaluator import Evaluator


def search(session: Session, prepared: Prepared, designed: Design, planned: Plan) -> None:
    """Runs trials until the search's time is over."""
    designed = _tried(session, prepared, designed, planned)
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
    values = next(designed.portfolio()) if best is None else _grown(session, prepared, designed, planned, best)
    once = session.modality.members == 1 and (prepared.division.folds is None or planned.search == 0)
    evaluate = replace(
        evaluator(session, prepared, designed.network, fold_networks(session, prepared), threads=cores()),
        inherit=_inherited(session, best, values) if once else None,
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


def _tried(session: Session, prepared: Prepared, designed: Design, planned: Plan) -> Design:
    """The design of the search: its trials have one of all cores each, for a part of the time."""
    each = prepared.compute.macs_per_second / max(session.settings.workers or 1, cores())
    seconds = max(planned.trial - planned.start, USEFUL_SECONDS)
    return designed.tried(replace(prepared.compute, seconds=seconds, macs_per_second=each))


def _grown(session: Session, prepared: Prepared, designed: Design, planned: Plan, best: Done) -> Values:
    """What is trained of the best trial in the end: its network as large as the final training can use."""
    values = _tried(session, prepared, designed, planned).grown(dict(best.job.values))
    if values != best.job.values:
        session.note(f"The final training has the network of trial {best.job.id} in the size that its time is for.")
    return values


def _inherited(session: Session, best: Done | None, values: Values) -> int | None:
    """The trial whose weights the final training goes on from, if it is of the same network."""
    if best is None or values != best.job.values or not session.study.weights_path(best.job.id).exists():
        return None
    return best.job.id


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
