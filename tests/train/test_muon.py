"""Muon: orthogonal updates of convolutions, Adam for everything else, and better than SGD on a few steps."""

import keras
import numpy as np
import pytest
from sklearn.datasets import load_digits

from easynas.train.muon import Muon, _orthogonal


@pytest.mark.parametrize("shape", [(3, 3, 4, 64), (3, 3, 16, 8), (1, 1, 8, 8)])
def test_the_directions_of_an_update_have_about_the_same_length(shape: tuple[int, ...]) -> None:
    kernel = np.random.default_rng(0).normal(size=shape).astype("float32")
    rows, columns = int(np.prod(shape[:3])), shape[3]
    update = np.asarray(_orthogonal(keras.ops.convert_to_tensor(kernel))).reshape(rows, columns)
    before, after = (
        np.linalg.svd(each.reshape(rows, columns), compute_uv=False)
        for each in (kernel, update / max(rows, columns) ** 0.5)
    )
    assert after.max() < 1.3
    assert after.min() > 0.2  # Jordan et al.: between 0.7 and 1.2 but for directions that were next to nothing
    assert after.min() / after.max() > before.min() / before.max()
    assert np.median(after) > 0.6
    assert np.sum(update * kernel.reshape(rows, columns)) > 0.0


def data() -> tuple[np.ndarray, np.ndarray]:
    x, y = load_digits(return_X_y=True)
    return x.reshape(-1, 8, 8, 1).astype("float32") / 16.0, y


def test_what_is_no_convolution_learns_as_with_adamw() -> None:
    x, y = data()
    models = []
    for optimizer in (Muon(0.01, weight_decay=0.1), keras.optimizers.AdamW(0.01, weight_decay=0.1)):
        keras.utils.set_random_seed(0)
        model = keras.Sequential(
            [
                keras.Input((8, 8, 1)),
                keras.layers.DepthwiseConv2D(3, depth_multiplier=2, padding="same"),
                keras.layers.Activation("gelu"),
                keras.layers.Flatten(),
                keras.layers.Dense(10, activation="softmax"),
            ]
        )
        optimizer.exclude_from_weight_decay(var_names=["bias"])
        model.compile(optimizer, "sparse_categorical_crossentropy", jit_compile=False)
        for _ in range(5):
            model.train_on_batch(x[:256], y[:256])
        models.append(model)
    for own, adams in zip(models[0].get_weights(), models[1].get_weights(), strict=True):
        # Movements are up to 0.05; where pixels are always 0, gradients are rounding errors.
        assert np.mean(np.abs(own - adams) < 1e-3) > 0.95


@pytest.mark.slow
def test_it_learns_more_than_sgd_in_as_few_steps() -> None:
    x, y = data()
    losses = []
    for optimizer in (Muon(), keras.optimizers.SGD(0.1, momentum=0.9, nesterov=True, weight_decay=0.005)):
        keras.utils.set_random_seed(0)
        model = keras.Sequential([keras.Input((8, 8, 1))])
        for filters in (16, 32):
            model.add(keras.layers.Conv2D(filters, 3, padding="same", use_bias=False))
            model.add(keras.layers.BatchNormalization(momentum=0.9))
            model.add(keras.layers.ReLU())
        model.add(keras.layers.GlobalAveragePooling2D())
        model.add(keras.layers.Dense(10, activation="softmax"))
        model.compile(optimizer, "sparse_categorical_crossentropy", jit_compile=False)
        model.fit(x[:1500], y[:1500], batch_size=64, epochs=3, shuffle=False, verbose=0)
        losses.append(model.evaluate(x[1500:], y[1500:], verbose=0))
    assert losses[0] < 0.8 * losses[1]
    assert losses[0] < 1.0  # chance: 2.3
