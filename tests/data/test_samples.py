"""The data that comes with the package."""

import os
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from benchmarks.make_sample import draw, write_sample
from easynas.samples import load_fashion

NAMES = {
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
}  # fmt: skip


def test_the_sample_has_the_documented_shapes() -> None:
    (x_train, y_train), (x_test, y_test) = load_fashion()
    assert (x_train.shape, x_test.shape) == ((4000, 28, 28), (1000, 28, 28))
    assert (x_train.dtype, x_test.dtype) == (np.uint8, np.uint8)
    assert (y_train.shape, y_test.shape) == ((4000,), (1000,))


def test_all_classes_have_the_same_size_and_their_names() -> None:
    for (_, y), each in zip(load_fashion(), (400, 100), strict=True):
        names, counts = np.unique(y, return_counts=True)
        assert set(names.tolist()) == NAMES
        assert set(counts.tolist()) == {each}


def test_no_test_image_is_in_the_training_part() -> None:
    (x_train, _), (x_test, _) = load_fashion()
    assert not {image.tobytes() for image in x_train} & {image.tobytes() for image in x_test}


def test_names_belong_to_their_images() -> None:
    (x_train, y_train), (x_test, y_test) = load_fashion()
    names = np.unique(y_train)
    means = np.stack([x_train[y_train == name].mean(axis=0).ravel() for name in names])
    flat = x_test.reshape(len(x_test), -1).astype(np.float64)
    distances = ((flat[:, None] - means[None]) ** 2).sum(axis=2)
    # Chance is 0.1; the nearest of the classes' mean images is right in about two of three cases.
    assert (names[distances.argmin(axis=1)] == y_test).mean() > 0.6


def test_the_file_is_small_and_its_licence_is_beside_it() -> None:
    folder = files("easynas.samples")
    assert len((folder / "fashion_mnist.npz").read_bytes()) < 3e6
    licence = (folder / "FASHION_MNIST_LICENSE").read_text(encoding="utf-8")
    assert "Copyright © 2017 Zalando SE, https://tech.zalando.com" in licence


def test_a_draw_is_stratified_and_without_repeats() -> None:
    labels = np.repeat([0, 1, 2], [50, 30, 20])
    chosen = draw(labels, 30, rng=np.random.default_rng(0))
    assert np.bincount(labels[chosen]).tolist() == [10, 10, 10]
    assert len(set(chosen.tolist())) == 30


@pytest.mark.slow
@pytest.mark.skipif("EASYNAS_DATA" not in os.environ, reason="needs the full data set")
def test_the_sample_can_be_made_again(tmp_path: Path) -> None:
    write_sample(Path(os.environ["EASYNAS_DATA"]) / "fashion_mnist.npz", tmp_path / "again.npz")
    with np.load(tmp_path / "again.npz") as again:
        assert np.array_equal(again["x_train"], load_fashion()[0][0])
        assert np.array_equal(again["x_test"], load_fashion()[1][0])
