"""Patch whitening: a fixed first layer that gives every direction of small patches the same variance.

Coates & Ng 2012, "Learning feature representations with k-means"; as a first layer Page 2019, "How to train your
ResNet" and Jordan 2024, "94 % on CIFAR-10 in 3.29 seconds on a single GPU". A network then need not learn first that
neighbouring pixels are alike. There every direction comes twice, with both signs, and negative values are cut off. Here
it comes once, as it is, and the first learned convolution of the network sees it: as many full-size channels again, and
what is done to each of their numbers, take longer than they are worth on a CPU (docs/findings.md).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from keras import layers

from easynas.nets.layers import normal

SIDE = 2
"""Pixels of a patch along each axis."""
MOST_CHANNELS = 4
"""Images with more have no whitening: its matrix grows with the square."""

_SAMPLES = 500  # images that show how patches vary
_LEAST = 1e-2  # added to every variance, of about 1 at most: directions that are next to nothing stay so


@dataclass(frozen=True, eq=False)
class Whitening:
    """What the training images say.

    Attributes:
        kernel: of the convolution, `(SIDE, SIDE, channels, SIDE * SIDE * channels)`, for normalized images.
    """

    kernel: np.ndarray

    @classmethod
    def of(cls, images: np.ndarray, *, mean: tuple[float, ...], variance: tuple[float, ...]) -> "Whitening":
        """The whitening of some images.

        Args:
            images: `(n, height, width, channels)`, raw; some of them are looked at.
            mean: of every channel in raw units.
            variance: of every channel in raw units squared; zero is allowed.
        """
        some = np.asarray(images[:: max(1, len(images) // _SAMPLES)], dtype=np.float32)
        means, deviations = normal(mean, variance)
        some = np.asarray((some - np.array(means)) / np.array(deviations), dtype=np.float32)
        windows = np.lib.stride_tricks.sliding_window_view(some, (SIDE, SIDE), axis=(1, 2))
        patches = windows.transpose(0, 1, 2, 4, 5, 3).reshape(-1, SIDE * SIDE * some.shape[3])
        variances, directions = np.linalg.eigh(patches.T @ patches / len(patches))
        whitened = np.asarray(directions / np.sqrt(np.maximum(variances, 0.0) + _LEAST), dtype=np.float32)
        return cls(whitened.reshape(SIDE, SIDE, some.shape[3], -1))

    def build(self, x: Any) -> Any:
        """From normalized images to as many pixels with a channel for each direction."""
        fixed = layers.Conv2D(
            self.kernel.shape[-1], SIDE, padding="same", use_bias=False, kernel_initializer="zeros", trainable=False
        )
        directions = fixed(x)
        fixed.kernel.assign(self.kernel)
        return directions
