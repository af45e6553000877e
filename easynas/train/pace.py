"""The clock inside a training: the learning rate is a function of elapsed time, and training stops on a batch.

Linear decay to zero at the end of a budget (Li, Yumer & Ramanan 2020, "Budgeted training", ICLR) with a short linear
warm-up. What differs: the budget is seconds, not steps, so it needs no guess of the speed, and every training ends
annealed at its deadline whatever else the machine does.
"""

import math
from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from easynas.search.budget import Deadline

WARM_UP = 0.1
"""Share of the training in which the learning rate rises."""


_RECENT = 50  # steps whose mean predicts the next one
_CAUTION = 1.5  # other programs may want the cores by then: a training that is late is lost


def rate(progress: float, warm_up: float = WARM_UP, *, annealed: bool = True) -> float:
    """Share of the peak learning rate at a `progress` in [0, 1] through the time; it falls only if it is `annealed`."""
    rising = 0.05 + 0.95 * progress / warm_up if warm_up > 0 else 1.0
    if not annealed:
        return float(min(rising, 1.0))
    return float(min(rising, (1.0 - progress) / (1.0 - warm_up), 1.0)) if progress < 1.0 else 0.0


class Pace(keras.callbacks.Callback):  # type: ignore[misc]
    """Drives `keras.Model.fit` by a deadline.

    Args:
        peak: largest learning rate.
        deadline: when the last batch must be over; time begins with the end of the first batch, which traces the
            network.
        average: moving average of the weights, updated now and then.
        reserve: seconds to keep free before the deadline for what follows, given the seconds of a step; once
            `on_slice` was asked, at least half as much again as it took, for it does what follows too, or a part of it.
        steps: most batches; the learning rate is tied to whichever of steps and time is nearer to its end.
        slice_at: progress at which `on_slice` is asked; 1 for never.
        on_slice: called once; training stops if it answers False.
        slice_share: of what follows, that `on_slice` does, in (0, 1].
        on_part: told the means of the curve whenever it has more of them.
        annealed: whether the learning rate falls to zero in the end; if not, it stays at its peak.

    Attributes:
        steps: batches done.
        progress: share of the time, or of the steps, that is over.
        first_seconds: seconds until the first batch was done.
        diverged: whether the loss stopped being a number.
        curve: how the loss fell.
    """

    def __init__(
        self,
        peak: float,
        deadline: Deadline,
        *,
        average: "Average",
        reserve: Callable[[float], float] = lambda step: step,
        steps: float = math.inf,
        slice_at: float = 1.0,
        on_slice: Callable[[], bool] = lambda: True,
        slice_share: float = 1.0,
        on_part: Callable[[list[float]], None] = lambda _: None,
        annealed: bool = True,
    ) -> None:
        super().__init__()
        self.steps = 0
        self.progress = 0.0
        self.first_seconds = 0.0
        self.diverged = False
        self.curve = Curve()
        self._peak = peak
        self._deadline = deadline
        self._average = average
        self._reserve = reserve
        self._most_steps = max(steps, 2.0)
        self._slice_at = slice_at
        self._on_slice = on_slice
        self._slice_share = slice_share
        self._on_part = on_part
        self._annealed = annealed
        self._begin = deadline.clock()
        self._last = self._begin
        self._step_seconds = 0.0
        self._slowest = 0.0
        self._judging = 0.0

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        now = self._deadline.clock()
        self._count(now)
        loss = (logs or {}).get("loss", 0.0)
        self.diverged = not math.isfinite(loss)
        end = self._deadline.at - self._slowest - max(self._reserve(self._step_seconds), self._judging)
        elapsed = (now - self._begin) / max(end - self._begin, 1e-6)
        self.progress = min(max(elapsed, (self.steps - 1) / (self._most_steps - 1)), 1.0)
        self.model.optimizer.learning_rate.assign(self._peak * rate(self.progress, annealed=self._annealed))
        self._average.update(self.progress)
        if self.curve.update(self.progress, steps=self.steps, mean=loss):
            self._on_part(self.curve.means)
        if self.diverged or self.progress >= 1.0:
            self.model.stop_training = True
        elif self.progress >= self._slice_at:
            self._slice_at = math.inf
            self.model.stop_training = not self._on_slice()
            self._last = self._deadline.clock()
            self._judging = _CAUTION * (self._last - now) / self._slice_share

    def _count(self, now: float) -> None:
        """Takes a step into account; the first one traces the network, so time begins with its end."""
        self.steps += 1
        seconds, self._last = now - self._last, now
        if self.steps == 1:
            self.first_seconds, self._begin = seconds, now
            return
        share = 1.0 / min(self.steps - 1, _RECENT)
        self._step_seconds += share * (seconds - self._step_seconds)
        self._slowest = max(0.9 * self._slowest, seconds)


class Curve:
    """How a loss falls: its mean in equal parts of a training.

    Args:
        parts: how many.

    Attributes:
        means: of the parts that are over.
    """

    def __init__(self, parts: int = 20) -> None:
        self.means: list[float] = []
        self._parts = parts
        self._steps = 0
        self._sum = 0.0

    def update(self, progress: float, *, steps: int, mean: float) -> bool:
        """Takes in the mean loss of all steps so far, which is what Keras tells; parts without a step repeat it.

        Returns:
            Whether a part ended.
        """
        ended = min(int(progress * self._parts + 1e-9), self._parts)
        if ended <= len(self.means) or steps <= self._steps:
            return False
        own = (steps * mean - self._sum) / (steps - self._steps)
        self.means += [round(own, 6)] * (ended - len(self.means))
        self._steps, self._sum = steps, steps * mean
        return True


class Average:
    """Moving average of the weights over a share of the elapsed training (Izmailov et al. 2018; Polyak averaging).

    The window grows with the training: at any progress it spans its last `window`. It is updated at most `updates`
    times, since one update reads and writes every weight.
    """

    def __init__(self, model: Any, *, window: float = 0.1, updates: int = 200) -> None:
        self._variables = list(model.weights)
        self._window = window
        self._interval = 1.0 / updates
        self._last = 0.0
        self._mean: list[np.ndarray] = []

    def update(self, progress: float) -> None:
        """Takes the present weights in, if enough of the training went by since the last time."""
        if progress - self._last < self._interval:
            return
        share = 1.0 - math.exp(-(progress - self._last) / (self._window * progress))
        self._last = progress
        current = [np.asarray(variable) for variable in self._variables]
        if not self._mean:
            self._mean = [array.astype("float32") for array in current]
            return
        self._mean = [mean + share * (array - mean) for mean, array in zip(self._mean, current, strict=True)]

    def weights(self) -> list[np.ndarray]:
        """The averaged weights in the order of `model.get_weights()`; the present ones before the first update."""
        return self._mean or [np.asarray(variable) for variable in self._variables]
