"""The pieces that all blocks share."""

from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from easynas.data.images import ImageEncoder
from easynas.data.reduction import Reduction
from easynas.data.target import ClassTarget
from easynas.deploy.bundle import Bundle
from easynas.deploy.measure import Interpreter
from easynas.deploy.quantize import quantize
from easynas.nets.layers import (
    SMALLEST_SIDE,
    can_halve,
    conv,
    make_divisible,
    normal,
    normalize,
    reduction,
    squeeze_excite,
    stem,
)
from easynas.schema import ImageSchema

SIDES = st.integers(1, 2000)


@given(height=SIDES, width=SIDES)
def test_the_stem_brings_images_to_a_size_that_a_block_should_see(height: int, width: int) -> None:
    factor = reduction(keras.KerasTensor((None, height, width, 3)))
    side = (height * width) ** 0.5 / factor
    assert factor & (factor - 1) == 0
    assert factor == 1 or (side > 24 and min(height, width) / factor >= SMALLEST_SIDE)
    # Larger is only what would be too narrow otherwise.
    assert side <= 48 or min(height, width) / (2 * factor) < SMALLEST_SIDE


@settings(max_examples=10, deadline=None)
@given(height=st.integers(1, 400), width=st.integers(1, 400))
def test_the_stem_shrinks_both_sides_by_its_factor(height: int, width: int) -> None:
    x = keras.KerasTensor((None, height, width, 3))
    _, rows, columns, filters = stem(x, 8).shape
    assert filters == 8
    assert (rows, columns) == (-(-height // reduction(x)), -(-width // reduction(x)))


@pytest.mark.parametrize(("side", "allowed"), [(1, False), (4, False), (6, False), (7, True), (8, True), (32, True)])
def test_images_are_halved_while_they_keep_four_pixels(side: int, *, allowed: bool) -> None:
    assert can_halve(keras.KerasTensor((None, side, 100, 3))) is allowed
    assert can_halve(keras.KerasTensor((None, 100, side, 3))) is allowed


@given(width=st.floats(0.1, 2000), divisor=st.sampled_from([4, 8]))
def test_widths_become_multiples_and_never_lose_a_tenth(width: float, divisor: int) -> None:
    rounded = make_divisible(width, divisor)
    assert rounded % divisor == 0
    assert rounded >= max(divisor, 0.9 * width)
    assert rounded < width + divisor


def changed_channels(layer: Any, channel: int) -> set[int]:
    """Output channels of `layer` that depend on one of 8 input channels."""
    x = np.random.default_rng(0).normal(size=(1, 6, 6, 8)).astype("float32")
    other = x.copy()
    other[..., channel] += 1
    inputs = keras.Input((6, 6, 8))
    model = keras.Model(inputs, layer(inputs))
    difference = np.abs(np.asarray(model(x)) - np.asarray(model(other))).max(axis=(0, 1, 2))
    return set(np.flatnonzero(difference > 1e-6).tolist())


def test_groups_see_their_own_channels_only() -> None:
    assert changed_channels(lambda x: conv(x, 12, groups=4), 0) == {0, 1, 2}
    assert changed_channels(lambda x: conv(x, 12, groups=4), 7) == {9, 10, 11}
    assert changed_channels(lambda x: conv(x, 12), 0) == set(range(12))


def test_squeeze_and_excite_scales_whole_channels_between_zero_and_one() -> None:
    keras.utils.set_random_seed(0)
    x = np.random.default_rng(0).uniform(1, 2, size=(3, 6, 5, 8)).astype("float32")
    inputs = keras.Input((6, 5, 8))
    gates = np.asarray(keras.Model(inputs, squeeze_excite(inputs))(x)) / x
    np.testing.assert_allclose(gates, np.broadcast_to(gates[:, :1, :1], gates.shape), rtol=1e-5)
    assert gates.min() >= 0
    assert gates.max() <= 1
    assert gates.std(axis=3).min() > 1e-3


def test_squeezed_units_that_no_image_excites_leave_an_int8_file_that_runs() -> None:
    inputs = keras.Input((6, 5, 8))
    model = keras.Model(inputs, squeeze_excite(inputs))
    squeeze = next(layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D))
    squeeze.bias.assign(np.full(squeeze.filters, -10.0))
    x = np.random.default_rng(0).uniform(1, 2, size=(3, 6, 5, 8)).astype("float32")
    encoder = ImageEncoder(ImageSchema((6, 5, 8), "float32", (), ()), Reduction((1, 1), (6, 5)), whole=False)
    bundle = Bundle(model, model, encoder, ClassTarget.learn([0, 1]), samples=x)
    made = quantize(bundle, "int8", integers=False, agreement=lambda _: 1.0)
    np.testing.assert_allclose(Interpreter(made.content).run(x), model(x), atol=0.05)


@pytest.mark.parametrize(
    ("mean", "variance", "channels"),
    [
        ((120.0, 118.0, 110.0), (4000.0, 3900.0, 4500.0), 1),
        ((33.0,), (7000.0,), 1),
        ((33.0,), (0.0,), 1),
        ((120.0, 118.0, 110.0), (4000.0, 3900.0, 100.0), 3),  # a channel of little contrast
        ((20.0, 118.0, 220.0), (900.0, 900.0, 900.0), 3),  # means that are far apart
        ((120.0, 118.0, 5.0), (4000.0, 3900.0, 0.0), 3),  # a channel that never changes
    ],
)
def test_channels_that_are_alike_are_normalized_as_one(
    mean: tuple[float, ...], variance: tuple[float, ...], channels: int
) -> None:
    means, deviations = normal(mean, variance)
    assert len(means) == len(deviations) == channels
    pixels = np.random.default_rng(0).normal(mean, np.sqrt(variance), (4, 30, 30, len(mean))).astype("float32")
    normalized = np.asarray(normalize(keras.ops.convert_to_tensor(pixels), mean, variance))
    np.testing.assert_allclose(normalized, (pixels - means) / deviations, atol=1e-4)
    changing = [index for index, value in enumerate(variance) if value > 0]
    assert np.abs(normalized.mean((0, 1, 2))).max() < 0.55
    assert normalized.std((0, 1, 2))[changing] == pytest.approx(1.0, rel=0.5)
