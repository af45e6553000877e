"""`Stop`: a training of somebody's compiled network that ends with the clock and keeps its best epoch."""

import math
from typing import Any

import keras
import numpy as np

from easynas.search.budget import Deadline

_FORWARD = 0.6  # time of a sample in evaluation as a share of that in training, at most
_CAUTION = 1.5  # other programs may want the cores by then
_SAVING = 0.6  # seconds to write the weights, and for Keras to clean up after the network


class Stop(keras.callbacks.Callback):  # type: ignore[misc]
    """Ends `keras.Model.fit` on a batch, early enough for the validation that follows.

    Args:
        deadline: when all must be over.
        objective: the metric whose best epoch counts.
        maximize: whether larger is better.
        held_out: validation samples.
        test_start: seconds of the first step of a validation, which traces the network.

    Attributes:
        best: the objective's value in the best epoch; NaN before.
        logs: all metrics of that epoch; None before.
        weights: of that epoch.
        epochs: that ended.
    """

    def __init__(self, deadline: Deadline, objective: str, *, maximize: bool, held_out: int, test_start: float) -> None:
        super().__init__()
        self.best = math.nan
        self.logs: dict[str, float] | None = None
        self.weights: list[np.ndarray] = []
        self.epochs = 0
        self._deadline = deadline
        self._objective = objective
        self._sign = 1.0 if maximize else -1.0
        self._held_out = held_out
        self._test_start = test_start
        self._began = 0.0
        self._slowest = 0.0
        self._steps = 0
        self._validation = 0.0

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        self._began = self._deadline.clock()

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        seconds = self._deadline.clock() - self._began
        self._steps += 1
        if self._steps > 1:  # the first one traces the network
            self._slowest = max(0.9 * self._slowest, seconds)
        validation = self._validation or self._guess()
        late = self._deadline.left < self._slowest + _CAUTION * validation + _SAVING
        if late or not math.isfinite((logs or {}).get("loss", 0.0)):
            self.model.stop_training = True

    def on_test_begin(self, logs: Any = None) -> None:
        self._began = self._deadline.clock()

    def on_test_end(self, logs: Any = None) -> None:
        self._validation = self._deadline.clock() - self._began

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self.epochs += 1
        value = float((logs or {}).get(self._objective, math.nan))
        if math.isfinite(value) and (self.logs is None or self._sign * value > self._sign * self.best):
            self.best, self.logs, self.weights = value, dict(logs or {}), self.model.get_weights()
        if self._deadline.left < self._slowest + _CAUTION * self._validation + _SAVING:
            self.model.stop_training = True

    def _guess(self) -> float:
        """Seconds of a validation before there was one."""
        size = self.params.get("batch_size") or 32
        step = self._slowest if self._steps > 1 else 0.0  # the first one says nothing
        return self._test_start + step * _FORWARD * self._held_out / size
