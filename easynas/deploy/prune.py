"""Weights that become zero while a network is trained, by TensorFlow Model Optimization through a twin.

The smallest ones go, more of them with the time: Zhu and Gupta, "To prune, or not to prune" (2017), equation 1, whose
steps are here shares of the time. On ordinary processors zeros make a file smaller once it is compressed, and nothing
faster: docs/compression.md.
"""

from typing import Any

import tensorflow as tf
import tensorflow_model_optimization as tfmot
import tf_keras

from easynas.deploy.tuning import Lesson, tune
from easynas.deploy.twin import Twin
from easynas.search.budget import Deadline

RATE = 1e-3
_BLOCK = (4, 1)  # four in a row of the kernel as TFLite stores it
_KINDS = ("Conv1D", "Conv2D", "Conv2DTranspose", "Dense", "Embedding")
_OF_FOUR = ("Conv2D", "Dense")
_GROWING = 0.7  # share of the time after which no more weights go
_ROUNDS = 10  # steps between two looks at the weights

_keras = tfmot.sparsity.keras


def prune(twin: Twin, lesson: Lesson, deadline: Deadline, *, sparsity: float, pattern: str | None) -> int:
    """Trains the twin until the deadline while weights become zero, and brings the rest back into its network.

    Args:
        twin: of the network.
        lesson: what to train on.
        deadline: when to end.
        sparsity: share of the weights that are zero in the end, in (0, 1). The last layer keeps all.
        pattern: None: any weights; "2:4": two of any four in a row, half of them whatever `sparsity` says; "block":
            groups of four in dense layers. A layer that it does not suit loses any weights.

    Returns:
        How many steps it were.
    """
    progress = tf.Variable(0.0, trainable=False)
    last = last_weighted(twin.model)

    def wrapped(layer: Any) -> Any:
        kind = type(layer).__name__
        if kind not in _KINDS or layer is last or not layer.trainable:
            return layer
        if pattern == "2:4" and kind in _OF_FOUR and layer.kernel.shape[-2] % 4 == 0:
            half = _keras.ConstantSparsity(0.5, 0, frequency=_ROUNDS)
            return _keras.prune_low_magnitude(layer, half, sparsity_m_by_n=(2, 4))
        growing = _Growing(sparsity, progress)
        if pattern == "block" and kind == "Dense":
            return _keras.prune_low_magnitude(layer, growing, block_size=_BLOCK)
        return _keras.prune_low_magnitude(layer, growing)

    model = tf_keras.models.clone_model(twin.model, clone_function=wrapped)
    steps = tune(model, lesson, deadline, rate=RATE, progress=progress, also=[_keras.UpdatePruningStep()])
    twin.bring_back(_keras.strip_pruning(model))
    return steps


def last_weighted(model: tf_keras.Model) -> Any:
    """The last layer with weights, which decides too much to lose any."""
    return [layer for layer in model.layers if layer.weights][-1]


class _Growing(_keras.PruningSchedule):  # type: ignore[misc, name-defined]
    """The schedule of the paper, by time.

    Args:
        sparsity: in the end.
        progress: share of the time that has gone, a variable.
    """

    def __init__(self, sparsity: float, progress: Any) -> None:
        self._sparsity, self._progress = sparsity, progress

    def __call__(self, step: Any) -> tuple[Any, Any]:
        left = 1.0 - tf.minimum(self._progress / _GROWING, 1.0)
        due = tf.logical_or(tf.equal(tf.math.floormod(step, _ROUNDS), 0), self._progress >= 1.0)
        return due, self._sparsity * (1.0 - left**3)

    def get_config(self) -> dict[str, Any]:
        """The end that it leads to."""
        return {"class_name": type(self).__name__, "config": {"sparsity": self._sparsity}}
