"""Equal data, equal name; other data, another name."""

import dataclasses

import numpy as np
import pytest

from easynas.data.dataset import Dataset
from easynas.data.fingerprint import fingerprint
from easynas.data.images import ingest_images

X = np.random.default_rng(0).integers(0, 256, (1000, 8, 8), dtype=np.uint8)
Y = np.arange(1000) % 3


def changed(array: np.ndarray, index: int) -> np.ndarray:
    copy = array.copy()
    copy[index] = 1 - np.minimum(copy[index], 1)
    return copy


def test_it_is_stable() -> None:
    # A change of this value means that studies from before cannot be continued.
    assert fingerprint(ingest_images(X, Y)) == "42d0f0edd2c83ed7f2c684961a20b102"


def test_memory_layout_does_not_count() -> None:
    assert fingerprint(ingest_images(np.asfortranarray(X), Y)) == fingerprint(ingest_images(X, Y))


@pytest.mark.parametrize(
    "other",
    [
        ingest_images(changed(X, 1), Y),
        ingest_images(X, changed(Y, 1)),
        ingest_images(X[:-1], Y[:-1]),
        ingest_images(X, Y.astype(str)),
        ingest_images(X.astype(np.float32), Y),
        ingest_images(X[::-1], Y[::-1]),
        ingest_images(X, Y, sample_weight=Y),
    ],
    ids=["an image", "a label", "one fewer", "text labels", "other type", "other order", "weights"],
)
def test_other_data_has_another_name(other: Dataset) -> None:
    assert fingerprint(other) != fingerprint(ingest_images(X, Y))


def test_warnings_do_not_count() -> None:
    data = ingest_images(X, Y)
    assert fingerprint(dataclasses.replace(data, warnings=("something",))) == fingerprint(data)
