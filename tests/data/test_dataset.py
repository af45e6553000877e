"""Which samples go where: strata and folds of every kind of target."""

import numpy as np
import pytest

from easynas.data.split import folds, split, strata
from easynas.schema import Answer


def test_strata_of_classes_are_the_classes() -> None:
    y = np.array([2, 0, 1, 1])
    assert strata(y, Answer("classes", 3)).tolist() == [2, 0, 1, 1]


def test_strata_of_labels_are_their_rarest() -> None:
    y = np.array([[1, 0, 0], [1, 1, 0], [1, 0, 1], [0, 0, 0], [1, 1, 1], [0, 1, 0]], np.float32)
    found = strata(y, Answer("labels", 3))
    assert found[1] == found[5] != found[0]  # the second label is rarer than the first
    assert found[2] == found[4]  # the third is the rarest
    assert len(set(found.tolist())) == 4


def test_strata_of_numbers_are_their_tenths() -> None:
    y = np.random.default_rng(0).permutation(100).astype(np.float32)[:, None]
    found = strata(y, Answer("numbers", 1))
    assert np.bincount(found).tolist() == [10] * 10
    assert (found == y[:, 0] // 10).all()


def test_few_numbers_have_few_strata() -> None:
    y = np.arange(7, dtype=np.float32)[:, None]
    assert len(set(strata(y, Answer("numbers", 1)).tolist())) == 1
    assert len(split(strata(y, Answer("numbers", 1)), seed=0)[1]) == 1


@pytest.mark.parametrize("count", [2, 5])
def test_folds_have_equal_shares_of_every_class(count: int) -> None:
    classes = np.repeat([0, 1, 2], [50, 23, 4])
    found = folds(classes, count=count, seed=0)
    assert set(found.tolist()) == set(range(count))
    for label in range(3):
        sizes = np.bincount(found[classes == label], minlength=count)
        assert sizes.max() - sizes.min() <= 1
    assert not np.array_equal(found, folds(classes, count=count, seed=1))
