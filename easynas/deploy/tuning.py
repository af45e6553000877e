"""Training again what was trained: a `tf_keras` network under a deadline, to the truth and to what it said before.

The targets are the mean of what is true and what the network answered before anything was taken from it (Hinton et al.,
"Distilling the knowledge in a neural network", 2015, with a temperature of 1). The learning rate falls to zero with the
time, as in every training here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf
import tf_keras

from easynas.deploy.bundle import Bundle
from easynas.schema import Answer
from easynas.search.budget import Deadline

TRUTH = 0.5  # share of what is true in the targets


@dataclass(frozen=True, eq=False)
class Lesson:
    """What a network is trained on again.

    Attributes:
        bundle: of the network before.
        samples: checked raw samples, in the encoder's container.
        targets: float32 `(n, outputs)`: probabilities, or standardised numbers.
        seed: decides the order.
        batch_size: samples a step.
    """

    bundle: Bundle
    samples: Any
    targets: np.ndarray
    seed: int
    batch_size: int

    @classmethod
    def of(cls, bundle: Bundle, samples: Any, y: np.ndarray, *, seed: int) -> "Lesson":
        """The lesson of samples and what `bundle.target.encode` makes of their labels or numbers."""
        answer = bundle.target.answer
        before = bundle.answers(samples)
        if answer.kind == "numbers":
            before = (before - np.array(answer.mean)) / np.array(answer.scale)
        true = np.eye(answer.outputs, dtype=np.float32)[y] if answer.kind == "classes" else y
        targets = (TRUTH * true + (1 - TRUTH) * before).astype(np.float32)
        return cls(bundle, samples, targets, seed, batch_size=int(np.clip(len(samples) // 24, 16, 128)))

    def batches(self, count: int) -> list[tuple[Any, np.ndarray]]:
        """Inputs and targets of so many random batches."""
        rng = np.random.default_rng(self.seed)
        drawn = (rng.integers(0, len(self.targets), self.batch_size) for _ in range(count))
        return [(self.bundle.device_inputs(self.samples[rows]), self.targets[rows]) for rows in drawn]

    @tf.autograph.experimental.do_not_convert  # type: ignore[untyped-decorator]
    def loss(self, targets: Any, answers: Any) -> Any:
        """The loss of answers in the user's units, for every sample."""
        return _loss(self.bundle.target.answer, targets, answers)


def tune(
    model: tf_keras.Model,
    lesson: Lesson,
    deadline: Deadline,
    *,
    rate: float,
    progress: Any = None,
    also: Sequence[Any] = (),
) -> int:
    """Trains `model` until the deadline, at least two steps, and returns how many it were.

    Args:
        model: takes what the bundle's `device` takes and answers in the user's units.
        lesson: what to train on.
        deadline: when to end.
        rate: learning rate of Adam at the beginning.
        progress: a TensorFlow variable that goes from 0 to 1 with the time; None: nobody looks at it.
        also: more callbacks.
    """
    model.compile(tf_keras.optimizers.Adam(rate, clipnorm=1.0), loss=lesson.loss)
    pace = Pace(deadline, rate, progress)
    model.fit(_Batches(lesson), epochs=_ENDLESS, callbacks=[pace, *also], verbose=0)
    return pace.steps


_ENDLESS = 1_000_000


class Pace(tf_keras.callbacks.Callback):  # type: ignore[misc]
    """Ties a training to the clock: the learning rate falls in a line to zero, and then it ends.

    Args:
        deadline: when to end.
        rate: learning rate at the beginning, which is the end of the first step: until then the network is traced.
        progress: see `tune`.
    """

    def __init__(self, deadline: Deadline, rate: float, progress: Any = None) -> None:
        super().__init__()
        self._deadline, self._rate, self._progress = deadline, rate, progress
        self._rest: Deadline | None = None
        self._ended = False
        self.steps = 0

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Looks at the clock."""
        self.steps += 1
        if self._rest is None:
            self._rest = self._deadline.within(max(self._deadline.left, 1e-3))
        done = 1.0 if self._deadline.passed else min(1.0, self._rest.elapsed / max(self._rest.total, 1e-3))
        self.model.optimizer.learning_rate.assign(self._rate * (1.0 - done))
        if self._progress is not None:
            self._progress.assign(done)
        # What follows `progress` has one more step to reach its end.
        self.model.stop_training = self._ended
        self._ended = self._deadline.passed


class _Batches(tf_keras.utils.Sequence):  # type: ignore[misc]
    """The samples of a lesson in an order of their own every epoch."""

    def __init__(self, lesson: Lesson) -> None:
        self._lesson = lesson
        self._rng = np.random.default_rng(lesson.seed)
        self._order = self._rng.permutation(len(lesson.targets))

    def __len__(self) -> int:
        return max(1, len(self._order) // self._lesson.batch_size)

    def __getitem__(self, index: int) -> tuple[Any, np.ndarray]:
        rows = self._order[index * self._lesson.batch_size : (index + 1) * self._lesson.batch_size]
        return self._lesson.bundle.device_inputs(self._lesson.samples[rows]), self._lesson.targets[rows]

    def on_epoch_end(self) -> None:
        """Draws another order."""
        self._order = self._rng.permutation(len(self._order))


def _loss(answer: Answer, targets: Any, answers: Any) -> Any:
    match answer.kind:
        case "classes":
            return tf_keras.losses.categorical_crossentropy(targets, answers)
        case "labels":
            return tf_keras.losses.binary_crossentropy(targets, answers)
        case "numbers":
            mean, scale = (tf.constant(each, answers.dtype) for each in (answer.mean, answer.scale))
            return tf.reduce_mean(tf.square(targets - (answers - mean) / scale), axis=-1)


def clone(network: keras.Model) -> keras.Model:
    """A network of the same kind with the same weights, which may be changed."""
    other = keras.models.clone_model(network)
    other.set_weights(network.get_weights())
    return other
