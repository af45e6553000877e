"""Which samples train and which are held out."""

import numpy as np
import pandas as pd
import pytest

from easynas.data.dataset import Dataset, ingest
from easynas.data.images import ingest_images
from easynas.data.table import TableEncoder
from easynas.data.tokenizer import TextEncoder, check_texts
from easynas.tasks.division import FOLDS, SMALL, Division
from easynas.tasks.image import Images
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
    found = Division.of(data, None, modality, seed=0)
    assert found.folds is None
    assert sorted([*found.train, *found.validation]) == list(range(2400))
    assert 0.15 < len(found.validation) / 2400 < 0.25
    repeats = 4 if isinstance(modality, Texts) else 3
    assert not {*(found.train // repeats)} & {*(found.validation // repeats)}


def test_equal_samples_are_in_one_fold() -> None:
    data = rows(600)
    numbers = Division.of(data, None, Tables(), seed=0).folds
    assert numbers is not None
    assert set(numbers.tolist()) == set(range(FOLDS))
    assert (numbers.reshape(-1, 3) == numbers[::3, None]).all()


def test_images_are_split_once_however_few() -> None:
    images = np.random.default_rng(0).integers(0, 256, (60, 6, 6), dtype=np.uint8)
    found = Division.of(ingest_images(images, np.arange(60) % 3), None, Images(), seed=0)
    assert SMALL > 60
    assert found.folds is None
    assert len(found.train) == 48


def test_validation_data_of_the_user_are_all_that_is_held_out() -> None:
    data = rows(300)
    found = Division.of(data, rows(60), Tables(), seed=0)
    assert found.folds is None
    assert len(found.train) == 300
    assert found.validation.tolist() == list(range(60))
