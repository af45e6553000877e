"""What a pretrained network sees of the samples, before anything is trained."""

import math
from dataclasses import replace

from easynas.data.dataset import shapes
from easynas.data.store import Store
from easynas.nets.pretrained import Backbone
from easynas.tasks.session import Session
from easynas.train.features import Seen, look

_BACKBONE = "backbone"
_SHARE = 0.4  # of the time that is left may go into it

EPOCHS, _LEAST_EPOCHS = 40, 2
"""Times that a backbone sees the training images at most while it is trained, and at least."""

_STEP = 3.0  # times that a training step takes as long as looking
_SLACK, _START = 1.3, 15.0  # of the time, and seconds until the first step


def seen_through(session: Session, backbone: Backbone, images: Store) -> Seen:
    """What the backbone sees of all images, at the size that the time allows; a continued study has it."""
    folder, known = session.study.directory / "features", session.study.facts.get(_BACKBONE)
    if known is not None:
        sized = replace(backbone, size=tuple(known["size"]))
        return Seen(sized, images, Store.open(folder), known.get("seconds", math.inf))  # older ones did not say
    seen = look(
        backbone,
        images,
        folder,
        seconds=_SHARE * session.deadline.left,
        on_progress=session.display.progress,
    )
    session.study.remember(_BACKBONE, {"size": list(seen.backbone.size), "seconds": seen.seconds})
    height, width = seen.backbone.size
    session.note(
        f"All images are seen once by {seen.backbone.architecture.name}, trained before, at {height} x {width} pixels; "
        f"what is searched are heads on the {_width(seen.features):,} numbers that it sees."
    )
    return seen


def tuning_seconds(session: Session, seen: Seen | None, left: float) -> float:
    """How much of the seconds that are left the backbone is trained for; 0 if that is too little to learn anything."""
    if seen is None or session.settings.rules.tune_share == 0:
        return 0.0
    epoch, most = _STEP * seen.seconds * seen.trained_on, session.settings.rules.tune_share * left
    least = _START + _LEAST_EPOCHS * epoch
    if most < least:
        session.note(
            f"{seen.backbone.architecture.name} itself is not trained: that takes {least:.0f} s here, and may take "
            f"{max(most, 0.0):.0f} s. Give a larger budget."
        )
        return 0.0
    return min(most, _START + EPOCHS * _SLACK * epoch)


def _width(store: Store) -> int:
    """How many numbers a sample has."""
    (width,) = shapes(store.train().x)
    return int(width)
