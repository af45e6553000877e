"""What a budget can buy: how much training, on how many samples, in how many folds."""

import time

from easynas.nets.design import Compute
from easynas.tasks.division import Division
from easynas.tasks.session import Session
from easynas.train.machine import Machine

_READING_SHARE = 0.25  # of the budget may go into encoding the samples
_TRIED, _UNTRIED = 2_048, 4  # samples that tell how long that takes; up to so many times as many take no time
_FOLD_EPOCHS = 12.0  # that each fold must see of its samples, or one training of all the time is better
_STARTING = 10.0  # seconds of a fit in which no network trains but the baseline: imports, reading, graphs
_FINAL_SHARE, _LEAST_SHARE = 0.65, 0.1  # of the rest is trained in one piece, about; of the whole, at least


def compute_of(seconds: float, machine: Machine, division: Division) -> Compute:
    """What a budget of `seconds` can buy."""
    longest = max(_FINAL_SHARE * (seconds - _STARTING), _LEAST_SHARE * seconds)
    return Compute(longest / division.networks, machine.macs_per_second, len(division.train))


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
