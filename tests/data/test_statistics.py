"""What networks know of the training samples."""

import json

import numpy as np

from easynas.data.statistics import MOST_BINS, NumberStatistics, TableStatistics


def test_numbers_are_described_without_the_missing_ones() -> None:
    numbers = np.array([[0, 5], [1, np.nan], [2, 5], [3, 5], [np.nan, 5]], np.float32)
    found = NumberStatistics.learn(numbers)
    assert found.median == (1.5, 5.0)
    assert found.scale == (1.5, 1.0)
    assert found.missing == (True, True)
    assert found.edges[1] == (5.0,)


def test_bins_hold_about_equally_many_samples() -> None:
    numbers = np.random.default_rng(0).lognormal(size=(5000, 1)).astype(np.float32)
    (edges,) = NumberStatistics.learn(numbers).edges
    counts = np.histogram(numbers, edges)[0]
    assert len(counts) == MOST_BINS
    assert counts.max() - counts[1:-1].min() <= 2


def test_a_number_that_is_mostly_zero_has_a_scale() -> None:
    numbers = np.zeros((100, 1), np.float32)
    numbers[:3] = 8
    found = NumberStatistics.learn(numbers)
    assert found.scale == (4.0,)
    assert found.edges == ((0.0, 8.0),)


def test_the_statistics_survive_json() -> None:
    arrays = {"numbers": np.eye(3, dtype=np.float32), "categories": np.array([[2], [0], [4]], np.int32)}
    found = TableStatistics.learn(arrays, (6,))
    assert found.codes == ((0, 2, 4),)
    assert TableStatistics.from_config(json.loads(json.dumps(found.to_config()))) == found


def test_a_number_that_is_mostly_zero_has_bins_where_it_is_not() -> None:
    rng = np.random.default_rng(0)
    numbers = np.where(rng.random(10_000) < 0.95, 0.0, rng.lognormal(size=10_000)).astype(np.float32)[:, None]
    (edges,) = NumberStatistics.learn(numbers).edges
    assert len(edges) > MOST_BINS - 3
    assert edges[0] == 0.0
    inside = np.histogram(numbers[numbers > 0], edges[1:])[0]
    assert inside.min() > 0.5 * inside.mean()
