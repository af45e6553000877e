"""The data on disk, and its reduction to a resolution."""

import pickle
import resource
from pathlib import Path

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from easynas.data.dataset import Dataset
from easynas.data.images import ImageEncoder, ingest_images
from easynas.data.reduction import Reduction, reduce_images, reduction
from easynas.data.store import Store
from easynas.errors import InputError, StudyError

TRAIN, VALIDATION = np.array([0, 2, 3, 5, 7, 8]), np.array([1, 4, 6, 9])


def noise(*shape: int, high: int = 256) -> np.ndarray:
    return np.random.default_rng(0).integers(0, high, shape, dtype=np.uint8)


def data(*shape: int, dtype: type = np.uint8, high: int = 256, weights: bool = False) -> Dataset:
    x = noise(10, *shape, high=high).astype(dtype)
    return ingest_images(x, np.arange(10) % 2, sample_weight=np.arange(10) if weights else None)


def write(folder: Path, images: Dataset, *, resolution: tuple[int, int]) -> Store:
    assert isinstance(images.encoder, ImageEncoder)
    return Store.write(folder, images, images.encoder.at(resolution), train=TRAIN, validation=VALIDATION)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_both_parts_come_back_as_they_were(tmp_path: Path, dtype: type) -> None:
    images = data(8, 6, dtype=dtype, weights=True)
    store = write(tmp_path, images, resolution=(8, 6))
    for part, rows in ((store.train(), TRAIN), (store.validation(), VALIDATION)):
        assert part.x.dtype == dtype
        assert np.array_equal(part.x, images.samples[rows][..., None])
        assert np.array_equal(part.y, images.y[rows])
        assert part.weights.tolist() == rows.tolist()


def test_without_weights_all_samples_count_one(tmp_path: Path) -> None:
    assert write(tmp_path, data(4, 4), resolution=(4, 4)).train().weights.tolist() == [1.0] * 6


def test_a_store_is_small_to_pickle_and_opens_again(tmp_path: Path) -> None:
    store = write(tmp_path, data(64, 64, 3), resolution=(32, 20))
    assert len(pickle.dumps(store)) < 1000
    assert pickle.loads(pickle.dumps(store)) == store  # noqa: S301
    assert Store.open(tmp_path) == store
    encoder = store.encoder
    assert isinstance(encoder, ImageEncoder)
    assert encoder.reduction == Reduction(factor=(2, 3), size=(32, 20))


def test_arrays_are_mapped_aligned_and_read_only(tmp_path: Path) -> None:
    store = write(tmp_path, data(8, 8), resolution=(8, 8))
    for _, array in (*store.train().each(), *store.validation().each()):
        assert isinstance(array, np.memmap)
        assert array.ctypes.data % 64 == 0
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_an_unfinished_store_does_not_open(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=tmp_path.name):
        Store.open(tmp_path)


def test_writing_replaces_what_was_there(tmp_path: Path) -> None:
    write(tmp_path, data(8, 8), resolution=(8, 8))
    assert write(tmp_path, data(6, 6), resolution=(3, 3)).train().x.shape == (6, 3, 3, 1)


def test_reduced_uint8_images_are_rounded(tmp_path: Path) -> None:
    images = data(8, 8, 3)
    x = write(tmp_path, images, resolution=(4, 4)).train().x
    exact = images.samples[TRAIN].reshape(6, 4, 2, 4, 2, 3).mean(axis=(2, 4))
    assert x.dtype == np.uint8
    assert np.abs(x - exact).max() <= 0.5


def test_images_with_few_grey_levels_are_not_rounded_away(tmp_path: Path) -> None:
    images = data(8, 8, high=2)
    x = write(tmp_path, images, resolution=(4, 4)).train().x
    assert x.dtype == np.float32
    assert np.array_equal(x, images.samples[TRAIN].reshape(6, 4, 2, 4, 2, 1).mean(axis=(2, 4)))
    assert write(tmp_path, images, resolution=(8, 8)).train().x.dtype == np.uint8


@pytest.mark.parametrize("resolution", [(9, 8), (8, 9), (0, 8), (-1, 8)])
def test_images_are_never_enlarged(tmp_path: Path, resolution: tuple[int, int]) -> None:
    with pytest.raises(InputError, match=f"Received: \\({resolution[0]}, {resolution[1]}\\)"):
        write(tmp_path, data(8, 8), resolution=resolution)


@given(st.tuples(st.integers(1, 200), st.integers(1, 200)), st.data())
def test_pooling_never_goes_below_the_resolution(shape: tuple[int, int], draw: st.DataObject) -> None:
    resolution = tuple(draw.draw(st.integers(1, size)) for size in shape)
    found = reduction(shape, resolution)
    assert found.size == resolution
    for given_size, wanted, factor in zip(shape, resolution, found.factor, strict=True):
        assert wanted <= given_size // factor < 2 * wanted or factor == 1


@pytest.mark.parametrize(
    ("shape", "resolution"),
    [
        ((28, 28, 1), (28, 28)),
        ((64, 50, 2), (16, 50)),
        ((28, 28, 1), (20, 20)),
        ((97, 61, 3), (20, 25)),
        ((9, 31), (1, 2)),
    ],
)
def test_numpy_and_keras_reduce_alike(shape: tuple[int, ...], resolution: tuple[int, int]) -> None:
    images = noise(5, *shape).astype(np.float32)
    by = reduction(shape, resolution)
    keras_images = images.reshape(*images.shape[:3], -1)
    pooled = keras.layers.AveragePooling2D(by.factor)(keras_images)
    expected = np.asarray(keras.layers.Resizing(*by.size, interpolation="bilinear")(pooled))
    np.testing.assert_allclose(reduce_images(images, by), expected, atol=2e-3)


@settings(max_examples=30)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 3), st.data())
def test_a_reduction_keeps_constant_images(height: int, width: int, channels: int, draw: st.DataObject) -> None:
    resolution = draw.draw(st.integers(1, height)), draw.draw(st.integers(1, width))
    images = np.full((3, height, width, channels), 77, np.uint8)
    reduced = reduce_images(images, reduction(images.shape[1:], resolution))
    assert reduced.shape == (3, *resolution, channels)
    assert (reduced == 77).all()


def test_chunks_do_not_show() -> None:
    images = noise(60, 128, 128, 3)
    by = reduction((128, 128, 3), (48, 48))
    assert np.array_equal(reduce_images(images, by)[40:42], reduce_images(images[40:42], by))


def test_without_room_for_the_data_there_is_a_sentence(tmp_path: Path) -> None:
    allowed, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, most))
    try:
        with pytest.raises(
            StudyError, match=r"room for 0\.1 MB of training data .* Received: File too large\. Make room"
        ):
            write(tmp_path, data(64, 64, 3), resolution=(64, 64))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (allowed, most))
    with pytest.raises(StudyError, match="complete store"):
        Store.open(tmp_path)


def test_a_store_knows_which_samples_it_holds(tmp_path: Path) -> None:
    rows = write(tmp_path, data(4, 4), resolution=(4, 4)).rows()
    assert [part.tolist() for part in rows] == [TRAIN.tolist(), VALIDATION.tolist()]
    (tmp_path / "rows.npz").unlink()
    with pytest.raises(StudyError, match=r"Received a folder without rows\.npz"):
        Store.open(tmp_path)


@pytest.mark.parametrize("folded", [False, True])
def test_what_is_seen_of_samples_is_a_store_like_theirs(tmp_path: Path, *, folded: bool) -> None:
    images, rows, numbers = data(4, 4), np.arange(10), np.arange(10) % 5
    assert isinstance(images.encoder, ImageEncoder)
    if folded:
        encoder = images.encoder.at((4, 4))
        store = Store.write(tmp_path / "data", images, encoder, train=rows, validation=rows, folds=numbers)
    else:
        store = write(tmp_path / "data", images, resolution=(4, 4))
    told: list[tuple[int, int]] = []
    seen = store.derived(
        tmp_path / "seen",
        lambda some: some.reshape(len(some), -1).astype(np.float32) * 2.0,
        chunk=4,
        on_progress=lambda done, total: told.append((done, total)),
    )
    assert Store.open(tmp_path / "seen") == seen
    for mine, theirs in zip(seen.parts(), store.parts(), strict=True):
        for part, source in ((mine.train, theirs.train), (mine.held_out, theirs.held_out)):
            np.testing.assert_array_equal(part.x, np.asarray(source.x, np.float32).reshape(len(source.y), 16) * 2.0)
            np.testing.assert_array_equal(part.y, source.y)
        np.testing.assert_array_equal(mine.rows, theirs.rows)
    assert told[-1] == (10, 10)
