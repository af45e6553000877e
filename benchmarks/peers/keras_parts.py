"""What the methods that write Keras networks themselves have in common: images, a hold-out, a limit on the time."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from peers.contract import Array, Fitted, Task

HELD_OUT = 0.15


@dataclass(frozen=True)
class Images:
    """Images and the numbers of their classes, for training and for comparing.

    Attributes:
        x: `(n, height, width, channels)`, as given but for the axis of the channels.
        y: `(n,)` integers from 0.
        x_held: images that compare networks.
        y_held: their classes.
        classes: what the integers stand for.
        scale: the largest value, by which networks divide.
    """

    x: Array
    y: Array
    x_held: Array
    y_held: Array
    classes: Array
    scale: float

    @classmethod
    def of(cls, task: Task, *, held_out: float = HELD_OUT) -> "Images":
        """Holds a stratified share out; 0 for none."""
        from sklearn.model_selection import train_test_split

        x, (classes, y) = with_channels(task.x), np.unique(task.y, return_inverse=True)
        scale = 255.0 if x.dtype == np.uint8 else float(x.max())
        if not held_out:
            return cls(x, y, x[:0], y[:0], classes, scale)
        x, x_held, y, y_held = train_test_split(x, y, test_size=held_out, stratify=y, random_state=task.settings.seed)
        return cls(x, y, x_held, y_held, classes, scale)

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one image."""
        return tuple(self.x.shape[1:])


def with_channels(x: Array) -> Array:
    """Images `(n, height, width, channels)`."""
    return x[..., None] if x.ndim == 3 else x


class TimeLimit(keras.callbacks.Callback):  # type: ignore[misc]
    """Ends a training so that it is validated once more before the deadline, and begins none after it.

    Args:
        deadline: `time.monotonic()` at which time is over.
        over: makes the exception that is raised when a training would begin after the deadline.
    """

    def __init__(self, deadline: float, over: Callable[[], Exception]) -> None:
        super().__init__()
        self._deadline = deadline
        self._over = over
        self._validating = self._validation = 0.0

    def on_train_begin(self, logs: Any = None) -> None:
        """Refuses a training for which there is no time."""
        if time.monotonic() >= self._deadline:
            raise self._over()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Looks at the clock."""
        if time.monotonic() + self._validation >= self._deadline:
            self.model.stop_training = True

    def on_test_begin(self, logs: Any = None) -> None:
        """Times the validation."""
        self._validating = time.monotonic()

    def on_test_end(self, logs: Any = None) -> None:
        """Keeps what the validation took."""
        self._validation = time.monotonic() - self._validating


class Curve(keras.callbacks.Callback):  # type: ignore[misc]
    """The best validation score by the end of each epoch, over all trainings that share `points`.

    Args:
        began: `time.monotonic()` when the seconds began to count.
        points: seconds and scores, added to.
        name: of the score in the logs.
    """

    def __init__(self, began: float, points: list[tuple[float, float]], name: str = "val_accuracy") -> None:
        super().__init__()
        self._began = began
        self._points = points
        self._name = name

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Adds a point if the score is the best so far."""
        score = float((logs or {}).get(self._name, -np.inf))
        if score > -np.inf and (not self._points or score > self._points[-1][1]):
            self._points.append((time.monotonic() - self._began, score))

    def __deepcopy__(self, memo: Any) -> "Curve":
        return Curve(self._began, self._points, self._name)  # tuners copy their callbacks; the points are shared


def classifier(
    model: Any,
    classes: Array,
    *,
    prepare: Callable[[Any], Any] = with_channels,
    also: Callable[[Path], object] | None = None,
    curve: Sequence[tuple[float, float]] = (),
    figures: dict[str, Any] | None = None,
) -> Fitted:
    """A Keras network with a probability for each class, as it is used with `keras.Model.predict`.

    Args:
        model: the network.
        classes: what its outputs stand for.
        prepare: from samples to its inputs.
        also: saves what `prepare` needs.
        curve: as in `Fitted`.
        figures: as in `Fitted`.
    """

    def probabilities(x: Any) -> Array:
        return np.asarray(model.predict(prepare(x), batch_size=256, verbose=0))

    def predict(x: Any) -> Array:
        return np.asarray(classes[probabilities(x).argmax(axis=1)])

    def save(folder: Path) -> None:
        model.save(folder / "model.keras")
        if also is not None:
            also(folder)

    return Fitted(predict, save, probabilities, list(classes), curve, figures=figures or {})
