"""One training on several devices: every one gets a share of each batch, and all keep the same weights."""

from collections.abc import Iterator
from contextlib import contextmanager

import tensorflow as tf


@contextmanager
def spread(kind: str | None) -> Iterator[int]:
    """Networks that are built and trained inside use all devices of a kind; gives how many.

    Args:
        kind: "GPU", or "CPU" where TensorFlow was told that there are several; None, or a single device, for what
            TensorFlow does by itself.
    """
    names = [device.name for device in tf.config.list_logical_devices(kind)] if kind is not None else []
    if len(names) < 2:
        yield 1
        return
    strategy = tf.distribute.MirroredStrategy(names)
    with strategy.scope():
        yield strategy.num_replicas_in_sync
