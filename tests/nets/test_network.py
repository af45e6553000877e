"""Whole networks: every genotype builds, everywhere, and weights travel between its forms."""

import dataclasses
from pathlib import Path

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from easynas.nets.conv import VGG
from easynas.nets.head import ImageHead, cool
from easynas.nets.network import WHITEN, Augment, ImageNetwork, OneOf, model_of, precision
from easynas.nets.resnet import ResNet
from easynas.schema import Answer
from tests.nets.drawn import CLASSES, SHAPES, image_network, pixels, plain, sampled, space_of

SEEDS = st.integers(0, 2**31)
# A network takes up to a second to build.
FEW = settings(max_examples=6, deadline=None)
FEWER = settings(max_examples=2, deadline=None)


@pytest.mark.slow
@FEW
@given(seed=SEEDS, shape=st.sampled_from(SHAPES))
def test_every_genotype_builds_for_every_shape(seed: int, shape: tuple[int, ...]) -> None:
    network = image_network(channels=shape[2])
    assert model_of(network, sampled(network, seed), shape).output_shape == (None, CLASSES)


def test_choices_that_are_not_made_take_their_default() -> None:
    network, shape = image_network(), (16, 12, 3)
    space = space_of(network)
    for values in ({}, {"network": "resnet"}, {"network": "vgg", "vgg/width": 8}):
        partial, whole = (model_of(network, each, shape) for each in (values, space.canonical(values)))
        assert [weight.shape for weight in partial.weights] == [weight.shape for weight in whole.weights]


@pytest.mark.slow
@FEWER
@given(seed=SEEDS)
def test_a_network_without_augmentation_takes_the_weights_of_one_with_it(seed: int) -> None:
    network, shape = image_network(), (16, 12, 3)
    values = sampled(network, seed)
    trained, shipped = (model_of(each, values, shape) for each in (network, plain(network)))
    shipped.set_weights(trained.get_weights())
    x = pixels(2, shape)
    np.testing.assert_array_equal(shipped(x, training=False), trained(x, training=False))


@pytest.mark.slow
@FEWER
@given(seed=SEEDS)
def test_weights_trained_in_bfloat16_go_into_the_float32_network(seed: int) -> None:
    network, shape = image_network(), (16, 12, 3)
    values = sampled(network, seed)
    with precision("mixed_bfloat16"):
        trained = model_of(network, values, shape)
    exact = model_of(network, values, shape)
    assert {weight.dtype for weight in trained.get_weights()} == {np.dtype("float32")}
    exact.set_weights(trained.get_weights())
    x = pixels(2, shape)
    np.testing.assert_allclose(exact(x, training=False), trained(x, training=False), atol=0.05)


@pytest.mark.parametrize("shape", [(1, 20, 1), (20, 1, 2), (3, 5, 1)])
def test_images_of_few_pixels_can_be_trained_on(shape: tuple[int, ...]) -> None:
    network = image_network("vgg", channels=shape[2])
    values = {**space_of(network).default(), "augment/cutout": True}
    model = model_of(network, values, shape)
    assert np.isfinite(model(pixels(4, shape), training=True)).all()


def test_raw_pixels_are_normalized_channel_by_channel() -> None:
    x = pixels(64, (8, 8, 2)) * (1.0, 0.0) + (0.0, 7.0)
    network = ImageNetwork(VGG(), ImageHead(Answer("classes", 2)), mean=(127.5, 7.0), variance=(5461.0, 0.0))
    model = model_of(network, space_of(network).default(), (8, 8, 2))
    (layer,) = (layer for layer in model.layers if isinstance(layer, keras.layers.Normalization))
    normal = np.asarray(layer(x))
    assert abs(normal[..., 0].mean()) < 0.1
    assert abs(normal[..., 0].std() - 1) < 0.1
    assert not normal[..., 1].any()


def test_only_augmented_networks_declare_augmentation() -> None:
    network = image_network("vgg")
    assert {"augment/shift", "augment/cutout"} < set(space_of(network).names)
    assert not any(name.startswith("augment") for name in space_of(plain(network)).names)


@pytest.mark.parametrize("mirror", [True, False])
def test_images_are_mirrored_only_where_the_data_allow_it(*, mirror: bool) -> None:
    network = image_network("vgg", mirror=mirror)
    model = model_of(network, space_of(network).default(), (8, 8, 3))
    assert any(type(layer).__name__ == "RandomMirror" for layer in model.layers) is mirror


@pytest.mark.slow
def test_the_seed_of_the_augmentation_decides_what_training_sees() -> None:
    x = pixels(8, (8, 8, 1))

    def outputs(seed: int) -> np.ndarray:
        network = ImageNetwork(
            VGG(),
            ImageHead(Answer("classes", 3)),
            mean=(120.0,),
            variance=(4000.0,),
            augment=Augment(mirror=True, seed=seed),
        )
        keras.utils.set_random_seed(0)
        model = model_of(network, space_of(network).default(), (8, 8, 1))
        return np.asarray(model(x, training=True))

    np.testing.assert_array_equal(outputs(0), outputs(0))
    assert not np.array_equal(outputs(0), outputs(1))


def test_the_choices_of_a_block_are_active_only_while_it_is_chosen() -> None:
    space = space_of(OneOf((VGG(), ResNet())))
    assert space.default()["network"] == "vgg"
    for chosen in ("vgg", "resnet"):
        prefixes = {name.partition("/")[0] for name in space.canonical({"network": chosen})}
        assert prefixes == {"network", chosen}


def test_one_of_builds_the_chosen_block() -> None:
    block = OneOf((VGG(), ResNet()))
    for chosen in (VGG(), ResNet()):
        values = space_of(block).canonical({"network": chosen.name})
        alone = model_of(chosen, space_of(chosen).default(), (16, 16, 3))
        assert model_of(block, values, (16, 16, 3)).count_params() == alone.count_params()


def test_the_users_own_precision_is_back_afterwards_whatever_happens() -> None:
    before = keras.config.dtype_policy()
    with pytest.raises(KeyError), precision("mixed_bfloat16"):
        assert keras.config.dtype_policy().name == "mixed_bfloat16"
        raise KeyError
    assert keras.config.dtype_policy() is before


def test_a_network_that_looks_both_ways_has_the_same_weights_and_the_mean_of_both_answers(tmp_path: Path) -> None:
    network, shape = plain(image_network("vgg")), (16, 12, 3)
    values = {**space_of(network).default(), WHITEN: True}
    once = model_of(network, values, shape)
    twice = model_of(dataclasses.replace(network, both_ways=True), values, shape)
    twice.set_weights(once.get_weights())
    x = pixels(4, shape)
    expected = 0.5 * (np.asarray(once(x)) + np.asarray(once(x[:, :, ::-1])))
    np.testing.assert_allclose(twice(x), expected, atol=1e-6)
    np.testing.assert_allclose(twice(x), twice(x[:, :, ::-1]), atol=1e-6)
    twice.save(tmp_path / "model.keras")
    np.testing.assert_allclose(keras.models.load_model(tmp_path / "model.keras")(x), expected, atol=1e-6)


def test_a_network_that_looks_both_ways_is_calibrated_as_a_whole() -> None:
    network, shape = dataclasses.replace(plain(image_network("vgg")), both_ways=True), (16, 12, 3)
    twice = model_of(network, space_of(network).default(), shape)
    x = pixels(4, shape)
    cooled = np.asarray(cool(twice, network.answer, 2.0)(x))
    expected = np.sqrt(np.asarray(twice(x)))
    np.testing.assert_allclose(cooled, expected / expected.sum(axis=1, keepdims=True), atol=1e-5)
