"""What is shipped: the best network, or the average of several, with everything that belongs to it."""

import time
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from keras import layers

from easynas.data.dataset import Dataset, Shapes
from easynas.data.features import building_seconds, divided, without_features
from easynas.data.photos import Photos
from easynas.data.split import strata
from easynas.deploy.bundle import Bundle, assemble, choose_samples
from easynas.errors import SearchError
from easynas.nets.block import Block
from easynas.nets.design import Design
from easynas.nets.network import build, model_of, precision
from easynas.search.incumbent import to_ship
from easynas.search.trial import Done, Job, Trial
from easynas.space.space import Values
from easynas.tasks.finish import Finish
from easynas.tasks.phases import BUNDLE_SECONDS, Prepared
from easynas.tasks.session import Session
from easynas.train import weights
from easynas.train.scoring import loss
from easynas.train.selection import select

_MOST_SAMPLES, _SAMPLES_BYTES = 256, 64 * 2**20
_MOST_DECODED = 96  # image files are decoded for this in the last second of a fit, some milliseconds each
_CAUTION = 1.5  # a network may take longer to build here than where it was trained

Shares = dict[int, float]
"""Weight of each network in the average, by the number of its trial."""


class Shipment(NamedTuple):
    """What is shipped.

    Attributes:
        bundle: the model.
        answers: what its networks answered for the held-out samples, `(m, outputs)`; numbers are standardised.
    """

    bundle: Bundle
    answers: np.ndarray


class Member(NamedTuple):
    """One of the networks that are averaged.

    Attributes:
        network: what was trained.
        values: its choices.
        weights: its weights.
        share: how much it counts; all shares sum to one.
    """

    network: Block
    values: Values
    weights: weights.Weights
    share: float


def ship(session: Session, prepared: Prepared, designed: Design, *, final: Trial | None) -> Shipment:
    """The model of the final training, of a trial that is clearly better, or of several trials; ready to use.

    Raises:
        SearchError: there is no trial with a model.
    """
    best = session.study.best if final is None else to_ship(final, session.study.trials)
    if best is None:
        reasons = sorted({trial.reason for trial in session.study.trials if not isinstance(trial, Done)})
        raise SearchError(f"At least one trial must succeed. All failed: {'; '.join(reasons)}. Try a larger budget.")
    shares = _shares(session, prepared, best) if final is None else {best.job.id: 1.0}
    finish = Finish.of(_answers(session, shares), prepared.store.validation().y, session.scoring)
    if len(shares) > 1 or finish.changes:
        best = _finished(session, prepared, shares, finish)
        session.study.append(best)
    for sentence in finish.sentences(session.scoring):
        session.note(sentence)
    session.study.ship(best)
    trials = {trial.job.id: trial for trial in session.study.with_weights}
    with precision("float32"):
        members = [
            member
            for number, share in shares.items()
            for member in _members(session, prepared, designed, trials[number], share)
        ]
        judged = prepared.encoder if _asks_for_features(members, prepared) else without_features(prepared.encoder)
        encoder, extended = divided(judged)
        joined = partial(assemble, encoder, prepared.answer, temperature=finish.temperature)
        if len(members) == 1:
            [only] = members
            model, device = joined(lambda x: build(only.network, only.values, extended(x)))
            before = len(device.weights) - len(only.weights)  # of a pretrained encoder, which has its weights
            device.set_weights([*device.get_weights()[:before], *only.weights])
        else:
            model, device = joined(lambda x: _average_of(members, judged.inputs, extended(x)))
    data = session.data
    rows = choose_samples(strata(data.y, prepared.answer), count=_samples(data), seed=session.settings.seed)
    bundle = Bundle(model, device, encoder, finish.target(data.target), data.samples[rows])
    return Shipment(bundle, finish.answers)


def _samples(data: Dataset) -> int:
    """How many samples to keep with the model: enough to check it, as long as they are small."""
    size = getattr(data.samples, "nbytes", 0) // len(data.samples)
    most = _MOST_DECODED if isinstance(data.samples, Photos) else _MOST_SAMPLES
    return int(min(most, max(1, _SAMPLES_BYTES // max(size, 1))))


def _shares(session: Session, prepared: Prepared, best: Done) -> Shares:
    """Weights of the networks to average; the best one alone where there is no other, or no time to build more."""
    candidates = [trial for trial in session.study.with_weights if trial.job.fidelity == 1.0]
    building = max((trial.metrics["build_seconds"] for trial in candidates), default=0.0)
    seconds = _CAUTION * building * prepared.store.networks  # of a trial
    left = session.deadline.left - BUNDLE_SECONDS - building_seconds(prepared.encoder)
    affordable = int(left / (seconds + 1e-3))
    most = min(session.modality.members, affordable)
    if most < 2 or len(candidates) < 2:
        return {best.job.id: 1.0}
    answers = {trial.job.id: weights.load_answers(session.study.weights_path(trial.job.id)) for trial in candidates}
    return select(answers, prepared.store.validation().y, prepared.answer, most=most)


def _finished(session: Session, prepared: Prepared, shares: Shares, finish: Finish) -> Done:
    """What is shipped as a trial of its own, scored as the others were."""
    started = time.monotonic()
    y, score = prepared.store.validation().y, finish.decision.score
    trials = {trial.job.id: trial for trial in session.study.with_weights}
    sums = {name: sum(trials[number].metrics[name] for number in shares) for name in ("parameters", "macs")}
    metrics = {
        **sums,
        "loss": loss(finish.answers, y, prepared.answer),
        "standard_error": session.scoring.standard_error(score, finish.answers, y),
    }
    members = tuple(sorted(shares))
    values, origin = _named([trials[number] for number in members], finish)
    job = Job(session.study.next_id, values, origin=origin, members=members)
    session.note(f"The model is {origin}; on held-out samples it scores {score:.4f}.")
    return Done(job, score, time.monotonic() - started, metrics)


def _named(members: list[Done], finish: Finish) -> tuple[Values, str]:
    """What the leaderboard says of the result: the choices, and what was done to which trials."""
    numbers = ", ".join(str(trial.job.id) for trial in members)
    if len(members) > 1:
        return {"network": "average"}, f"average of {numbers}"
    [only] = members
    changes = ["calibrated"] * (finish.temperature != 1.0) + ["with thresholds"] * bool(finish.decision.thresholds)
    return dict(only.job.values) or {"network": only.job.origin}, ", ".join([f"trial {numbers}", *changes])


def _answers(session: Session, shares: Shares) -> np.ndarray:
    """What the average, or the only one, answers for the held-out samples."""
    parts = (share * weights.load_answers(session.study.weights_path(number)) for number, share in shares.items())
    return np.asarray(sum(parts))


def _members(session: Session, prepared: Prepared, designed: Design, trial: Done, share: float) -> list[Member]:
    """The network of a trial, or its networks of all folds."""
    network = designed.shipped if trial.job.values else session.modality.baseline(prepared)[0]
    trained = weights.load(session.study.weights_path(trial.job.id))
    return [Member(network, dict(trial.job.values), own, share / len(trained)) for own in trained]


def _asks_for_features(members: list[Member], prepared: Prepared) -> bool:
    """Whether a network takes what a pretrained encoder says; otherwise that need not be shipped."""
    inputs = prepared.encoder.inputs
    if not isinstance(inputs, dict) or "features" not in inputs:
        return False
    others = {name: each for name, each in inputs.items() if name != "features"}
    try:
        for member in members:
            model_of(member.network, member.values, others)
    except KeyError:
        return True
    return False


def _average_of(members: list[Member], inputs: Shapes, x: Any) -> Any:
    """Adds all members to the tensors that they see, each with its weights, and the sum of their shares."""
    parts = []
    for member in members:
        model = model_of(member.network, member.values, inputs)
        model.set_weights(member.weights)
        parts.append(layers.Rescaling(member.share)(model(x, training=False)))
    return layers.Add()(parts)
