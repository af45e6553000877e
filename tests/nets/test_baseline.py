"""The baseline: the same for everybody, and cheap whatever the images are."""

import keras_tuner
import numpy as np
import pytest

from easynas.nets.baseline import Baseline
from easynas.nets.cost import macs
from easynas.nets.network import model_of
from easynas.schema import Answer
from easynas.testing import check_block
from tests.nets.drawn import pixels


def baseline(channels: int) -> Baseline:
    return Baseline(Answer("classes", 10), (120.0,) * channels, (4000.0,) * channels)


def test_it_keeps_the_promises_of_a_block() -> None:
    check_block(Baseline(Answer("classes", 10), (0.0,), (1.0,)), shape=(28, 28, 1))


def test_there_is_nothing_to_choose() -> None:
    hp = keras_tuner.HyperParameters()
    baseline(3).declare(hp)
    assert hp.space == []


@pytest.mark.parametrize("shape", [(1, 1, 1), (8, 8, 1), (28, 28, 1), (32, 32, 3), (100, 60, 3), (224, 224, 3)])
def test_it_is_cheap_for_images_of_any_size(shape: tuple[int, ...]) -> None:
    model = model_of(baseline(shape[2]), {}, shape)
    assert macs(model) < 500_000
    np.testing.assert_allclose(np.asarray(model(pixels(3, shape))).sum(axis=1), 1, atol=1e-5)
