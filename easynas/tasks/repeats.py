"""The best networks of few samples once more, on other folds: repeated cross-validation.

How good a network of five folds is depends on which samples are in one fold. Two divisions make more of the same
samples than more candidates on one do, once there are some to choose from (docs/findings.md).
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from easynas.engines.warm import cores
from easynas.nets.design import Design
from easynas.search.loop import run_search
from easynas.search.plan import Plan
from easynas.search.trial import Done, Job, Trial
from easynas.tasks.judgement import judging
from easynas.tasks.phases import Prepared, evaluator, fold_networks, search, started
from easynas.tasks.session import Session
from easynas.tasks.shipping import shares_to_repeat

_CANDIDATES = 10  # that must have been compared: before that, another candidate is worth more
_WORTHWHILE = 0.5  # of the time of a trial that must be left for another one
_PATIENCE = 1.5  # a training may take longer than its first one did

_FOLDER, _REPEATING = "again", "training the best networks on other folds"


@dataclass
class _Listed:
    """A strategy that knows what it proposes, and learns nothing.

    Attributes:
        jobs: to propose.
    """

    jobs: Iterator[Job]

    def ask(self, job_id: int) -> Job | None:
        job = next(self.jobs, None)
        return None if job is None else replace(job, id=job_id)

    def tell(self, trial: Trial) -> None:
        """Nothing follows from it."""


def search_and_repeat(session: Session, prepared: Prepared, designed: Design, planned: Plan, *, then: str) -> None:
    """Searches, then trains the networks that would be averaged once more, where there are folds and time for it.

    Args:
        session: of this fit.
        prepared: the data.
        designed: where to search.
        planned: the time of both.
        then: what comes next, for the display.
    """
    with session.phase("search", "searching", then=_REPEATING if planned.repeat > 0 else then):
        search(session, prepared, designed, planned)
    if planned.repeat > 0:
        with session.phase("repeat", _REPEATING, then=then):
            _repeat(session, prepared, designed, planned)


def _repeat(session: Session, prepared: Prepared, designed: Design, planned: Plan) -> None:
    """Trains the best networks on other folds; first it searches on for as long as that does not need the time."""
    end = session.deadline.within(planned.repeat)
    spare = planned.repeat - _needed(session, prepared)
    if math.isinf(session.settings.max_trials) and spare >= _WORTHWHILE * planned.trial:
        search(session, prepared, designed, replace(planned, search=spare, trial=min(planned.trial, spare)))
    best = _to_repeat(session, prepared)
    if not best:
        return
    again = _on_other_folds(session, prepared)
    evaluate = replace(
        evaluator(session, again, designed.network, fold_networks(session, again), threads=1),
        both_ways=designed.both_ways,
        judge=judging(session.study, again.judge, designed.shipped),
    )
    jobs = iter(
        Job(0, dict(each.job.values), origin=f"trial {each.job.id} on other folds", repeats=each.job.id)
        for each in best
    )
    with started(session, session.settings.launcher, evaluate, workers=session.settings.workers, threads=1) as engine:
        run_search(
            _Listed(jobs),
            engine,
            session.study,
            end,
            trial_seconds=min(_PATIENCE * max(trial.seconds for trial in best), planned.repeat),
            max_trials=len(best),
            drop=False,
            check=session.interrupt.check,
        )
    repeated = sum(trial.job.repeats is not None for trial in session.study.trials if isinstance(trial, Done))
    session.note(f"Networks that were trained once more, on another division of the samples into folds: {repeated}.")


def _needed(session: Session, prepared: Prepared) -> float:
    """Seconds that the repetitions would take if no better network was found."""
    workers = session.settings.workers or cores()
    return _PATIENCE * sum(trial.seconds for trial in _to_repeat(session, prepared)) / workers


def _to_repeat(session: Session, prepared: Prepared) -> list[Done]:
    """The trials of the average whose networks were not trained on other folds yet, those with most weight first.

    None while too few were compared.
    """
    compared = [trial for trial in session.study.trials if isinstance(trial, Done) and not trial.job.reference]
    if len(compared) < _CANDIDATES:
        return []
    shares = shares_to_repeat(session, prepared)
    known = {trial.job.id: trial for trial in session.study.with_weights}
    repeated = {trial.job.repeats for trial in session.study.usable}
    numbers = sorted(shares, key=lambda number: -shares[number])
    return [known[n] for n in numbers if n not in repeated and known[n].job.values and known[n].job.repeats is None]


def _on_other_folds(session: Session, prepared: Prepared) -> Prepared:
    """The same samples in other folds."""
    folds = prepared.division.other_folds(session.data, seed=session.settings.seed + 1)
    store = prepared.store.refolded(session.study.directory / _FOLDER, folds)
    division = replace(prepared.division, folds=folds)
    again = replace(prepared, store=store, division=division)
    if not prepared.fold_statistics:
        return again
    answer, modality = prepared.answer, session.modality
    return replace(
        again,
        fold_statistics=tuple(modality.statistics(prepared.encoder, part.train, answer) for part in store.parts()),
    )
