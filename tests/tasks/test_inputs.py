"""Estimators given image files, and datasets of TensorFlow and Keras, from end to end."""

import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

import easynas
from easynas.data.images import ImageEncoder, ingest_images
from easynas.tasks.division import Division
from easynas.tasks.means import affordable

BUDGET = 20.0


def photos(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Images `(n, 40, 60, 3)` of any brightness, some of a warm and some of a cold light."""
    rng = np.random.default_rng(seed)
    labels = np.where(rng.random(count) < 0.5, "cold", "warm")
    light = np.where((labels == "warm")[:, None], (60, 0, 0), (0, 0, 60))[:, None, None]
    pixels = rng.integers(0, 100, (count, 40, 60, 3)) + rng.integers(0, 90, (count, 1, 1, 1)) + light
    return pixels.astype(np.uint8), labels


def save(folder: Path, images: np.ndarray, labels: np.ndarray) -> None:
    for index, (pixels, label) in enumerate(zip(images, labels, strict=True)):
        (folder / label).mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(folder / label / f"{index}.jpg", quality=90)


class Batches(keras.utils.PyDataset):  # type: ignore[misc]
    """The files of a folder, loaded in batches of 16 as the model takes them."""

    def __init__(self, paths: np.ndarray, labels: np.ndarray, shape: tuple[int, ...]) -> None:
        super().__init__()
        self._paths, self._labels, self._shape = paths, labels, shape

    def __len__(self) -> int:
        return len(self._paths) // 16

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        rows = slice(16 * index, 16 * index + 16)
        return easynas.data.load_images(self._paths[rows], self._shape), self._labels[rows]


@pytest.mark.slow
@pytest.mark.alone
def test_files_and_datasets_lead_to_a_model_within_the_budget(tmp_path: Path) -> None:
    save(tmp_path / "train", *photos(1_000, 0))
    save(tmp_path / "test", *photos(160, 1))
    paths, labels = easynas.data.image_folder(tmp_path / "train")
    new, truth = easynas.data.image_folder(tmp_path / "test")
    held_out, known = photos(100, 2)
    validation = tf.data.Dataset.from_tensor_slices((held_out, known)).batch(32)

    classifier = easynas.ImageClassifier(BUDGET, random_state=0, verbose=0)
    started = time.monotonic()
    classifier.fit(paths, labels, validation_data=validation)
    assert time.monotonic() - started <= BUDGET + 2.0
    assert classifier.score(new, truth) > 0.8  # two classes of equal size: 0.5 without knowing anything

    shape = classifier.export_model().input_shape[1:]
    assert classifier.score(Batches(new, truth, shape)) == pytest.approx(classifier.score(new, truth))
    assert classifier.evaluate(validation)["accuracy"] > 0.8
    images = tf.data.Dataset.from_tensor_slices(held_out)
    assert classifier.predict(images).tolist() == classifier.predict(held_out).tolist()


def test_a_fit_without_labels_says_what_is_missing() -> None:
    with pytest.raises(easynas.InputError, match="requires y to be passed, but the target y is None"):
        easynas.ImageClassifier(10).fit(photos(4, 0)[0])


def test_a_part_of_a_division_keeps_the_shares_of_the_classes() -> None:
    labels = np.repeat([0, 1, 2], [900, 90, 10])
    data = ingest_images(np.random.default_rng(0).integers(0, 256, (1000, 4, 4), dtype=np.uint8), labels)
    assert isinstance(data.encoder, ImageEncoder)
    whole = Division.of(data, None, seed=0)
    part = whole.part(0.1, data, seed=0)
    assert set(part.train) <= set(whole.train)
    assert set(part.validation) <= set(whole.validation)
    kept = np.bincount(data.y[part.train]) / np.bincount(data.y[whole.train])
    assert kept == pytest.approx([0.1, 0.1, 0.1], abs=0.03)
    assert whole.part(0.001, data, seed=0).train.tolist() != []
    own = Division.of(data, data, seed=0)
    assert own.part(0.1, data, seed=0).validation.tolist() == own.validation.tolist()


@pytest.mark.parametrize(("seconds", "whole"), [(1e-3, False), (1e4, True)])
def test_reading_may_take_a_share_of_the_budget_and_no_more(*, seconds: float, whole: bool) -> None:
    rng = np.random.default_rng(0)
    data = ingest_images(rng.integers(0, 256, (3_000, 60, 60, 3), dtype=np.uint8), np.arange(3_000) % 3)
    division = Division.of(data, None, seed=0)
    notes: list[str] = []
    settings = SimpleNamespace(seconds=seconds, seed=0)
    session: Any = SimpleNamespace(settings=settings, data=data, note=notes.append)
    part = affordable(session, division)
    assert (part is division) is whole
    assert len(part.train) == len(division.train) or "a random part" in notes[0]
    assert set(data.y[part.train]) == set(data.y[part.validation]) == {0, 1, 2}
