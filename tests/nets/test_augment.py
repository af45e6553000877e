"""Augmentation: what may change in an image does, what may not does not."""

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from easynas.nets.augment import Cutout, RandomMirror, RandomShift

SHAPE = (7, 5, 3)
LAYERS = [lambda: RandomShift(2, 0), lambda: RandomMirror(0), lambda: Cutout(3, 0)]


def numbered(count: int, shape: tuple[int, ...] = SHAPE) -> np.ndarray:
    """The same image `count` times; every value in it is different and none is zero."""
    image = np.arange(1, np.prod(shape) + 1, dtype="float32").reshape(shape)
    return np.broadcast_to(image, (count, *shape)).copy()


def trained(layer: Any, x: np.ndarray) -> np.ndarray:
    return np.asarray(layer(x, training=True))


def shifted(image: np.ndarray, rows: int, columns: int, *, most: int) -> np.ndarray:
    """The crop of an image with reflected borders, as numpy makes it."""
    height, width, _ = image.shape
    padded = np.pad(image, ((most, most), (most, most), (0, 0)), mode="reflect")
    return padded[most + rows : most + rows + height, most + columns : most + columns + width]


@pytest.mark.parametrize("most", [1, 3])
def test_a_shifted_image_is_a_crop_with_reflected_borders(most: int) -> None:
    x = numbered(150)
    moves = range(-most, most + 1)
    crops = {(r, c): shifted(x[0], r, c, most=most) for r in moves for c in moves}
    images = trained(RandomShift(most, 0), x)
    found = [[move for move, crop in crops.items() if np.array_equal(crop, image)] for image in images]
    assert [len(candidates) for candidates in found] == [1] * len(x)
    rows, columns = zip(*(move for (move,) in found), strict=True)
    assert set(rows) == set(columns) == set(moves)
    assert rows != columns


def test_images_are_mirrored_or_left_alone() -> None:
    x = numbered(200)
    mirrored = [np.array_equal(image, x[0, :, ::-1]) for image in trained(RandomMirror(0), x)]
    alone = [np.array_equal(image, x[0]) for image in trained(RandomMirror(0), x)]
    assert all(one != other for one, other in zip(mirrored, alone, strict=True))
    assert 60 < sum(mirrored) < 140


@pytest.mark.parametrize("size", [1, 2, 3])
def test_cutout_erases_one_square_that_may_be_cut_at_the_border(size: int) -> None:
    x = numbered(200)
    areas = set()
    for image in trained(Cutout(size, 0), x):
        erased = image == 0
        np.testing.assert_array_equal(image[~erased], x[0][~erased])
        rows, columns, channels = (np.flatnonzero(erased.any(axis=axes)) for axes in ((1, 2), (0, 2), (0, 1)))
        assert len(channels) == 3
        assert erased[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].all()
        areas.add(len(rows) * len(columns))
        for found, side in ((rows, 7), (columns, 5)):
            assert len(found) == size or found[0] == 0 or found[-1] == side - 1
    assert max(areas) == size**2


@pytest.mark.parametrize("make", LAYERS)
def test_outside_training_nothing_changes(make: Any) -> None:
    x = numbered(20)
    layer = make()
    np.testing.assert_array_equal(layer(x, training=False), x)
    np.testing.assert_array_equal(layer(x), x)


@pytest.mark.parametrize("make", LAYERS)
def test_every_image_and_every_call_has_its_own_draw(make: Any) -> None:
    layer, x = make(), numbered(40)
    first, second = trained(layer, x), trained(layer, x)
    assert any(not np.array_equal(first[0], image) for image in first)
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(trained(make(), x), first)


@pytest.mark.parametrize("make", LAYERS)
def test_there_is_nothing_to_learn_or_to_store(make: Any) -> None:
    layer = make()
    layer(numbered(2), training=True)
    assert layer.get_weights() == []


@pytest.mark.parametrize("make", LAYERS)
def test_a_graph_with_any_number_of_images_draws_anew_at_every_call(make: Any) -> None:
    layer = make()
    signature = tf.TensorSpec((None, *SHAPE), tf.float32)
    graph = tf.function(lambda x: layer(x, training=True), input_signature=[signature])
    first, second = graph(numbered(30)), graph(numbered(30))
    assert not np.array_equal(first, second)
    assert graph(numbered(3)).shape == (3, *SHAPE)


@pytest.mark.parametrize("make", LAYERS)
def test_images_come_back_in_the_precision_of_the_network(make: Any) -> None:
    layer = make()
    layer.dtype_policy = keras.DTypePolicy("mixed_bfloat16")
    assert keras.backend.standardize_dtype(layer(numbered(2), training=True).dtype) == "bfloat16"
