"""Batches for training; the only place with `tf.data`.

TensorFlow reads the memory maps of the store in place. Two things would copy them, once a training, in every worker:
`tf.convert_to_tensor`, and the graph optimizations of `tf.data`, which write captured tensors into the graph.
"""

from typing import TYPE_CHECKING, Any

import numpy as np

from easynas.data.store import Arrays
from easynas.schema import Answer

if TYPE_CHECKING:
    import tensorflow as tf

# TensorFlow's kernels abort the process on memory that is not aligned for the widest vector instructions.
ALIGNMENT = 64


def train_batches(arrays: Arrays, answer: Answer, *, batch_size: int, seed: int, threads: int) -> "tf.data.Dataset":
    """Returns an endless dataset of batches `(x, y, weights)`, shuffled anew in every epoch.

    Every sample is seen exactly once an epoch; a batch may reach over into the next epoch, so all have the same size.
    The same seed gives the same batches.

    Args:
        arrays: the samples.
        answer: what `y` means.
        batch_size: samples a batch; clipped to all there are.
        seed: of the shuffles, from 0.
        threads: how many threads may prepare batches.

    Returns:
        Of every batch `x` with uint8 as float32, `y` float32 `(batch, outputs)`, one-hot for classes, and `weights`
        float32 `(batch,)`.
    """
    import tensorflow as tf

    count = len(arrays.y)
    with tf.device("CPU:0"):
        x, y, weights = tf.nest.map_structure(_as_tensor, tuple(arrays))

    def order(epoch: "tf.Tensor") -> "tf.Tensor":
        key = tf.stack([tf.constant(seed, tf.int64), epoch])
        return tf.random.experimental.stateless_shuffle(tf.range(count), seed=key)

    def gather(rows: "tf.Tensor") -> "tuple[Any, tf.Tensor, tf.Tensor]":
        targets = tf.gather(y, rows)
        if answer.kind == "classes":
            targets = tf.one_hot(targets, answer.outputs)
        return (
            tf.nest.map_structure(lambda array: _pixels(tf.gather(array, rows)), x),
            targets,
            tf.gather(weights, rows),
        )

    # Whole epochs of indices are cut into batches at once: one index at a time would cost four times as much.
    batches = tf.data.Dataset.counter().map(order).rebatch(min(batch_size, count), drop_remainder=True)
    return batches.map(gather).prefetch(2).with_options(_options(threads))


def _pixels(batch: "tf.Tensor") -> "tf.Tensor":
    """A batch as networks take it: pixels as real numbers, anything else as it is."""
    import tensorflow as tf

    return tf.cast(batch, tf.float32) if batch.dtype == tf.uint8 else batch


def _as_tensor(array: np.ndarray) -> "tf.Tensor":
    """A tensor that borrows the memory of `array` where it can, else a copy.

    It must not be written to, and keeps `array` alive.
    """
    import tensorflow as tf

    borrowed = np.asarray(array).view()
    if array.ctypes.data % ALIGNMENT or not array.flags.c_contiguous or not _unlock(borrowed):
        return tf.convert_to_tensor(array)
    return tf.experimental.dlpack.from_dlpack(borrowed.__dlpack__())


def _unlock(view: np.ndarray) -> bool:
    """Marks `view` as writable, which the exchange format asks for, and says whether its memory allows that."""
    try:
        view.flags.writeable = True
    except ValueError:
        return False
    return True


def _options(threads: int) -> "tf.data.Options":
    import tensorflow as tf

    options = tf.data.Options()
    options.deterministic = True
    options.experimental_optimization.apply_default_optimizations = False
    options.autotune.enabled = False  # nothing to tune here, and its thread takes time from the training
    options.threading.private_threadpool_size = threads
    options.threading.max_intra_op_parallelism = 1
    return options
