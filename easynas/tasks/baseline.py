"""The first network of a fit, which measures the machine and is a model to return, and the design made meanwhile."""

from dataclasses import replace

import numpy as np

from easynas.engines.local import Local
from easynas.engines.warm import cores
from easynas.nets.design import Design
from easynas.search.loop import GRACE
from easynas.search.plan import baseline_seconds
from easynas.search.trial import Done, Job, Trial
from easynas.tasks.judgement import judging
from easynas.tasks.limits import Within
from easynas.tasks.looks import looked_twice
from easynas.tasks.phases import (
    belongs,
    evaluator,
    fold_networks,
    folds_of,
    is_baseline,
    next_trial,
    started,
)
from easynas.tasks.preparation import Prepared, within
from easynas.tasks.session import Session
from easynas.train.evaluator import Evaluator

SMALLEST = "smallest network"
"""Origin of the network that is trained first where the baseline exceeds the limits."""

_START = 2.0  # seconds for its worker and its graph, on top of its training
_PATIENCE = 0.5  # of the time that is left; but at least what was needed to come so far


def baseline_and_design(session: Session, prepared: Prepared) -> tuple[Trial, Design]:
    """Trains the baseline while the design is made, then lets the design learn from the baseline.

    Where the baseline exceeds the limits, the smallest network of the design is trained in its place.

    Raises:
        InputError: no network keeps the limits.
    """
    trained = next((trial for trial in session.study.trials if _is_first(trial)), None)
    if trained is not None:
        return trained, _informed(session, design(session, prepared), trained)
    (evaluate, job), designed = _first(session, prepared)
    seconds = baseline_seconds(session.settings.seconds, session.deadline.left - prepared.bundle_seconds)
    filing = 0.0 if evaluate.judge is None else evaluate.judge.seconds_for(job.values)
    deadline = session.deadline.within(seconds + _START + filing)
    # On a busy machine even the baseline is late; but a late one is a model to return, and none is not.
    patience = max(GRACE, _PATIENCE * session.deadline.left, session.deadline.elapsed)
    launcher = session.settings.launcher
    near = Local() if getattr(launcher, "remote", False) else launcher  # there is no time to bring the data elsewhere
    with started(session, near, evaluate, workers=1, threads=cores(), grace=patience) as engine:
        engine.submit(job, deadline=deadline, bar=-np.inf)
        designed = designed or design(session, prepared)
        trial = next_trial(engine, session.interrupt, meanwhile=designed.portfolio())
    if isinstance(trial, Done):
        first_step = session.deadline.elapsed - trial.seconds + trial.metrics["first_step_seconds"]
        session.study.timings["first_step"] = first_step
    session.study.append(trial)
    return trial, _informed(session, designed, trial)


def design(session: Session, prepared: Prepared) -> Design:
    """The space and the portfolio for these data and this time, within the limits.

    Raises:
        InputError: no network keeps them.
    """
    designed = session.modality.design(session, prepared)
    for reason in designed.reasons:
        session.note(reason)
    restriction = within(session, prepared, designed)
    once = restriction is not None or bool(session.settings.pruning)
    twice = sum(map(looked_twice, session.study.trials)) if once else 0
    if twice:
        session.note(
            f"{twice} trials of an earlier fit without limits or pruning answered for an image and its mirror image. "
            "With them a model looks once, so those are not compared with the trials of this fit."
        )
    if restriction is None:
        if twice:
            session.study.restrict(lambda trial: not looked_twice(trial))
        return designed
    restriction.smallest()
    session.study.restrict(
        lambda trial: (
            (is_baseline(trial) or trial.job.pruned > 0 or belongs(trial, designed.space))
            and not looked_twice(trial)
            and restriction.allows(trial.job.values)
        )
    )
    return designed.within(restriction)


def _first(session: Session, prepared: Prepared) -> tuple[tuple[Evaluator, Job], Design | None]:
    """What is trained first, and how; and the design, if that had to be made for it."""
    network, training = session.modality.baseline(prepared)
    number = session.study.next_id
    if prepared.gauge is None or prepared.gauge.refusal(network, {}, prepared.quantizations[0]) is None:
        of_folds = tuple(session.modality.baseline(fold)[0] for fold in folds_of(prepared))
        evaluate = evaluator(session, prepared, network, of_folds, threads=cores())
        evaluate = replace(evaluate, candidate=False, mirrored=True, defaults=training, judge=prepared.judge)
        return (evaluate, Job(number, {}, origin="baseline")), None
    designed = design(session, prepared)
    restriction = within(session, prepared, designed)
    assert isinstance(restriction, Within)  # there is a gauge
    evaluate = evaluator(session, prepared, designed.network, fold_networks(session, prepared), threads=cores())
    session.note("The baseline would exceed the limits, so the smallest network is trained first.")
    job = Job(number, restriction.smallest(), origin=SMALLEST)
    judged = judging(session.study, prepared.judge, designed.shipped)
    return (replace(evaluate, candidate=False, mirrored=True, judge=judged), job), designed


def _informed(session: Session, designed: Design, baseline: Trial) -> Design:
    """The design after what the baseline showed, if it could be trained."""
    if not isinstance(baseline, Done):
        return designed
    informed, reason = designed.informed(baseline.metrics, chance=session.data.chance)
    if reason:
        session.note(reason)
    return informed


def _is_first(trial: Trial) -> bool:
    """Whether a trial measured the machine, and is a model to return."""
    return is_baseline(trial) or (isinstance(trial, Done) and trial.job.origin == SMALLEST)
