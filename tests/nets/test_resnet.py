"""ResNet's units and stages."""

import numpy as np
import pytest
from keras import layers

from easynas.nets.resnet import BOTTLENECK_EXPANSION, ResNet
from tests.nets.drawn import built, pixels


@pytest.mark.parametrize(("unit", "expansion"), [("basic", 1), ("bottleneck", BOTTLENECK_EXPANSION)])
def test_widths_double_with_every_stage(unit: str, expansion: int) -> None:
    model = built(ResNet(), (32, 32, 3), unit=unit, width=4, stages=3, depth=1)
    assert model.output_shape == (None, 8, 8, 16 * expansion)


def test_the_first_stage_may_run_at_half_the_resolution() -> None:
    assert built(ResNet(), (32, 32, 3), stages=2, depth=1).output_shape[1:3] == (16, 16)
    assert built(ResNet(), (32, 32, 3), stages=2, depth=1, halve_first=True).output_shape[1:3] == (8, 8)


def test_every_unit_is_beside_a_shortcut() -> None:
    model = built(ResNet(), (16, 16, 3), width=4, stages=3, depth=2)
    assert sum(isinstance(layer, layers.Add) for layer in model.layers) == 3 * 2


@pytest.mark.parametrize("unit", ["basic", "bottleneck"])
def test_a_shortcut_is_the_identity_where_shapes_allow_it(unit: str) -> None:
    model = built(ResNet(), (8, 8, 3), unit=unit, width=8, stages=2, depth=3)
    adds = [layer for layer in model.layers if isinstance(layer, layers.Add)]
    sources = [add.input[0]._keras_history.operation for add in adds]
    projected = [isinstance(source, layers.Conv2D) for source in sources]
    # The first stage of basic units has the stem's width already.
    assert projected == [unit == "bottleneck", False, False, True, False, False]


def test_units_without_weights_leave_their_input_alone() -> None:
    one, three = (built(ResNet(), (8, 8, 3), width=8, stages=2, depth=depth) for depth in (1, 3))
    three.set_weights([np.zeros_like(weight) if weight.ndim == 4 else weight for weight in three.get_weights()])
    assert len(three.layers) > len(one.layers)
    assert not np.asarray(three(pixels(2, (8, 8, 3)), training=False)).any()
