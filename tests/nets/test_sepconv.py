"""SepConv's units and stages."""

from keras import layers

from easynas.nets.sepconv import SepConv
from tests.nets.drawn import built


def test_widths_double_and_sides_halve_with_every_stage() -> None:
    assert built(SepConv(), (32, 32, 3), width=8, stages=3, depth=1).output_shape == (None, 4, 4, 32)


def test_every_unit_has_as_many_convolutions_as_its_depth_beside_one_shortcut() -> None:
    model = built(SepConv(), (16, 16, 3), width=8, stages=2, units=2, depth=3)
    separable = [layer.filters for layer in model.layers if isinstance(layer, layers.SeparableConv2D)]
    assert separable == [8] * 6 + [16] * 6
    assert sum(isinstance(layer, layers.Add) for layer in model.layers) == 4


def test_small_images_are_not_halved_to_nothing() -> None:
    assert built(SepConv(), (8, 12, 1), width=8, stages=4, depth=1).output_shape[1:3] == (4, 6)
