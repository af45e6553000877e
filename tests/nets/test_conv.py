"""VGG's stages."""

import keras
import numpy as np
import pytest
from keras import layers

from easynas.nets.conv import VGG
from easynas.train.recipe import Recipe
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


@pytest.mark.parametrize("optimizer", ["muon", "adamw"])
def test_no_factor_behind_a_pooling_becomes_negative(optimizer: str) -> None:
    keras.utils.set_random_seed(0)
    model = built(VGG(), (8, 8, 1), width=4, stages=2, depth=2)
    normalizations = [layer for layer in model.layers if isinstance(layer, layers.BatchNormalization)]
    for layer in normalizations:
        layer.gamma.assign(np.full(layer.gamma.shape, 1e-3))
    rng = np.random.default_rng(0)
    x = rng.normal(size=(32, 8, 8, 1)).astype("float32")
    model.compile(Recipe(optimizer, peak=0.05, decay=0.0, smoothing=0.0).build(), "mse", jit_compile=False)
    model.fit(x, rng.normal(size=(32, *model.output_shape[1:])), epochs=3, verbose=0)
    lowest = [float(layer.gamma.numpy().min()) for layer in normalizations]
    pooled, *others = lowest[0], lowest[1], lowest[3]
    assert pooled >= 0
    assert min(others) < 0  # so that there is something to prevent
