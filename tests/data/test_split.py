"""Who is held out, and what a class counts."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from easynas.data.split import class_weights, split, validation_share
from easynas.errors import InputError

LABELS = st.lists(st.integers(0, 6), min_size=2, max_size=300).map(np.array)
LABELS = LABELS.filter(lambda labels: np.bincount(labels).max() > 1)
SEEDS = st.integers(0, 2**31)


@given(LABELS, SEEDS, st.none() | st.floats(0.01, 0.99))
def test_a_split_is_a_sorted_partition(labels: np.ndarray, seed: int, fraction: float | None) -> None:
    train, validation = split(labels, seed=seed, fraction=fraction)
    assert np.array_equal(np.sort(np.concatenate([train, validation])), np.arange(len(labels)))
    assert (np.diff(train) > 0).all()
    assert (np.diff(validation) > 0).all()


@given(LABELS, SEEDS, st.floats(0.01, 0.99))
def test_every_class_keeps_its_share(labels: np.ndarray, seed: int, fraction: float) -> None:
    train, validation = split(labels, seed=seed, fraction=fraction)
    for label, count in zip(*np.unique(labels, return_counts=True), strict=True):
        held_out = int((labels[validation] == label).sum())
        assert abs(held_out - fraction * count) <= 1
        assert (labels[train] == label).any()
        assert held_out >= min(1, count - 1)


def test_the_seed_decides() -> None:
    labels = np.arange(200) % 2
    first, again, other = (split(labels, seed=seed)[1] for seed in (0, 0, 1))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_sorted_data_is_shuffled() -> None:
    _, validation = split(np.repeat([0, 1], 500), seed=0)
    within = validation[validation < 500]
    assert within.min() < 50
    assert within.max() > 450
    assert len(np.unique(np.diff(within))) > 3


@pytest.mark.parametrize(
    ("count", "share"), [(10, 0.2), (2_000, 0.2), (20_000, 0.1), (50_000, 0.1), (60_000, 5_000 / 60_000)]
)
def test_the_share_follows_the_documented_rule(count: int, share: float) -> None:
    assert validation_share(count) == pytest.approx(share)


@given(st.integers(1, 10**6))
def test_more_data_never_means_a_larger_share(count: int) -> None:
    assert 0 < validation_share(count + 1) <= validation_share(count) <= 0.2
    assert validation_share(count) * count <= 5_000 + 1e-6


def test_nothing_to_hold_out_is_explained() -> None:
    with pytest.raises(InputError, match="3 samples, each of a class of its own"):
        split(np.arange(3), seed=0)


@pytest.mark.parametrize("fraction", [0.0, 1.0, -0.1, float("nan")])
def test_an_impossible_fraction_is_named(fraction: float) -> None:
    with pytest.raises(InputError, match=f"Received: {fraction}"):
        split(np.arange(10) % 2, seed=0, fraction=fraction)


def test_balanced_classes_count_the_same() -> None:
    assert class_weights(np.repeat([0, 1], [100, 200]), 2).tolist() == [1.0, 1.0]


def test_rare_classes_count_more_but_less_than_inversely() -> None:
    labels = np.repeat([0, 1], [900, 100])
    rare, common = class_weights(labels, 2)[[1, 0]]
    assert rare / common == pytest.approx(3.0)
    assert class_weights(labels, 2)[labels].mean() == pytest.approx(1.0)


def test_a_class_without_samples_counts_one() -> None:
    assert class_weights(np.repeat([0, 2], [900, 100]), 3)[1] == 1.0
