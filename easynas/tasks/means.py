"""What a budget can buy: how much training, on how many samples, in how many folds."""

import time

from easynas.nets.design import Compute
from easynas.tasks.division import Division
from easynas.tasks.session import Session
from easynas.train.machine import Machine

_READING_SHARE = 0.25  # of the budget may go into encoding the samples
_TRIED, _UNTRIED = 2_048, 4  # samples that tell how long that takes; up to so many times as many take no time
_FOLD_EPOCHS = 12.0  # that each fold must see of its samples, or one training of all the time is better
_FINAL_SHARE = 0.6  # of the budget is trained in one piece, about


def compute_of(seconds: float, machine: Machine, division: Division) -> Compute:
    """What a budget of `seconds` can buy."""
    return Compute(_FINAL_SHARE * seconds / division.networks, machine.macs_per_second, len(division.train))


def worthwhile(seconds: float, machine: Machine, division: Division) -> Division:
    """The division; one split of it where a budget of `seconds` is too short to train as long as it pays in folds."""
    return division if compute_of(seconds, machine, division).epochs >= _FOLD_EPOCHS else division.first


def affordable(session: Session, division: Division) -> Division:
    """The division, or a part of it if reading all samples would take too much of the time."""
    rows, allowed = division.train, _READING_SHARE * session.settings.seconds
    encoder, samples = session.data.encoder, session.data.samples
    tried = rows[len(rows) // 2 :][: min(encoder.chunk, _TRIED)]
    if len(rows) < _UNTRIED * len(tried):
        return division
    started = time.monotonic()
    encoder.encode(samples[tried])
    expected = (time.monotonic() - started) / len(tried) * division.encoded
    if expected <= allowed:
        return division
    part = division.part(allowed / expected, session.data, seed=session.settings.seed)
    session.note(
        f"Reading all samples would take about {expected:.0f} s of {session.settings.seconds:.0f} s: a random part of "
        f"{len(part.train):,} is trained on. Give a larger budget for all {len(rows):,}."
    )
    return part
