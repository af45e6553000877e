"""What is read off a `.tflite` file: multiplications, parameters, memory."""

import keras
import pytest
from hypothesis import given
from hypothesis import strategies as st

from easynas.deploy.anatomy import ALIGNMENT, Anatomy, Life, arena_bytes
from easynas.deploy.quantize import quantize
from easynas.nets.cost import macs

LIVES = st.lists(
    st.builds(lambda size, first, length: Life(size, first, first + length), *[st.integers(0, 40)] * 3), max_size=20
)


@pytest.fixture(scope="module")
def files(bundle):
    """The same network in different numbers."""
    names = ("float32", "float16", "int8")
    return {name: quantize(bundle, name, integers=False, agreement=lambda _: 1.0).content for name in names}


@pytest.mark.slow
@pytest.mark.parametrize("quantization", ["float32", "float16", "int8"])
def test_multiplications_are_those_of_the_network(files, bundle, quantization):
    assert Anatomy.of(files[quantization]).macs == macs(bundle.device)


def test_parameters_are_those_of_the_network_with_its_normalizations_folded(files, bundle):
    folded = sum(
        layer.count_params()
        - layer.gamma.shape[0]  # what is left of each normalization is a bias
        - 2 * layer.gamma.shape[0]
        for layer in bundle.device.layers
        if isinstance(layer, keras.layers.BatchNormalization)
    )
    anatomy = Anatomy.of(files["float32"])
    assert abs(anatomy.parameters - (bundle.device.count_params() - folded)) < 60
    assert ("CONV_2D", 2) in anatomy.operators


def test_integers_need_a_quarter_of_the_memory(files):
    assert 0.2 < Anatomy.of(files["int8"]).arena_kb / Anatomy.of(files["float32"]).arena_kb < 0.5


@given(LIVES)
def test_an_arena_is_as_large_as_what_lives_at_once_and_no_larger_than_everything(lives):
    sizes = [-(-life.size // ALIGNMENT) * ALIGNMENT for life in lives]
    at_once = max(
        (
            sum(size for size, life in zip(sizes, lives, strict=True) if life.first <= now <= life.last)
            for now in range(81)
        ),
        default=0,
    )
    assert at_once <= arena_bytes(lives) <= sum(sizes)


def test_tensors_that_never_meet_share_their_place():
    assert arena_bytes([Life(32, 0, 1), Life(32, 2, 3), Life(16, 1, 2)]) == 48
