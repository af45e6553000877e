"""Which samples train and which are held out."""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_digits

from easynas.data.dataset import Dataset, ingest
from easynas.data.images import ingest_images
from easynas.data.table import TableEncoder
from easynas.data.tokenizer import TextEncoder, check_texts
from easynas.tasks.division import FOLDS, SMALL, Division
from easynas.tasks.tabular import Tables
from easynas.tasks.text import Texts


def texts(count: int) -> Dataset:
    """Every text four times."""
    x = check_texts([f"text {number // 4}" for number in range(count)])
    return ingest(x, np.arange(count) // 4 % 2, learn=lambda given: (given, TextEncoder.learn(given)))


def rows(count: int) -> Dataset:
    """Every row three times, with missing cells."""
    numbers = np.arange(count) // 3
    x = pd.DataFrame({"a": np.where(numbers % 5 == 0, np.nan, numbers), "b": numbers.astype(str)})
    encoder = TableEncoder.learn(x)
    return ingest(x, numbers % 2, learn=lambda _: (encoder.check(x), encoder))


@pytest.mark.parametrize(("data", "modality"), [(texts(2400), Texts()), (rows(2400), Tables())])
def test_equal_samples_are_on_one_side(data: Dataset, modality: Texts | Tables) -> None:
    found = Division.of(data, None, seed=0)
    assert found.folds is None
    assert sorted([*found.train, *found.validation]) == list(range(2400))
    assert 0.15 < len(found.validation) / 2400 < 0.25
    repeats = 4 if isinstance(modality, Texts) else 3
    assert not {*(found.train // repeats)} & {*(found.validation // repeats)}


def test_equal_samples_are_in_one_fold() -> None:
    data = rows(600)
    numbers = Division.of(data, None, seed=0).folds
    assert numbers is not None
    assert set(numbers.tolist()) == set(range(FOLDS))
    assert (numbers.reshape(-1, 3) == numbers[::3, None]).all()


def test_few_images_are_all_held_out_once() -> None:
    x, y = load_digits(return_X_y=True)
    found = Division.of(ingest_images(x.reshape(-1, 8, 8), y), None, seed=0)
    assert len(y) < SMALL
    assert found.folds is not None
    assert found.networks == FOLDS
    assert found.encoded == len(y)
    assert sorted([*found.first.train, *found.first.validation]) == list(range(len(y)))
    assert found.first.validation.tolist() == np.flatnonzero(found.folds == 0).tolist()
    for number in range(FOLDS):
        np.testing.assert_allclose(np.bincount(y[found.folds == number]), np.bincount(y) / FOLDS, atol=2)


def test_a_part_of_folds_keeps_every_sample_in_its_own() -> None:
    data = rows(600)
    whole = Division.of(data, None, seed=0)
    part = whole.part(0.1, data, seed=0)
    assert whole.folds is not None
    assert part.folds is not None
    assert part.train.tolist() == part.validation.tolist()
    assert len(part.train) == 60
    np.testing.assert_array_equal(part.folds, whole.folds[part.train])
    least = whole.part(0.001, data, seed=0)
    assert least.folds is not None
    assert set(least.folds.tolist()) == set(range(least.networks))


def test_validation_data_of_the_user_are_all_that_is_held_out() -> None:
    data = rows(300)
    found = Division.of(data, rows(60), seed=0)
    assert found.folds is None
    assert len(found.train) == 300
    assert found.validation.tolist() == list(range(60))
