"""Patch whitening: all directions of small patches alike, fixed in training, and the same in the file."""

from pathlib import Path

import keras
import numpy as np
import pytest
from sklearn.datasets import load_digits, load_sample_images

from easynas.nets.layers import normal
from easynas.nets.whitening import SIDE, Whitening


def pictures() -> np.ndarray:
    """Pieces of two photographs `(n, 32, 32, 3)`."""
    return np.concatenate(
        [
            image[: 32 * (len(image) // 32), :640].reshape(-1, 32, 20, 32, 3).swapaxes(1, 2).reshape(-1, 32, 32, 3)
            for image in load_sample_images().images
        ]
    )


def digits() -> np.ndarray:
    return np.asarray(load_digits().images[..., None])


@pytest.mark.parametrize("images", [pictures(), digits()], ids=["photographs", "digits"])
def test_neighbouring_pixels_are_no_longer_alike(images: np.ndarray) -> None:
    mean, variance = (tuple(each.tolist()) for each in (images.mean((0, 1, 2)), images.var((0, 1, 2))))
    kernel = Whitening.of(images, mean=mean, variance=variance).kernel
    directions = SIDE * SIDE * images.shape[3]
    assert kernel.shape == (SIDE, SIDE, images.shape[3], directions)
    means, deviations = normal(mean, variance)
    normalized = ((images - np.array(means)) / np.array(deviations)).astype("float32")
    white = np.asarray(keras.ops.conv(normalized, kernel, padding="valid")).reshape(-1, directions)
    covariance = white.T @ white / len(white)
    assert np.abs(covariance - np.diag(np.diag(covariance))).max() < 0.05
    assert np.diag(covariance).max() < 1.05
    assert np.median(np.diag(covariance)) > 0.5


def test_a_channel_that_never_changes_is_endured() -> None:
    images = digits().repeat(3, axis=3)
    images[..., 1] = 4.0
    kernel = Whitening.of(images, mean=(5.0, 4.0, 5.0), variance=(36.0, 0.0, 36.0)).kernel
    assert np.isfinite(kernel).all()


def test_training_leaves_it_alone_and_the_file_has_it(tmp_path: Path) -> None:
    images = digits()[:256]
    whitening = Whitening.of(images, mean=(4.9,), variance=(36.0,))
    x = image = keras.Input((8, 8, 1))
    x = whitening.build(keras.layers.Normalization(mean=[4.9], variance=[36.0])(x))
    model = keras.Model(image, keras.layers.Dense(10, activation="softmax")(keras.layers.Flatten()(x)))
    model.compile("adam", "sparse_categorical_crossentropy", jit_compile=False)
    model.fit(images, load_digits().target[:256], verbose=0)
    [fixed] = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D) and not layer.trainable]
    np.testing.assert_array_equal(np.asarray(fixed.kernel), whitening.kernel)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(loaded(images), model(images), atol=1e-6)
