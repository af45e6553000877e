"""Compound scaling of inverted bottlenecks."""

import math

import pytest
from keras import layers

from easynas.nets.mbconv import STAGES, MBConv
from tests.nets.drawn import built


def depthwise(model: object) -> list[layers.DepthwiseConv2D]:
    return [layer for layer in model.layers if isinstance(layer, layers.DepthwiseConv2D)]


@pytest.mark.parametrize("width", [0.25, 1.0, 1.5])
def test_width_scales_every_stage(width: float) -> None:
    model = built(MBConv(), (32, 32, 3), width=width, depth=0.5)
    assert model.output_shape == (None, 4, 4, STAGES[-1][0] * width if width > 0.25 else 24)


@pytest.mark.parametrize("depth", [0.5, 1.0, 2.5])
def test_depth_scales_the_units_of_every_stage(depth: float) -> None:
    units = len(depthwise(built(MBConv(), (8, 8, 3), width=0.25, depth=depth)))
    assert units == sum(math.ceil(depth * units) for _, units, _ in STAGES)


@pytest.mark.parametrize(("resolution", "side"), [(0.5, 16), (0.75, 24), (1.0, 32)])
def test_resolution_scales_what_the_first_layer_sees(resolution: float, side: int) -> None:
    model = built(MBConv(), (32, 32, 3), width=0.25, depth=0.5, resolution=resolution)
    assert depthwise(model)[0].input.shape[1:3] == (side, side)


@pytest.mark.parametrize(("shape", "seen"), [((8, 8, 1), (8, 8)), ((10, 40, 1), (8, 20)), ((6, 12, 1), (6, 8))])
def test_small_images_are_not_reduced_below_eight_pixels(shape: tuple[int, ...], seen: tuple[int, int]) -> None:
    model = built(MBConv(), shape, width=0.25, depth=0.5, resolution=0.5)
    assert depthwise(model)[0].input.shape[1:3] == seen


def test_units_expand_in_all_stages_but_the_first() -> None:
    model = built(MBConv(), (16, 16, 3), width=1.0, depth=0.5, expansion=6)
    assert [layer.input.shape[-1] for layer in depthwise(model)] == [16, 6 * 16, 6 * 24, 6 * 40]


def test_units_are_residual_where_shapes_allow_it() -> None:
    model = built(MBConv(), (16, 16, 3), width=1.0, depth=1.0)
    # One in the first stage, which has the stem's width, and the second unit of each of the others.
    assert sum(isinstance(layer, layers.Add) for layer in model.layers) == 4


def test_squeeze_and_excite_gates_every_unit() -> None:
    model = built(MBConv(), (8, 8, 3), width=0.25, depth=0.5, squeeze_excite=True)
    assert sum(isinstance(layer, layers.Multiply) for layer in model.layers) == len(depthwise(model))
