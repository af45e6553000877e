"""Which samples stay with a model."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from easynas.data.images import ingest_images
from easynas.tasks.division import Division
from easynas.tasks.judgement import kept_samples


@pytest.mark.parametrize(("side", "expected"), [(8, 1_024), (40, 256)])
def test_more_samples_stay_where_they_are_small_and_all_are_held_out(side: int, expected: int) -> None:
    images = np.zeros((8_000, side, side, 3), np.uint8)
    images[:, 0, 0, :2] = np.stack(np.divmod(np.arange(8_000), 256), axis=1)  # each can be told
    data = ingest_images(images, np.arange(8_000) % 4)
    division = Division.of(data, None, seed=0)
    study = SimpleNamespace(header={"validation": None})
    session: Any = SimpleNamespace(data=data, study=study, settings=SimpleNamespace(seed=0))
    kept = kept_samples(session, division)
    numbers = kept[:, 0, 0, 0].astype(int) * 256 + kept[:, 0, 0, 1]
    assert len(numbers) == len(set(numbers)) == min(expected, len(division.validation))
    assert set(numbers) <= set(division.validation)
    assert np.bincount(numbers % 4).max() - np.bincount(numbers % 4).min() <= 1
