"""Fits on what a network sees that was trained before. No weights are downloaded: the tests make their own."""

import time
from pathlib import Path

import keras
import numpy as np
import pytest
from sklearn.datasets import load_digits

import easynas
from tests.tasks.exact import Exact

BUDGET = 60.0


@pytest.fixture(scope="module")
def digits() -> tuple[np.ndarray, np.ndarray]:
    bunch = load_digits()
    return (bunch.images * 15).astype(np.uint8), bunch.target


@pytest.fixture(scope="module")
def weights(digits: tuple[np.ndarray, np.ndarray], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network with random kernels whose normalisations know images, so that all layers pass something on."""
    keras.utils.set_random_seed(0)
    network = keras.applications.MobileNetV2(input_shape=(32, 32, 3), alpha=0.35, include_top=False, weights=None)
    images = np.repeat(np.kron(digits[0][:64], np.ones((1, 4, 4)))[..., None], 3, axis=3)
    for layer in network.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.0
    network(images / 127.5 - 1.0, training=True)
    path = tmp_path_factory.mktemp("weights") / "made.weights.h5"
    network.save_weights(path)
    return path


@pytest.mark.slow
def test_heads_on_what_a_network_sees_become_one_model(
    digits: tuple[np.ndarray, np.ndarray], weights: Path, tmp_path: Path
) -> None:
    x, y = digits
    fitted = easynas.ImageClassifier(
        600, weights=weights, engine=Exact(), max_trials=2, directory=tmp_path / "study", random_state=0, verbose=0
    ).fit(x[:400], y[:400])
    assert fitted.score(x[1000:], y[1000:]) > 0.15  # random kernels see little; chance is 0.10 ± 0.01
    assert fitted.best_score_ == pytest.approx(fitted.score(x[1000:], y[1000:]), abs=0.1)
    assert any("seen once by mobilenet_v2" in note for note in fitted.study_.notes)
    probabilities = fitted.predict_proba(x[1000:1100])
    model = keras.models.load_model(_saved(fitted, tmp_path / "model.keras"))
    np.testing.assert_allclose(model(x[1000:1100].astype("float32"), training=False), probabilities, atol=1e-4)
    report = fitted.export(tmp_path / "model.tflite")
    assert report.agreement >= 0.99
    fitted.save(tmp_path / "saved")
    np.testing.assert_allclose(easynas.load(tmp_path / "saved").predict_proba(x[1000:1100]), probabilities, atol=1e-4)
    with pytest.raises(easynas.StudyError, match="has other weights"):
        easynas.ImageClassifier(600, engine=Exact(), directory=tmp_path / "study", verbose=0).fit(x[:400], y[:400])
    backbone = [layer for layer in model.layers if isinstance(layer, keras.Model) and len(layer.weights) == 260]
    assert len(backbone) == 1


@pytest.fixture(scope="module")
def experienced(digits: tuple[np.ndarray, np.ndarray], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same network after some steps on the digits from 0 to 4."""
    keras.utils.set_random_seed(0)
    network = keras.applications.MobileNetV2(input_shape=(32, 32, 3), alpha=0.35, include_top=False, weights=None)
    for layer in network.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.9
    whole = keras.Sequential([network, keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(5)])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    whole.compile(keras.optimizers.Adam(2e-3), loss, jit_compile=False)
    known = digits[1] < 5
    images = np.repeat(np.kron(digits[0][known], np.ones((1, 4, 4)))[..., None], 3, axis=3)
    whole.fit(images / 127.5 - 1.0, digits[1][known], batch_size=64, epochs=15, verbose=0)
    path = tmp_path_factory.mktemp("weights") / "experienced.weights.h5"
    network.save_weights(path)
    return path


@pytest.mark.slow
@pytest.mark.alone
def test_a_network_that_learned_from_other_images_learns_from_these(
    digits: tuple[np.ndarray, np.ndarray], experienced: Path, tmp_path: Path
) -> None:
    x, y = (each[digits[1] >= 5] for each in digits)
    started = time.monotonic()
    fitted = easynas.ImageClassifier(BUDGET, weights=experienced, random_state=0, verbose=0).fit(x[:300], y[:300])
    assert time.monotonic() - started <= BUDGET + 2.0
    board = fitted.leaderboard()
    heads = board[board["network"] == "pretrained"]["score"].max()
    [tuned] = board[board["network"] == "finetuned"].itertuples()
    assert tuned.origin.startswith("fine-tuning of")
    assert tuned.score > heads + 0.02
    assert fitted.score(x[300:], y[300:]) > heads + 0.1
    assert any("is ahead of the heads" in note for note in fitted.study_.notes)
    expected = fitted.predict_proba(x[300:350])
    assert fitted.export(tmp_path / "model.tflite").agreement >= 0.99
    model = keras.models.load_model(_saved(fitted, tmp_path / "model.keras"))
    np.testing.assert_allclose(model(x[300:350].astype("float32"), training=False), expected, atol=1e-4)
    front = fitted.pareto_front()
    assert front[front["chosen"]]["network"].item() == "finetuned"


def test_weights_are_looked_at_before_any_time_is_spent(digits: tuple[np.ndarray, np.ndarray], tmp_path: Path) -> None:
    x, y = digits
    with pytest.raises(easynas.InputError, match="or leave `weights` out to train from scratch"):
        easynas.ImageClassifier(60, weights=tmp_path / "absent.weights.h5").fit(x, y)
    with pytest.raises(easynas.InputError, match="`space` must be 'auto' where `weights` are given"):
        easynas.ImageRegressor(60, weights=tmp_path / "absent.weights.h5", space="vgg").fit(x, y * 1.0)


def _saved(fitted: easynas.ImageClassifier, path: Path) -> Path:
    fitted.export_model().save(path)
    return path
