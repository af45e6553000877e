"""What is shipped: the best network, or the average of several, with everything that belongs to it."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from itertools import islice
from statistics import median
from typing import NamedTuple

import numpy as np

from easynas.deploy.bundle import Bundle
from easynas.deploy.exported import EXACT
from easynas.deploy.judge import filed
from easynas.errors import ExportError, SearchError
from easynas.nets.block import Block
from easynas.nets.design import Design
from easynas.nets.pretrained import fine_tuned, head_of, is_fine_tuned
from easynas.nets.quantization import quantization_of
from easynas.search.incumbent import incumbent, rank_key, to_ship
from easynas.search.trial import Done, Trial
from easynas.tasks.judgement import FILE_SHARE, filing_seconds, kept_samples
from easynas.tasks.limits import Within
from easynas.tasks.points import Member, Point
from easynas.tasks.preparation import Prepared, within
from easynas.tasks.session import Session
from easynas.train import weights
from easynas.train.filed import FLOAT_SCORE, WEIGHTS_KB, difference
from easynas.train.selection import select

_LATE_SHARE = 0.5  # of what a fit may be late: weights of other trials are read in some milliseconds each
_CAUTION = 1.5  # a network may take longer to build here than where it was trained

Shares = dict[int, float]
"""Weight of each network in the average, by the number of its trial."""


class Shipment(NamedTuple):
    """What is shipped.

    Attributes:
        bundle: the model.
        points: what it is, then other trade-offs that could be chosen in its place.
    """

    bundle: Bundle
    points: tuple[Point, ...]


class Parts(NamedTuple):
    """What a model could be made of.

    Attributes:
        shares: of the trials.
        networks: how many of each, where each has one for every fold.
    """

    shares: Shares
    networks: int


def ship(session: Session, prepared: Prepared, designed: Design, *, final: Trial | None) -> Shipment:
    """The model of the final training, of a trial that is clearly better, or of several trials; ready to use.

    Where there are limits, it is the best of which the file keeps them.

    Raises:
        SearchError: there is no trial with a model, or none that keeps the limits.
    """
    samples = kept_samples(session, prepared.division)
    for parts in _choices(session, prepared, designed, final):
        point = _point(session, prepared, designed, parts)
        bundle = point.bundle(session.data.target, samples)
        if not _kept(session, prepared, bundle, parts, point.quantization):
            continue
        point = _as_file(session, prepared, point, bundle)
        shipped = point.as_trial(session.study.next_id)
        others = tuple(_others(session, prepared, designed, parts))
        if point.is_made:
            session.note(f"The model is {shipped.job.origin}; on held-out samples it scores {shipped.score:.4f}.")
            session.study.append(shipped)
        for sentence in point.finish.sentences(session.scoring):
            session.note(sentence)
        session.study.ship(shipped)
        return Shipment(bundle, (point, *others))
    raise _without_model(session)


def _as_file(session: Session, prepared: Prepared, point: Point, bundle: Bundle) -> Point:
    """The point, scored by its own file where that is one of several trials; what a single one costs is known."""
    if prepared.judge is None or point.quantization in EXACT:
        return point
    if len(point.trials) == 1:
        if FLOAT_SCORE not in point.trials[0].metrics:
            session.note(
                f"The training was late, so there was no time for its file in {point.quantization}: the score is that "
                "of the network, and `export` says how far they agree."
            )
        return point
    needed = max(map(filing_seconds, point.trials)) * (1.0 + FILE_SHARE * len(point.members))
    if session.deadline.left < needed:
        session.note(
            f"There is no time for the file of the average in {point.quantization}: that its score differs by "
            f"{point.change:+.4f} is what files of its networks do."
        )
        return point
    held_out = prepared.store.validation()
    found = filed(bundle, point.quantization, held_out.x, deadline=session.deadline, seed=session.settings.seed)
    return replace(point, change=difference(found, held_out.y, session.scoring))


def _others(session: Session, prepared: Prepared, designed: Design, shipped: Parts) -> Iterator[Point]:
    """Other trials that are better in one respect, each by itself; on a slow disk as many as there is time for."""
    restriction = within(session, prepared, designed)
    for trial in session.study.front:
        shares = {trial.job.id: 1.0}
        if session.deadline.left < -_LATE_SHARE * session.deadline.tolerance:
            return
        if shares == shipped.shares:
            continue
        if restriction is None:
            yield _point(session, prepared, designed, Parts(shares, prepared.store.networks))
            continue
        for parts in _that_fit(session, restriction, shares, range(prepared.store.networks, 0, -1)):
            yield _point(session, prepared, designed, parts)


def _without_model(session: Session) -> SearchError:
    """Why there is nothing to ship."""
    reasons = sorted({trial.reason for trial in session.study.trials if not isinstance(trial, Done)})
    if any(isinstance(trial, Done) for trial in session.study.trials):
        reasons.append(f"no trained network has at most {session.settings.limits.said()}")
    return SearchError(f"At least one trial must succeed. All failed: {'; '.join(reasons)}. Try a larger budget.")


def _choices(session: Session, prepared: Prepared, designed: Design, final: Trial | None) -> Iterator[Parts]:
    """What could be shipped, the best guess first: several trials, one, one with fewer of its networks, other ones."""
    study, networks = session.study, prepared.store.networks
    if isinstance(final, Done) and final.job.pruned:
        best: Done | None = final  # asked for, so no other is better
    elif final is None:
        best = _best_searched(session)
    else:
        best = to_ship(final, study.usable, lead=partial(_lead, session, prepared))
    if best is None:
        return
    restriction = within(session, prepared, designed)
    if restriction is None:
        shares = _shares(session, prepared, best) if final is None else {best.job.id: 1.0}
        yield Parts(shares, _that_have_room(session, shares, networks))
        return
    if final is None:
        for most in range(session.members, 1, -1):
            yield from _that_fit(session, restriction, _shares(session, prepared, best, most=most), [networks])
    others = sorted((trial for trial in study.usable if trial is not best), key=rank_key, reverse=True)
    for trial in (best, *others):
        yield from _that_fit(session, restriction, {trial.job.id: 1.0}, range(networks, 0, -1))


def _best_searched(session: Session) -> Done | None:
    """The best trial but for those that trained a pretrained network: these are shipped where `fine_tune` says so."""
    return incumbent(trial for trial in session.study.usable if not is_fine_tuned(trial.job.values))


def _lead(session: Session, prepared: Prepared, trial: Done, final: Done) -> tuple[float, float]:
    """By how much a trial is ahead of the final training where neither saw the answers, and the standard error.

    The answers are those of networks; what their files lose is added.
    """
    each = [weights.load_answers(session.study.weights_path(number)) for number in (trial.job.id, final.job.id)]
    common = min(map(len, each))
    y = _judged_on(prepared, prepared.store.validation().y, common)
    answers, others = (_judged_on(prepared, own, common) for own in each)
    ahead, error = session.scoring.lead(answers, others, y)
    kind = "the network of the first fold" if len(each[1]) > common else "the final training"
    session.note(
        f"On {common:,} samples that neither saw, trial {trial.job.id} scores {session.scoring.score(answers, y):.4f} "
        f"and {kind} {session.scoring.score(others, y):.4f}, with a standard error of {error:.4f} between them."
    )
    return ahead + _change(trial) - _change(final), error


def _judged_on(prepared: Prepared, of_samples: np.ndarray, count: int) -> np.ndarray:
    """What belongs to so many held-out samples: all, or those of the first fold, where a network was trained once."""
    return of_samples if len(of_samples) == count else of_samples[prepared.division.folds == 0]


def _that_have_room(session: Session, shares: Shares, networks: int) -> int:
    """How many of the networks of a trial go into the file: not all, where a single trial exceeds the usual size."""
    room = session.modality.room_kb
    each = sum(_weights_kb(trial) for trial in session.study.with_weights if trial.job.id in shares)
    count = max(1, int(min(networks, room / max(each, 1e-9))))
    if count < networks:
        session.note(
            f"The model has {count} of the {networks} networks of trial {', '.join(map(str, shares))}: one takes "
            f"{each:,.0f} kB, and together they take at most {room:,.0f} kB."
        )
    return count


def _that_fit(session: Session, restriction: Within, shares: Shares, networks: Iterable[int]) -> Iterator[Parts]:
    """These shares with the most networks that keep the limits, as far as their footprints tell."""
    trials = {trial.job.id: trial for trial in session.study.with_weights}
    each = [restriction.footprint(trials[number].job.values) for number in shares]
    fitting = (count for count in networks if restriction.gauge.together(each * count))
    yield from (Parts(shares, count) for count in islice(fitting, 1))


def _kept(session: Session, prepared: Prepared, bundle: Bundle, parts: Parts, quantization: str) -> bool:
    """Whether the file of a model keeps the limits, if there are such; noted either way."""
    if prepared.gauge is None:
        return True
    what = f"the .tflite file of trial {', '.join(map(str, sorted(parts.shares)))} in {quantization}"
    try:
        kept, words = prepared.gauge.keeps(bundle, quantization)
    except ExportError as error:
        kept, words = False, f"no layers that it could have: {error}"
    session.note(f"Measured when trained, {what} has {words}" + (" and keeps the limits." if kept else ": too much."))
    return kept


def lead_over_average(session: Session, prepared: Prepared, tuned: Done) -> float:
    """By how much a fine-tuned network is ahead of the average of heads, on samples that neither saw."""
    best = _best_searched(session)
    if best is None:
        return np.inf
    each = weights.load_answers(session.study.weights_path(tuned.job.id))
    average = _answers(session, _shares(session, prepared, best))
    y = prepared.store.validation().y
    judged = [_judged_on(prepared, of_samples, len(each)) for of_samples in (average, y)]
    return session.scoring.score(each, judged[1]) - session.scoring.score(*judged)


def _shares(session: Session, prepared: Prepared, best: Done, *, most: int | None = None) -> Shares:
    """Weights of the networks to average; the best one alone where there is no other, or no time to build more."""
    candidates = [
        trial
        for trial in session.study.usable
        if trial.job.fidelity == 1.0
        and not is_fine_tuned(trial.job.values)
        and _numbers(prepared, trial) == _numbers(prepared, best)  # of one file
    ]
    building = median([trial.metrics["build_seconds"] for trial in candidates] or [0.0])
    weighing = 0.0 if prepared.gauge is None else prepared.gauge.seconds
    seconds = (_CAUTION * building + weighing) * prepared.store.networks  # of a trial
    affordable = int((session.deadline.left - prepared.bundle_seconds) / (seconds + 1e-3))
    most = min(session.members if most is None else most, affordable)
    if most < 2 or not candidates:
        return {best.job.id: 1.0}
    answers = {trial.job.id: weights.load_answers(session.study.weights_path(trial.job.id)) for trial in candidates}
    sizes = {trial.job.id: prepared.store.networks * _weights_kb(trial) for trial in candidates}
    y = prepared.store.validation().y
    return select(answers, y, prepared.answer, most=most, sizes=sizes, room=session.modality.room_kb)


def _weights_kb(trial: Done) -> float:
    """What the weights of one network take in a file, in float32 where nothing else is said."""
    return trial.metrics.get(WEIGHTS_KB, trial.metrics["parameters"] * 4 / 1024)


def _answers(session: Session, shares: Shares) -> np.ndarray:
    """What the average, or the only one, answers for the held-out samples."""
    parts = (share * weights.load_answers(session.study.weights_path(number)) for number, share in shares.items())
    return np.asarray(sum(parts))


def _point(session: Session, prepared: Prepared, designed: Design, parts: Parts) -> Point:
    """What these parts make."""
    known = {trial.job.id: trial for trial in session.study.with_weights}
    trials = tuple(known[number] for number in parts.shares)
    members = tuple(
        member
        for trial in trials
        for member in _members(session, prepared, designed, trial, parts.shares[trial.job.id], parts.networks)
    )
    answers = _answers(session, parts.shares)
    y = _judged_on(prepared, prepared.store.validation().y, len(answers))
    return Point(
        number=trials[0].job.id if len(trials) == 1 else session.study.next_id,
        trials=trials,
        members=members,
        answers=answers,
        y=np.asarray(y),
        scoring=session.scoring,
        encoder=prepared.encoder,
        quantization=_numbers(prepared, trials[0]),
        change=sum(parts.shares[trial.job.id] * _change(trial) for trial in trials),
        backbone=None if any(is_fine_tuned(trial.job.values) for trial in trials) else prepared.backbone,
    )


def _numbers(prepared: Prepared, trial: Done) -> str:
    """The numbers of the file of a trial."""
    return quantization_of(trial.job.values, prepared.quantizations[0])


def _change(trial: Done) -> float:
    """By how much the score of a trial's file differs from that of its network."""
    return trial.score - trial.metrics.get(FLOAT_SCORE, trial.score)


def _members(
    session: Session, prepared: Prepared, designed: Design, trial: Done, share: float, networks: int
) -> list[Member]:
    """The network of a trial, or so many of its networks of all folds."""
    network = _network(session, prepared, designed, trial)
    trained = weights.load(session.study.weights_path(trial.job.id))[:networks]
    return [Member(network, dict(trial.job.values), own, share / len(trained)) for own in trained]


def _network(session: Session, prepared: Prepared, designed: Design, trial: Done) -> Block:
    """What the values of a trial describe, as it would be shipped."""
    if not trial.job.values:
        return session.modality.baseline(prepared)[0]
    if prepared.backbone is not None and is_fine_tuned(trial.job.values):
        return fine_tuned(prepared.backbone, head_of(designed.shipped))
    return designed.shipped
