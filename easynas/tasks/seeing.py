"""What a pretrained network sees of the samples, before anything is trained."""

from dataclasses import replace

from easynas.data.dataset import shapes
from easynas.data.store import Store
from easynas.nets.pretrained import Backbone
from easynas.tasks.session import Session
from easynas.train.features import look

_BACKBONE = "backbone"
_SHARE = 0.4  # of the time that is left may go into it


def seen_through(session: Session, backbone: Backbone, store: Store) -> tuple[Backbone, Store]:
    """The backbone at the size that the time allows, and what it sees of all samples; a continued study has both."""
    folder, known = session.study.directory / "features", session.study.facts.get(_BACKBONE)
    if known is not None:
        return replace(backbone, size=tuple(known["size"])), Store.open(folder)
    sized, seen = look(
        backbone,
        store,
        folder,
        seconds=_SHARE * session.deadline.left,
        on_progress=session.display.progress,
    )
    session.study.remember(_BACKBONE, {"size": list(sized.size)})
    height, width = sized.size
    session.note(
        f"All images are seen once by {sized.architecture.name}, trained before, at {height} x {width} pixels; what is "
        f"searched are heads on the {_width(seen):,} numbers that it sees."
    )
    return sized, seen


def _width(store: Store) -> int:
    """How many numbers a sample has."""
    (width,) = shapes(store.train().x)
    return int(width)
