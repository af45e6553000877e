"""A residual network written by hand for small images and trained all the time, as somebody does who knows how.

He et al. 2016 with three stages of 16, 32 and 64 channels, shifts and flips, label smoothing, Nesterov momentum, and a
learning rate that rises for a tenth of the time and then falls to zero at its end (Li, Yumer & Ramanan 2020).
"""

import math
import time
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from peers.contract import Fitted, Task
from peers.keras_parts import Images, classifier

WIDTHS, BLOCKS = (16, 32, 64), 2
PEAK, DECAY, SMOOTHING, BATCH, WARM_UP = 0.2, 1e-4, 0.1, 128, 0.1
LARGEST = 40
"""The first convolution brings larger images to this size or below."""

MIRRORED = ("fashion", "cifar10")
"""Problems whose images mean the same in a mirror; hands and digits do not."""

SAVING = 0.01
"""Share of the time kept for the end."""


def fit(task: Task) -> Fitted:
    """Trains on all images."""
    keras.utils.set_random_seed(task.settings.seed)
    images = Images.of(task, held_out=0.0)
    model = network(images)
    epochs = train(model, images, task)
    return classifier(model, images.classes, figures={"epochs": round(epochs, 2)})


def train(model: Any, images: Images, task: Task) -> float:
    """Trains a network until the time is over; returns the number of epochs."""
    smoothed = keras.losses.CategoricalCrossentropy(label_smoothing=SMOOTHING)
    model.compile(keras.optimizers.SGD(PEAK / 20, momentum=0.9, nesterov=True), smoothed)
    steps = math.ceil(len(images.x) / BATCH)
    deadline = task.began + (1.0 - SAVING) * task.settings.budget
    feed = batches(images, mirrored=task.settings.problem.startswith(MIRRORED), seed=task.settings.seed)
    pace = Pace(deadline)
    model.fit(feed, steps_per_epoch=steps, epochs=1_000_000, callbacks=[pace], verbose=0)
    return pace.steps / steps


def network(images: Images) -> Any:
    """A network `(batch, height, width, channels)` to `(batch, classes)`."""
    inputs = layers.Input(images.shape)
    x = layers.Rescaling(2.0 / images.scale, offset=-1.0)(inputs)
    stride = max(1, math.ceil(max(images.shape[:2]) / LARGEST))
    x = _convolution(x, WIDTHS[0], stride, size=max(3, 2 * stride - 1))
    for stage, width in enumerate(WIDTHS):
        for block in range(BLOCKS):
            x = _residual(x, width, 2 if stage and not block else 1)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, layers.Dense(len(images.classes), activation="softmax")(x))


def batches(images: Images, *, mirrored: bool, seed: int) -> tf.data.Dataset:
    """Endless batches of shifted, perhaps mirrored images and one-hot classes."""
    height, width, channels = images.shape
    reach = max(1, round(height / 8))

    def change(image: Any, label: Any) -> Any:
        padded = tf.pad(image, [[reach, reach], [reach, reach], [0, 0]], mode="REFLECT")
        image = tf.image.random_crop(padded, (height, width, channels))
        return (tf.image.random_flip_left_right(image) if mirrored else image), label

    labels = keras.utils.to_categorical(images.y, len(images.classes))
    data = tf.data.Dataset.from_tensor_slices((images.x, labels))
    data = data.shuffle(len(images.x), seed=seed).repeat().map(change, num_parallel_calls=tf.data.AUTOTUNE)
    return data.batch(BATCH, drop_remainder=True).prefetch(tf.data.AUTOTUNE)


class Pace(keras.callbacks.Callback):  # type: ignore[misc]
    """Ties the learning rate to the clock and ends the training with it."""

    def __init__(self, deadline: float) -> None:
        super().__init__()
        self.steps = 0
        self._begin = self._deadline = deadline

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Sets the rate of the next batch."""
        now = time.monotonic()
        if not self.steps:
            self._begin = now  # the first batch builds the network
        self.steps += 1
        progress = (now - self._begin) / max(self._deadline - self._begin, 1e-9)
        rate = PEAK * float(
            np.clip(min(0.05 + 0.95 * progress / WARM_UP, (1.0 - progress) / (1.0 - WARM_UP)), 0.0, 1.0)
        )
        self.model.optimizer.learning_rate.assign(rate)
        if now >= self._deadline:
            self.model.stop_training = True


def _convolution(x: Any, width: int, stride: int, size: int = 3) -> Any:
    decay = keras.regularizers.L2(DECAY)
    x = layers.Conv2D(
        width, size, stride, padding="same", use_bias=False, kernel_initializer="he_normal", kernel_regularizer=decay
    )(x)
    return layers.BatchNormalization()(x)


def _residual(x: Any, width: int, stride: int) -> Any:
    changed = layers.ReLU()(_convolution(layers.ReLU()(x), width, stride))
    changed = _convolution(changed, width, 1)
    if stride != 1 or x.shape[-1] != width:
        x = _convolution(x, width, stride, size=1)
    return layers.Add()([x, changed])
