"""Datasets that are read batch by batch: every form that TensorFlow and Keras give."""

import gc
import math
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from easynas.data.stream import is_stream, pieces, take_in
from easynas.errors import InputError

COUNT = 10
PIXELS = np.random.default_rng(0).integers(0, 256, (COUNT, 6, 5, 3), dtype=np.uint8)
LABELS = np.arange(COUNT) % 3
WEIGHTS = np.linspace(0.5, 1.5, COUNT)


class Batches(keras.utils.PyDataset):  # type: ignore[misc]
    """Four samples at a time."""

    def __init__(self, *arrays: Any) -> None:
        super().__init__()
        self._arrays = arrays

    def __len__(self) -> int:
        return math.ceil(COUNT / 4)

    def __getitem__(self, index: int) -> tuple[Any, ...]:
        return tuple(array[4 * index : 4 * index + 4] for array in self._arrays)


def pipeline(*arrays: Any) -> Any:
    return tf.data.Dataset.from_tensor_slices(arrays)


@pytest.mark.parametrize("images", [PIXELS, PIXELS[..., 0], PIXELS[..., :1], PIXELS / np.float32(255)])
@pytest.mark.parametrize("make", [pipeline, lambda *arrays: pipeline(*arrays).batch(4), Batches])
def test_images_of_a_dataset_are_those_that_went_in(make: Any, images: np.ndarray) -> None:
    given = take_in(make(images, LABELS, WEIGHTS), None, None, kind="images")
    assert given.x.dtype == images.dtype
    assert np.array_equal(given.x, images)
    assert given.y.tolist() == LABELS.tolist()
    assert given.weights == pytest.approx(WEIGHTS)


@pytest.mark.parametrize("labels", [LABELS[:, None], np.eye(5)[LABELS]])
def test_labels_with_two_dimensions_do_not_make_a_batch_of_an_image(labels: np.ndarray) -> None:
    given = take_in(pipeline(PIXELS, labels), None, None, kind="images")
    assert given.x.shape == PIXELS.shape
    assert given.y.shape == labels.shape


@pytest.mark.parametrize("make", [pipeline, lambda *arrays: pipeline(*arrays).batch(4)])
def test_texts_come_as_text(make: Any) -> None:
    texts = [f"Größe {index}" for index in range(COUNT)]
    given = take_in(make(texts, LABELS), None, None, kind="texts")
    assert given.x.tolist() == texts


@pytest.mark.parametrize("make", [pipeline, lambda *arrays: pipeline(*arrays).batch(4)])
def test_tables_keep_the_names_of_their_columns(make: Any) -> None:
    columns = {"size": np.arange(COUNT, dtype=np.float32), "town": np.array(["Bern", "Köln"] * 5)}
    given = take_in(make(columns, LABELS), None, None, kind="tables")
    pd.testing.assert_frame_equal(given.x, pd.DataFrame(columns).astype({"town": object}), check_dtype=False)
    plain = take_in(make(PIXELS[:, 0, :, 0], LABELS), None, None, kind="tables")
    assert np.array_equal(plain.x, PIXELS[:, 0, :, 0])


def test_labels_may_come_beside_a_dataset_but_not_twice() -> None:
    alone = pipeline(PIXELS).map(lambda x: x)
    assert take_in(alone, LABELS, None, kind="images").y is LABELS
    with pytest.raises(InputError, match="`y` must be None where `x` is a dataset that gives it"):
        take_in(pipeline(PIXELS, LABELS), LABELS, None, kind="images")


def test_what_is_no_dataset_comes_back_as_it_is() -> None:
    assert take_in(PIXELS, LABELS, None, kind="images").x is PIXELS
    assert not is_stream(PIXELS)


@pytest.mark.parametrize(
    ("dataset", "message"),
    [
        (pipeline(PIXELS, LABELS).repeat(), "repeats for ever"),
        (pipeline(PIXELS, LABELS).take(0), "without samples"),
        (pipeline(PIXELS, LABELS, WEIGHTS, LABELS), "elements of 4 parts"),
        (pipeline({"a": PIXELS}, LABELS), r"a dict of \['a'\]"),
        (pipeline((PIXELS, PIXELS), LABELS), "2 inputs"),
        (tf.data.Dataset.range(3).map(lambda n: (tf.zeros((n + 1, 4, 3)), n)), "all samples in one shape"),
        (
            tf.data.Dataset.range(3).map(lambda n: (tf.zeros((1, n + 1, 4, 3)), n[None])),
            r"must be alike.*shape \(1, 4, 3\)",
        ),
    ],
)
def test_a_dataset_that_cannot_be_used_is_explained(dataset: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        take_in(dataset, None, None, kind="images")


def test_a_dataset_that_takes_too_long_is_cut_with_a_warning() -> None:
    seen: list[int] = []
    dataset = pipeline(PIXELS, LABELS).batch(4)
    given = take_in(dataset, None, None, kind="images", seconds=0.0, on_progress=seen.append)
    assert seen == [4]
    assert given.x.shape == (4, 6, 5, 3)
    assert given.y.tolist() == LABELS[:4].tolist()
    assert "the first 4 samples are used" in given.warnings[0]


def test_the_file_behind_images_has_no_name_and_goes_with_them(tmp_path: Path) -> None:
    given = take_in(pipeline(PIXELS, LABELS), None, None, kind="images", folder=tmp_path / "study")
    assert list((tmp_path / "study").iterdir()) == []
    assert _mapped(tmp_path) or not Path("/proc/self/maps").exists()
    del given
    gc.collect()
    assert not _mapped(tmp_path)


def _mapped(folder: Path) -> bool:
    maps = Path("/proc/self/maps")
    return maps.exists() and str(folder) in maps.read_text()


def test_what_is_predicted_comes_in_pieces() -> None:
    dataset = pipeline(PIXELS, LABELS).batch(4)
    assert [len(piece.x) for piece in pieces(dataset, kind="images")] == [4, 4, 2]
    large = np.broadcast_to(np.uint8(0), (3, 1 << 14, 1 << 14))
    assert [len(piece.x) for piece in pieces(large, kind="images")] == [1, 1, 1]
    assert next(pieces(PIXELS, kind="images")).x is PIXELS
