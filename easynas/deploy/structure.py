"""`Structure`: zeros that stay zero and weights that go on sharing values, whatever a training does to them."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import tensorflow as tf
import tf_keras

SPARSE = 0.1
"""Share of zeros from which on they are there on purpose."""

MOST_VALUES = 256
"""Different values of a tensor up to which they are shared on purpose."""


class Structure(tf_keras.callbacks.Callback):  # type: ignore[misc]
    """Projects weights after every step: what was zero is zero, and what was equal becomes its mean.

    The step that follows is then one of the shared values with the mean of their gradients. tfmot has settings of its
    own for this; they leave the weights of the layer behind, and know fewer layers.

    Args:
        variables: weights as they are now, which shows their structure.
    """

    def __init__(self, variables: Iterable[Any]) -> None:
        super().__init__()
        self._kept = [(variable, groups) for variable in variables if (groups := _groups(variable.numpy())) is not None]

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Projects all weights that have a structure."""
        for variable, (labels, count, zero) in self._kept:
            _project(variable, labels, count, zero)


def _groups(weights: np.ndarray) -> tuple[Any, Any, Any] | None:
    """The group of every weight, how many there are, and the one of zeros (-1: none); None without a structure.

    Weights that share their value with no other are a group each, so one way does for both structures.
    """
    values, labels = np.unique(weights, return_inverse=True)
    shared = weights.ndim > 1 and len(values) <= min(MOST_VALUES, weights.size // 2)
    if not shared and (weights.ndim < 2 or np.mean(weights == 0) <= SPARSE):
        return None
    zeros = np.flatnonzero(values == 0)
    zero = int(zeros[0]) if len(zeros) else -1
    if not shared:  # equal by chance
        labels = np.where(weights.ravel() == 0, 0, np.arange(1, weights.size + 1))
        values, zero = np.arange(weights.size + 1), 0
    return tf.constant(labels.ravel(), tf.int32), tf.constant(len(values)), tf.constant(zero)


@tf.function(reduce_retracing=True)  # type: ignore[untyped-decorator]
def _projected(weights: Any, labels: Any, count: Any, zero: Any) -> Any:
    flat = tf.reshape(weights, [-1])
    means = tf.math.unsorted_segment_mean(flat, labels, count)
    projected = tf.where(labels == zero, 0.0, tf.gather(means, labels))
    return tf.reshape(projected, tf.shape(weights))


def _project(variable: Any, labels: Any, count: Any, zero: Any) -> None:
    variable.assign(_projected(tf.convert_to_tensor(variable), labels, count, zero))
