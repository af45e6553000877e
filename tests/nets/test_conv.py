"""VGG's stages."""

from keras import layers

from easynas.nets.conv import VGG
from tests.nets.drawn import built


def convolutions(model: object) -> list[int]:
    return [layer.filters for layer in model.layers if isinstance(layer, layers.Conv2D)]


def test_widths_double_up_to_four_times_the_first() -> None:
    assert convolutions(built(VGG(), (64, 64, 3), width=8, stages=4, depth=1))[1:] == [8, 16, 32, 32]


def test_every_stage_has_as_many_convolutions_as_its_depth_and_halves() -> None:
    model = built(VGG(), (32, 32, 3), width=8, stages=3, depth=3)
    assert convolutions(model) == [8] * 3 + [16] * 3 + [32] * 3
    assert model.output_shape == (None, 4, 4, 32)


def test_small_images_are_not_halved_to_nothing() -> None:
    assert built(VGG(), (8, 12, 1), stages=4, depth=1).output_shape[1:3] == (4, 6)


def test_large_images_get_a_stem_even_if_it_was_not_chosen() -> None:
    assert len(convolutions(built(VGG(), (48, 48, 3), width=16, stages=2, depth=1))) == 2
    assert convolutions(built(VGG(), (96, 96, 3), width=16, stages=2, depth=1)) == [8, 16, 32]
    assert convolutions(built(VGG(), (48, 48, 3), width=16, stages=2, depth=1, stem=True)) == [8, 16, 32]
