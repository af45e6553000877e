"""Weights that share a few values, by TensorFlow Model Optimization through a twin.

Every layer's weights are grouped around centroids, which are trained (Han et al., "Deep compression", 2016, section 3).
A file gets smaller once it is compressed; nothing gets faster.
"""

from typing import Any

import numpy as np
import tensorflow_model_optimization as tfmot
import tf_keras
from tensorflow_model_optimization.python.core.clustering.keras.experimental import cluster as preserving

from easynas.deploy.prune import last_weighted
from easynas.deploy.structure import SPARSE
from easynas.deploy.tuning import Lesson, tune
from easynas.deploy.twin import Twin
from easynas.search.budget import Deadline

RATE = 2e-4
_KINDS = ("Conv1D", "Conv2D", "Dense")
_LEAST = 8  # weights for each value, below which a layer keeps its own

_keras = tfmot.clustering.keras


def cluster(twin: Twin, lesson: Lesson, deadline: Deadline, *, clusters: int) -> int:
    """Trains the twin until the deadline with few different weights, and brings them back into its network.

    Zeros stay zero. The last layer keeps its own weights.

    Args:
        twin: of the network.
        lesson: what to train on.
        deadline: when to end.
        clusters: different values a layer, from 2.

    Returns:
        How many steps it were.
    """
    last = last_weighted(twin.model)

    def wrapped(layer: Any) -> Any:
        if type(layer).__name__ not in _KINDS or layer is last or not layer.trainable:
            return layer
        if np.prod(layer.kernel.shape) < _LEAST * clusters:
            return layer
        start = _keras.CentroidInitialization.KMEANS_PLUS_PLUS
        sparse = bool((np.asarray(layer.kernel) == 0).mean() > SPARSE)
        return preserving.cluster_weights(layer, clusters, start, preserve_sparsity=sparse)

    model = tf_keras.models.clone_model(twin.model, clone_function=wrapped)
    steps = tune(model, lesson, deadline, rate=RATE)
    twin.bring_back(_keras.strip_clustering(model))
    return steps
