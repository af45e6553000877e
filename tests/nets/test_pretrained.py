"""Backbones with weights from files, and the heads on them."""

from pathlib import Path

import h5py
import keras
import numpy as np
import pytest
from keras.src.legacy.saving.legacy_h5_format import save_weights_to_hdf5_group

from easynas.data.backbones import ARCHITECTURES, NAMES, Architecture, recognise
from easynas.errors import InputError
from easynas.nets.network import Augment, OneOf, model_of
from easynas.nets.pretrained import (
    Backbone,
    Head,
    fine_tuned,
    fine_tuning,
    head_of,
    is_fine_tuned,
    pixels,
    scale_of,
    size_of,
)
from easynas.schema import Answer, ImageSchema

SMALLEST = next(each for each in ARCHITECTURES if each.parameters == 410_208)


def network_of(architecture: Architecture, side: int | None = None) -> keras.Model:
    make = getattr(keras.applications, architecture.function)
    return make(input_shape=(side, side, 3), include_top=False, weights=None, **architecture.options)


@pytest.fixture(scope="module")
def made() -> keras.Model:
    keras.utils.set_random_seed(0)
    return network_of(SMALLEST, 96)


@pytest.fixture(scope="module", params=["made.weights.h5", "downloaded.h5"])
def file(request: pytest.FixtureRequest, made: keras.Model, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights as Keras saves them today, and as the files to download hold them."""
    path = tmp_path_factory.mktemp("weights") / str(request.param)
    if path.name.endswith(".weights.h5"):
        made.save_weights(path)
    else:
        with h5py.File(path, "w") as group:
            save_weights_to_hdf5_group(group, made)
    return path


@pytest.mark.slow
def test_a_file_is_recognised_and_loaded_exactly(file: Path, made: keras.Model) -> None:
    architecture, path = recognise(file)
    assert (architecture, path) == (SMALLEST, file)
    assert recognise(f"mobilenet_v2:{file}") == (SMALLEST, file)
    loaded = Backbone(architecture, str(path), (64, 64), 1.0).network((64, 64, 3))
    assert not loaded.trainable_weights
    for mine, own in zip(loaded.get_weights(), made.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, own)


@pytest.mark.slow
def test_a_backbone_sees_what_the_whole_network_sees(file: Path, made: keras.Model) -> None:
    images = np.random.default_rng(0).integers(0, 256, (2, 96, 96, 3)).astype("float32")
    seen = model_of(Backbone(SMALLEST, str(file), (96, 96), 1.0), {}, (96, 96, 3))(images, training=False)
    prepared = keras.applications.mobilenet_v2.preprocess_input(images.copy())
    expected = np.asarray(made(prepared, training=False)).mean(axis=(1, 2))
    np.testing.assert_allclose(seen, expected, rtol=1e-4, atol=1e-9)
    grey = model_of(Backbone(SMALLEST, str(file), (96, 96), 255.0), {}, (96, 96, 1))
    np.testing.assert_allclose(
        grey(images[..., :1] / 255.0, training=False),
        np.asarray(
            made(keras.applications.mobilenet_v2.preprocess_input(np.repeat(images[..., :1], 3, 3)), training=False)
        ).mean(axis=(1, 2)),
        rtol=1e-3,
        atol=1e-9,
    )


@pytest.mark.slow
def test_a_fine_tuned_network_begins_as_its_backbone_and_head(file: Path, made: keras.Model) -> None:
    """All of it can be trained but for normalizations, and the weights of the head come last."""
    answer, shape = Answer("classes", 3), (64, 64, 1)
    backbone = Backbone(SMALLEST, str(file), (64, 64), 1.0)
    head = Head(answer, (0.0,) * 1280, (1.0,) * 1280)
    values = fine_tuning({"pretrained/units": 64, "pretrained/dropout": 0.2, "network": "pretrained"}, epochs=3)
    assert is_fine_tuned(values)
    assert not is_fine_tuned({"network": "pretrained"})
    network = model_of(fine_tuned(backbone, head, augment=Augment(True, 0)), values, shape)
    apart = model_of(head, values, (1280,))
    below = len(network.weights) - len(apart.weights)
    network.set_weights([*network.get_weights()[:below], *apart.get_weights()])
    images = np.random.default_rng(0).integers(0, 256, (2, *shape)).astype("float32")
    seen = model_of(backbone, {}, shape)(images, training=False)
    np.testing.assert_allclose(network(images, training=False), apart(seen, training=False), atol=1e-5)
    assert not any("moving" in weight.path for weight in network.trainable_weights)
    normalizations = sum(isinstance(layer, keras.layers.BatchNormalization) for layer in made.layers)
    assert len(network.trainable_weights) == below - 4 * normalizations + 4  # and two layers of the head
    before = [weight.numpy() for weight in network.non_trainable_weights]
    network(images, training=True)
    for weight, was in zip(network.non_trainable_weights, before, strict=True):
        if "moving" in weight.path:
            np.testing.assert_array_equal(weight, was)
    shipped = model_of(fine_tuned(backbone, head), values, shape)
    shipped.set_weights(network.get_weights()[: len(shipped.weights)])
    assert head_of(OneOf((head,))) is head
    with pytest.raises(TypeError, match="must be that of a design of heads"):
        head_of(head)


@pytest.mark.slow
@pytest.mark.parametrize("architecture", ARCHITECTURES, ids=lambda each: f"{each.name}-{each.parameters}")
def test_no_two_networks_have_as_many_parameters(architecture: Architecture) -> None:
    assert network_of(architecture).count_params() == architecture.parameters
    assert [each.parameters for each in ARCHITECTURES].count(architecture.parameters) == 1


@pytest.mark.parametrize(
    ("name", "prepare"),
    [
        ("mobilenet_v2", keras.applications.mobilenet_v2.preprocess_input),
        ("resnet50", keras.applications.resnet50.preprocess_input),
        ("resnet50_v2", keras.applications.resnet_v2.preprocess_input),
        ("efficientnet_v2_b0", keras.applications.efficientnet_v2.preprocess_input),
    ],
)
def test_pixels_are_prepared_as_the_weights_were_trained(name: str, prepare: object) -> None:
    assert callable(prepare)
    images = np.random.default_rng(0).integers(0, 256, (2, 4, 5, 3)).astype("float32")
    architecture = next(each for each in ARCHITECTURES if each.name == name)
    got = pixels(keras.ops.convert_to_tensor(images / 255.0), Backbone(architecture, "", (4, 5), 255.0))
    np.testing.assert_allclose(got, prepare(images.copy()), rtol=1e-4, atol=1e-3)


def test_what_cannot_be_the_weights_of_a_backbone_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"must be None, 'imagenet' or the path of a file\. Received: 5"):
        recognise(5)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="which is not there; download or save one first, or leave `weights` out"):
        recognise(tmp_path / "absent.weights.h5")
    (tmp_path / "text.h5").write_text("no weights")
    with pytest.raises(InputError, match="must be the path of an HDF5 file"):
        recognise(tmp_path / "text.h5")
    with h5py.File(tmp_path / "other.weights.h5", "w") as other:
        other["layers/conv2d/vars/0"] = np.zeros((3, 3, 3, 8), np.float32)
        other["optimizer/vars/0"] = np.zeros(1_000)
    for given in (tmp_path / "other.weights.h5", f"resnet50:{tmp_path / 'other.weights.h5'}"):
        with pytest.raises(InputError, match="with 216 parameters; save them from a network that was made with"):
            recognise(given)


def test_equal_counts_of_other_layers_are_refused_when_they_are_loaded(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "other.weights.h5", "w") as other:
        other["layers/conv2d/vars/0"] = np.zeros(SMALLEST.parameters, np.float32)
    architecture, path = recognise(tmp_path / "other.weights.h5")
    with pytest.raises(InputError, match="must be those of mobilenet_v2 as Keras saves them"):
        Backbone(architecture, str(path), (32, 32), 1.0).network((32, 32, 3))


def test_a_machine_without_a_network_says_where_to_put_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")  # nobody listens there
    with pytest.raises(InputError, match=r"must be able to download mobilenet_v2_\w+.*or leave `weights` out"):
        recognise("imagenet")
    assert not list((tmp_path / "models").iterdir())


def test_pixels_reach_from_0_to_255_whatever_they_came_in() -> None:
    assert scale_of(ImageSchema((8, 8, 3), "uint8", (120.0, 90.0, 80.0), (9.0, 9.0, 9.0))) == 1.0
    assert scale_of(ImageSchema((8, 8), "float32", (0.4,), (0.1,))) == 255.0
    with pytest.raises(InputError, match="before they were standardised"):
        scale_of(ImageSchema((8, 8), "float32", (-0.1,), (1.0,)))
    with pytest.raises(InputError, match="must have 1 or 3 channels where `weights` are given"):
        scale_of(ImageSchema((8, 8, 2), "uint8", (120.0, 3.0), (9.0, 9.0)))


def test_images_keep_their_shape_where_they_are_enlarged() -> None:
    assert size_of(28, 28, 96) == (96, 96)
    assert size_of(60, 90, 96) == (96, 144)
    assert NAMES[0] == "mobilenet_v2"
