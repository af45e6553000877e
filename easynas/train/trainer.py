"""One training of one network under a deadline."""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from easynas.data.dataset import Inputs
from easynas.data.feed import train_batches
from easynas.data.store import Arrays
from easynas.nets.head import apart
from easynas.schema import Answer
from easynas.search.budget import Deadline
from easynas.train.pace import Average, Pace
from easynas.train.recipe import Recipe

_CHUNK_BYTES, _WIDEST_BYTES = 2**21, 2**26
"""Bytes of samples that go through a network at once outside training, and of what one layer makes of them; more only
adds memory."""

_FORWARD = 0.6  # time of a forward pass without a graph as a share of a training step on as many samples, at most
_SAVING = 0.3  # seconds to write the weights


@dataclass(frozen=True)
class Outcome:
    """What a training did.

    Attributes:
        steps: batches.
        epochs: times that every sample was seen.
        progress: share of the planned time that was trained; below 1 if it was dropped or diverged.
        first_seconds: seconds until the first batch was done.
        diverged: whether the loss stopped being a number.
        curve: mean loss in each twentieth of the training.
    """

    steps: int
    epochs: float
    progress: float
    first_seconds: float
    diverged: bool
    curve: tuple[float, ...] = ()


def compiled(model: Any, recipe: Recipe, answer: Answer) -> Any:
    """The model to train, with its optimizer and loss; compiling it again would trace it again.

    It has the weights of `model`; where that has members, each of them is to answer alone.
    """
    trained, loss = apart(model), recipe.loss(answer)
    if len(trained.output.shape) == 3:
        loss = _MeanOfMembers(loss)
    trained.compile(optimizer=recipe.build(), loss=loss, jit_compile=False)
    return trained


class _MeanOfMembers(keras.losses.Loss):  # type: ignore[misc]
    """The mean of the losses of all members, whose answers are `(batch, members, outputs)`."""

    def __init__(self, single: keras.losses.Loss) -> None:
        super().__init__()
        self._single = single

    def call(self, y_true: Any, y_pred: Any) -> Any:
        wanted = keras.ops.broadcast_to(keras.ops.expand_dims(y_true, 1), keras.ops.shape(y_pred))
        return keras.ops.mean(self._single.call(wanted, y_pred), axis=1)


def begin(model: Any, initial: Sequence[np.ndarray]) -> None:
    """Puts a compiled model to its `initial` weights, and its optimizer to before the first step."""
    model.set_weights(initial)
    for variable in model.optimizer.variables:
        if variable.name != "learning_rate":  # `Pace` sets it
            variable.assign(keras.ops.zeros_like(variable))


def train(
    model: Any,
    arrays: Arrays,
    recipe: Recipe,
    deadline: Deadline,
    answer: Answer,
    *,
    batch_size: int,
    seed: int,
    threads: int,
    held_out: int,
    slice_at: float,
    on_slice: Callable[[], bool],
    slice_share: float,
    on_part: Callable[[list[float]], None],
    annealed: bool = True,
) -> Outcome:
    """Trains a `compiled` model in place; it ends in time to score `held_out` samples before `deadline`.

    Args:
        model: a network that ends in answers `(batch, outputs)`, see `compiled`.
        arrays: the training samples.
        recipe: that it was compiled with.
        deadline: when training, scoring and saving must be over.
        answer: what the network answers.
        batch_size: samples a step.
        seed: of the order of the samples.
        threads: threads that prepare batches.
        held_out: samples that the caller scores afterwards.
        slice_at: share of the time after which `on_slice` decides, with the averaged weights in place, whether to go
            on.
        on_slice: answers False to stop.
        slice_share: of the samples that are scored afterwards, that `on_slice` runs through the network, in (0, 1].
        on_part: told the curve after each twentieth of the training.
        annealed: whether the learning rate falls to zero in the end.
    """
    average = Average(model)

    def decide() -> bool:
        with averaged(model, average):
            return on_slice()

    pace = Pace(
        recipe.peak,
        deadline,
        average=average,
        reserve=lambda step: _SAVING + _FORWARD * step * held_out / batch_size,
        steps=recipe.epochs * len(arrays.y) / min(batch_size, len(arrays.y)),
        slice_at=slice_at,
        on_slice=decide,
        slice_share=slice_share,
        on_part=on_part,
        annealed=annealed,
    )
    batches = train_batches(arrays, answer, batch_size=batch_size, seed=seed, threads=threads)
    model.fit(batches, epochs=1, verbose=0, callbacks=[pace])
    epochs = pace.steps * batch_size / len(arrays.y)
    return Outcome(pace.steps, epochs, pace.progress, pace.first_seconds, pace.diverged, tuple(pace.curve.means))


@contextmanager
def averaged(model: Any, average: Average) -> Iterator[None]:
    """Puts the averaged weights into the network for a while."""
    own = model.get_weights()
    model.set_weights(average.weights())
    try:
        yield
    finally:
        model.set_weights(own)


def predict(model: Any, x: Inputs) -> np.ndarray:
    """Answers `(n, outputs)` for what networks see.

    Calls the network without tracing a graph for it: that would cost more than it saves for a few thousand samples.
    """
    first: list[np.ndarray] = keras.tree.flatten(x)
    widest = max(math.prod(each.shape[1:]) for layer in model.layers for each in keras.tree.flatten(layer.output))
    step = max(1, min(_CHUNK_BYTES // sum(4 * array[0].size for array in first), _WIDEST_BYTES // (4 * widest)))
    parts = []
    for start in range(0, len(first[0]), step):
        batch = keras.tree.map_structure(lambda array, start=start: _plain(array[start : start + step]), x)
        parts.append(keras.ops.convert_to_numpy(model(batch, training=False)))
    return np.concatenate(parts)


def _plain(array: np.ndarray) -> np.ndarray:
    """Pixels as real numbers, anything else as it is."""
    return array.astype("float32") if array.dtype == np.uint8 else array
