"""Images in every shape and type that users have, and what they are told when it does not work."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from easynas.data.images import ingest_images
from easynas.errors import InputError

Y = np.arange(12) % 3


def pixels(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (12, *shape), dtype=np.uint8)


@pytest.mark.parametrize("shape", [(8, 8), (8, 12, 1), (28, 20, 3), (9, 7, 4), (16, 16, 7), (1, 40)])
def test_any_size_and_number_of_channels_is_accepted(shape: tuple[int, ...]) -> None:
    data = ingest_images(pixels(*shape), Y)
    assert data.encoder.schema.shape == shape
    assert data.y.tolist() == Y.tolist()
    assert len(data.encoder.schema.mean) == data.encoder.schema.channels
    assert data.weights is None
    assert data.warnings == ()


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_uint8_and_float32_are_not_copied(dtype: type) -> None:
    x = pixels(8, 8).astype(dtype)
    assert ingest_images(x, Y).samples is x
    assert np.shares_memory(ingest_images(x, Y).encoder.check(x[..., None]), x)


@pytest.mark.parametrize(
    ("x", "stored"),
    [
        (pixels(8, 8) > 100, np.uint8),
        (pixels(8, 8).astype(np.int64), np.uint8),
        (pixels(8, 8).astype(np.int16) - 5, np.float32),
        (pixels(8, 8).astype(np.uint16) * 200, np.float32),
        (pixels(8, 8) / 255, np.float32),
        (pixels(8, 8).astype(np.float16), np.float32),
        (pixels(8, 8).astype(">f4"), np.float32),
    ],
    ids=lambda value: str(getattr(value, "dtype", "")),
)
def test_every_numeric_type_keeps_its_values(x: np.ndarray, stored: type) -> None:
    data = ingest_images(x, Y)
    assert data.samples.dtype == stored
    assert np.array_equal(data.samples, x.astype(np.float32))
    assert data.encoder.schema.dtype == x.dtype.name


@pytest.mark.parametrize("container", [list, lambda x: x.tolist(), lambda x: pd.Series(list(x)), keras.ops.array])
def test_other_containers_give_the_same_data(container: Any) -> None:
    x = pixels(8, 8, 3)
    data = ingest_images(container(x), Y.tolist())
    assert np.array_equal(data.samples, x)
    assert data.samples.dtype == np.uint8


@given(
    arrays(np.float64, st.tuples(st.integers(2, 9), *[st.integers(1, 5)] * 3), elements=st.floats(-1e3, 1e3)),
    st.sampled_from([0.0, 1e6]),
)
def test_mean_and_variance_are_those_of_the_pixels(x: np.ndarray, offset: float) -> None:
    x[0, 0, 0, 0], x[1, 0, 0, 0] = 0, 1
    x = (x + offset).astype(np.float32)
    if x.shape[1] <= 4 < min(x.shape[2:]):
        return
    schema = ingest_images(x, np.arange(len(x))).encoder.schema
    exact = x.astype(np.float64).reshape(-1, x.shape[3])
    assert schema.mean == pytest.approx(exact.mean(axis=0), rel=1e-9, abs=1e-9)
    assert schema.variance == pytest.approx(exact.var(axis=0), rel=1e-6, abs=1e-9)


def test_statistics_agree_over_many_chunks() -> None:
    x = np.random.default_rng(0).integers(0, 256, (2000, 28, 28, 3), dtype=np.uint8)
    schema = ingest_images(x, np.arange(2000) % 2).encoder.schema
    assert schema.mean == pytest.approx(x.mean(axis=(0, 1, 2)))
    assert schema.variance == pytest.approx(x.var(axis=(0, 1, 2)))


def test_a_constant_channel_has_no_variance() -> None:
    x = pixels(8, 8, 3).astype(np.float32)
    x[..., 1] = 0.1
    assert ingest_images(x, Y).encoder.schema.variance[1] == 0.0


def with_pixel(value: float) -> np.ndarray:
    x = pixels(8, 8).astype(np.float64)
    x[3:5, 0, 0] = value
    return x


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (with_pixel(np.nan), "2 NaN or infinite pixels of 768, the first in image 3"),
        (with_pixel(-np.inf), "2 NaN or infinite pixels of 768, the first in image 3"),
        (with_pixel(1e300), "2 NaN or infinite pixels of 768, the first in image 3"),
        (np.zeros((12, 784)), r"shape \(12, 784\).*reshape\(-1, 28, 28\)"),
        (np.zeros((12, 30)), r"reshape\(-1, height, width\)"),
        (np.zeros(12), r"shape \(12,\)"),
        (np.zeros((12, 5, 8, 8, 3)), r"shape \(12, 5, 8, 8, 3\)"),
        (np.zeros((0, 8, 8)), r"empty array of shape \(0, 8, 8\)"),
        ([], "empty list"),
        (pixels(3, 32, 32), r"\(12, 3, 32, 32\), which looks channels-first; pass `x.transpose\(0, 2, 3, 1\)`"),
        (pixels(8, 8)[:11], "11 samples and 12 labels"),
        ([np.zeros((8, 8)), np.zeros((8, 9)), np.zeros((7, 7))], r"\(8, 8\) at index 0 and \(8, 9\) at index 1"),
        (np.array([np.zeros((8, 8)), np.zeros((9, 8))], dtype=object), r"\(8, 8\) at index 0 and \(9, 8\) at index 1"),
        ([[[1, 2], [3]]], "rows of unequal length"),
        ("images/", r"Received 'images/'; pass a list of paths, for example of `easynas.data.image_folder"),
        (["a.png", "b.png"], "2 samples and 12 labels"),
        (["no.png"] * 12, r"12 of 12 that cannot: 'no.png' \(No such file or directory\).* and 9 more"),
        (pd.Series(["no.png"] * 12), "12 of 12 that cannot"),
        ([Path("no.png")] * 12, "12 of 12 that cannot"),
        (np.zeros((12, 8, 8), complex), "dtype complex128"),
        (None, "NoneType"),
        ((image for image in pixels(8, 8)), "generator"),
        (np.full((12, 8, 8), 7, np.uint8), r"12 images in which all pixels are the same \(7\)"),
        (np.full((12, 8, 8), 0.1), r"12 images in which all pixels are the same \(0.1\)"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_unusable_images_are_explained(x: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        ingest_images(x, Y)


@pytest.mark.parametrize("y", [np.arange(12)[:, None] % 3, pd.Series(Y), Y.tolist()])
def test_labels_may_come_in_any_container(y: Any) -> None:
    assert ingest_images(pixels(8, 8), y).y.tolist() == Y.tolist()


@pytest.mark.parametrize("y", [np.eye(3)[Y], np.full(12, 1), np.linspace(0, 1, 12), 5])
def test_unusable_labels_are_an_input_error(y: Any) -> None:
    with pytest.raises(InputError, match="Received"):
        ingest_images(pixels(8, 8), y)


def test_weights_are_kept() -> None:
    data = ingest_images(pixels(8, 8), Y, sample_weight=pd.Series(range(12)))
    assert data.weights is not None
    assert data.weights.dtype == np.float32
    assert data.weights.tolist() == list(range(12))


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (np.ones(11), r"shape \(11,\) for 12 samples"),
        (np.ones((12, 1)), r"shape \(12, 1\)"),
        ([1.0] * 10 + [-1.0, -2.0], "-1.0 at row 10; 2 are unusable"),
        ([np.nan] + [1.0] * 11, "nan at row 0"),
        ([np.inf] + [1.0] * 11, "inf at row 0"),
        (np.zeros(12), "12 zeros"),
        (["heavy"] * 12, "heavy"),
    ],
)
def test_unusable_weights_are_explained(weights: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        ingest_images(pixels(8, 8), Y, sample_weight=weights)


def test_a_class_with_one_image_is_reported() -> None:
    (warning,) = ingest_images(pixels(8, 8), ["rare"] + ["common"] * 11).warnings
    assert "1 of 2 classes have a single sample" in warning
    assert "'rare'" in warning


def test_strong_imbalance_is_reported() -> None:
    x = np.repeat(pixels(8, 8), 10, axis=0)
    (warning,) = ingest_images(x, np.repeat(["few", "many"], [4, 116])).warnings
    assert "116 samples of 'many', 4 of 'few'" in warning
    assert ingest_images(x, np.repeat([0, 1], [20, 100])).warnings == ()


@pytest.mark.parametrize(("fitted", "given"), [((8, 9), (8, 9, 1)), ((8, 9, 1), (8, 9)), ((8, 9, 3), (8, 9, 3))])
def test_a_channel_axis_of_one_may_come_and_go(fitted: tuple[int, ...], given: tuple[int, ...]) -> None:
    encoder = ingest_images(pixels(*fitted), Y).encoder
    assert np.array_equal(encoder.check(pixels(*given)), pixels(*fitted))


@pytest.mark.parametrize(
    ("fitted", "x", "message"),
    [
        ((8, 8), np.zeros((4, 9, 8)), r"seen in `fit`, \(n, 8, 8\)\. Received \(4, 9, 8\)"),
        ((8, 8, 3), np.zeros((4, 8, 8, 1)), r"\(n, 8, 8, 3\)\. Received \(4, 8, 8, 1\)"),
        ((8, 8, 3), np.zeros((4, 8, 8)), r"\(n, 8, 8, 3\)\. Received \(4, 8, 8\)"),
        ((8, 8), np.zeros((8, 8)), r"one image of shape \(8, 8\); pass `x\[None\]`"),
        ((8, 8, 1), np.zeros((8, 8)), r"one image of shape \(8, 8\); pass `x\[None\]`"),
        ((8, 9), np.zeros((8, 9, 1)), r"one image of shape \(8, 9, 1\); pass `x\[None\]`"),
        ((8, 8, 3), np.zeros((8, 8, 3)), r"one image of shape \(8, 8, 3\); pass `x\[None\]`"),
        ((8, 8), np.full((4, 8, 8), np.nan), "256 NaN"),
        ((8, 8), np.zeros((0, 8, 8)), "empty"),
        ((8, 8), ["a.png"], "1 of 1 that cannot"),
        (
            (8, 8),
            pixels(8, 8) / 255,
            r"uint8 with a mean of .*Received float64 between 0 and 1; pass the pixels before",
        ),
    ],
)
def test_images_unlike_the_fitted_ones_are_explained(fitted: tuple[int, ...], x: Any, message: str) -> None:
    encoder = ingest_images(pixels(*fitted), Y).encoder
    with pytest.raises(InputError, match=message):
        encoder.check(x)


@pytest.mark.parametrize("x", [np.zeros((4, 8, 8)), np.ones((1, 8, 8)), pixels(8, 8).astype(float), pixels(8, 8) > 9])
def test_fitted_integers_can_be_predicted_in_another_type(x: np.ndarray) -> None:
    encoder = ingest_images(pixels(8, 8), Y).encoder
    assert np.array_equal(encoder.check(x), x)
