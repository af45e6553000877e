"""What a backbone sees of all samples, computed once, so that a head is trained in seconds."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import tensorflow as tf

from easynas.data.store import Store
from easynas.errors import InputError
from easynas.nets.network import model_of, precision
from easynas.nets.pretrained import SIDES, Backbone, size_of

_BATCH = 32
_MIRRORED, _MOST_MIRRORED = "mirrored.npy", 512


@dataclass(frozen=True)
class Seen:
    """Images, and what a backbone sees of them.

    Attributes:
        backbone: at the size that it sees images in.
        images: the store of these.
        features: the store of what it sees, in the same parts.
        seconds: that it takes for an image on all cores.
    """

    backbone: Backbone
    images: Store
    features: Store
    seconds: float

    @property
    def trained_on(self) -> int:
        """How many images there are to train on while the first ones are held out."""
        folds = self.images.folds
        return len(self.images.train().y) if folds is None else int(np.count_nonzero(folds))

    def mirrored(self) -> np.ndarray:
        """What it sees of the first held-out images, left and right swapped: `(n, features)`."""
        mirrored: np.ndarray = np.load(Path(self.features.directory) / _MIRRORED, allow_pickle=False)
        return mirrored


def look(
    backbone: Backbone,
    store: Store,
    folder: Path,
    *,
    seconds: float,
    on_progress: Callable[[int, int], None] | None = None,
) -> Seen:
    """What the backbone sees at the largest size whose features are computed in time.

    Args:
        backbone: at any size.
        store: encoded images.
        folder: of the new store.
        seconds: that computing them may take.
        on_progress: told how many of how many samples are done.

    Raises:
        InputError: even at the smallest size it would take longer.
    """
    x = np.asarray(store.train().x)
    mirrored = _some_held_out(store)[:, :, ::-1]
    count = len(x) + len(mirrored) + (0 if store.folds is not None else len(store.validation().y))
    height, width = x.shape[1:3]
    smallest, expected = min(SIDES), math.inf
    # Enlarging by more than twice shows a backbone nothing that it could not see.
    for side in (side for side in SIDES if side == smallest or side <= 2 * min(height, width)):
        sized = replace(backbone, size=size_of(height, width, side))
        see = _function(sized, x.shape[1:])
        see(x[:_BATCH])  # traces the network
        started = time.monotonic()
        see(x[:_BATCH])
        each = (time.monotonic() - started) / len(x[:_BATCH])
        expected = each * count
        if expected <= seconds:
            features = store.derived(folder, see, chunk=_BATCH, on_progress=on_progress)
            starts = range(0, len(mirrored), _BATCH)
            np.save(folder / _MIRRORED, np.concatenate([see(mirrored[at : at + _BATCH]) for at in starts]))
            return Seen(sized, store, features, each)
    raise InputError(
        f"`time_budget` must be enough for the pretrained network to see all images once. That takes about "
        f"{expected:.0f} s, of which {seconds:.0f} s may be spent; give a larger budget, fewer images, or a smaller "
        "network."
    )


def _some_held_out(store: Store) -> np.ndarray:
    """The first images that are held out first."""
    folds = store.folds
    rows = slice(_MOST_MIRRORED) if folds is None else np.flatnonzero(folds == 0)[:_MOST_MIRRORED]
    return np.asarray(np.asarray(store.validation().x)[rows])


def _function(backbone: Backbone, shape: tuple[int, ...]) -> Callable[[np.ndarray], np.ndarray]:
    with precision("float32"):
        network = model_of(backbone, {}, shape)
    compute = tf.function(
        lambda images: network(images, training=False), input_signature=[tf.TensorSpec((None, *shape), tf.float32)]
    )
    return lambda images: np.asarray(compute(np.asarray(images, np.float32)))
