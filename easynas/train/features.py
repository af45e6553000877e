"""What a backbone sees of all samples, computed once, so that a head is trained in seconds."""

import math
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import tensorflow as tf

from easynas.data.store import Store
from easynas.errors import InputError
from easynas.nets.network import model_of, precision
from easynas.nets.pretrained import SIDES, Backbone, size_of

_BATCH = 32


def look(
    backbone: Backbone,
    store: Store,
    folder: Path,
    *,
    seconds: float,
    on_progress: Callable[[int, int], None] | None = None,
) -> tuple[Backbone, Store]:
    """The backbone at the largest size whose features are computed in time, and a store of these.

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
    count = len(x) + (0 if store.folds is not None else len(store.validation().y))
    height, width = x.shape[1:3]
    smallest, expected = min(SIDES), math.inf
    # Enlarging by more than twice shows a backbone nothing that it could not see.
    for side in (side for side in SIDES if side == smallest or side <= 2 * min(height, width)):
        sized = replace(backbone, size=size_of(height, width, side))
        see = _function(sized, x.shape[1:])
        see(x[:_BATCH])  # traces the network
        started = time.monotonic()
        see(x[:_BATCH])
        expected = (time.monotonic() - started) / len(x[:_BATCH]) * count
        if expected <= seconds:
            return sized, store.derived(folder, see, chunk=_BATCH, on_progress=on_progress)
    raise InputError(
        f"`time_budget` must be enough for the pretrained network to see all images once. That takes about "
        f"{expected:.0f} s, of which {seconds:.0f} s may be spent; give a larger budget, fewer images, or a smaller "
        "network."
    )


def _function(backbone: Backbone, shape: tuple[int, ...]) -> Callable[[np.ndarray], np.ndarray]:
    with precision("float32"):
        network = model_of(backbone, {}, shape)
    compute = tf.function(
        lambda images: network(images, training=False), input_signature=[tf.TensorSpec((None, *shape), tf.float32)]
    )
    return lambda images: np.asarray(compute(np.asarray(images, np.float32)))
