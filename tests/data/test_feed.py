"""Batches: complete, shuffled, repeatable, cheap, and not a copy of the data."""

import itertools
import time
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from easynas.data.feed import train_batches
from easynas.data.images import ingest_images
from easynas.data.store import Arrays, Store
from easynas.schema import Answer


def numbered(count: int, dtype: type = np.float32) -> Arrays:
    """Samples whose every pixel is their own number."""
    x = np.broadcast_to(np.arange(count).reshape(-1, 1, 1, 1), (count, 2, 3, 1)).astype(dtype)
    return Arrays(x, np.arange(count, dtype=np.int32) % 3, np.arange(count, dtype=np.float32) + 1)


def drawn(arrays: Arrays, *, batches: int, batch_size: int, seed: int = 0) -> np.ndarray:
    """Numbers of the samples in the first batches."""
    feed = train_batches(arrays, Answer("classes", 3), batch_size=batch_size, seed=seed, threads=1)
    return np.concatenate([x.numpy()[:, 0, 0, 0] for x, _, _ in feed.take(batches)])


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_labels_and_weights_belong_to_their_images(dtype: type) -> None:
    for x, y, weights in train_batches(numbered(10, dtype), Answer("classes", 3), batch_size=4, seed=0, threads=1).take(
        5
    ):
        number = x.numpy()[:, 0, 0, 0]
        assert (x.dtype, y.dtype, weights.dtype) == (tf.float32, tf.float32, tf.float32)
        assert (x.shape, y.shape, weights.shape) == ((4, 2, 3, 1), (4, 3), (4,))
        assert np.array_equal(y.numpy(), np.eye(3)[number.astype(int) % 3])
        assert np.array_equal(weights.numpy(), number + 1)


@pytest.mark.parametrize(("count", "batch_size"), [(12, 4), (10, 4), (7, 7), (5, 100), (1, 1)])
def test_every_sample_is_seen_once_an_epoch(count: int, batch_size: int) -> None:
    size = min(batch_size, count)
    seen = drawn(numbered(count), batches=-(-3 * count // size), batch_size=batch_size)
    for epoch in range(3):
        assert sorted(seen[epoch * count : (epoch + 1) * count]) == list(range(count))


def test_all_batches_have_the_same_size() -> None:
    feed = train_batches(numbered(10), Answer("classes", 3), batch_size=4, seed=0, threads=1)
    assert feed.element_spec[0].shape == (4, 2, 3, 1)
    assert train_batches(numbered(10), Answer("classes", 3), batch_size=64, seed=0, threads=1).element_spec[
        1
    ].shape == (10, 3)


def test_epochs_are_shuffled_differently() -> None:
    first, second = np.split(drawn(numbered(50), batches=10, batch_size=10), 2)
    assert not np.array_equal(first, np.sort(first))
    assert not np.array_equal(first, second)


def test_the_seed_decides_the_order() -> None:
    first, again, other = (drawn(numbered(50), batches=10, batch_size=10, seed=seed) for seed in (0, 0, 1))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_arrays_that_tensorflow_cannot_borrow_are_read_all_the_same() -> None:
    buffer = np.zeros(4 * 60 + 4, np.uint8)[4:].view(np.float32).reshape(10, 2, 3, 1)
    buffer[:] = numbered(10).x
    locked = numbered(10).x.copy()
    locked.flags.writeable = False
    for x in (buffer, locked, np.asfortranarray(numbered(10).x), numbered(10).x[::-1][::-1]):
        assert sorted(drawn(numbered(10)._replace(x=x), batches=2, batch_size=5)) == list(range(10))


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Arrays:
    x = np.random.default_rng(0).integers(0, 256, (60_000, 28, 28), dtype=np.uint8)
    data = ingest_images(x, np.arange(60_000) % 10)
    rows = np.arange(60_000)
    folder = tmp_path_factory.mktemp("store")
    return Store.write(folder, data, data.encoder.at((28, 28)), train=rows, validation=rows[:10]).train()


def private_mb() -> float:
    """Memory of this process that is not backed by a file."""
    (line,) = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("RssAnon")]
    return int(line.split()[1]) / 1024


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads Linux's account of memory")
def test_memory_maps_are_not_copied(large: Arrays) -> None:
    next(
        iter(train_batches(numbered(10), Answer("classes", 3), batch_size=4, seed=0, threads=1))
    )  # TensorFlow's own start
    before = private_mb()
    batches = train_batches(large, Answer("classes", 10), batch_size=128, seed=0, threads=1)
    for _ in itertools.islice(batches, 500):
        pass
    assert private_mb() - before < 0.3 * large.x.nbytes / 2**20


def test_the_maps_stay_read_only(large: Arrays) -> None:
    next(iter(train_batches(large, Answer("classes", 10), batch_size=128, seed=0, threads=1)))
    assert not any(array.flags.writeable for array in large)


def test_a_batch_costs_little_beside_a_training_step(large: Arrays) -> None:
    batches = iter(train_batches(large, Answer("classes", 10), batch_size=128, seed=0, threads=1))
    next(batches)
    start = time.process_time()
    for _ in range(500):
        next(batches)
    # A step of a small network takes 20 ms on one core; 3 % of it are 0.6 ms.
    assert (time.process_time() - start) / 500 < 0.6e-3
