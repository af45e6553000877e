"""Arrays too large to copy, and too large to read as a whole."""

import numpy as np
import pytest

from easynas.data.images import ImageEncoder
from easynas.data.pixels import Converted, as_stored, require_finite, statistics
from easynas.errors import InputError


class Vast:
    """A million images, every second one bright, that say that they fill 256 gigabytes; counts those looked at."""

    shape = (1 << 20, 8, 8)
    nbytes = 1 << 38

    def __init__(self) -> None:
        self.read = 0

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: slice) -> np.ndarray:
        start, stop, _ = rows.indices(len(self))
        self.read += stop - start
        bright = (np.arange(start, stop) % 2 * 100).astype(np.uint8)
        return np.broadcast_to(bright[:, None, None], (stop - start, 8, 8))


def test_a_large_array_of_another_type_is_converted_when_its_rows_are_asked_for() -> None:
    large = np.broadcast_to(np.linspace(0, 1, 16), (300_000, 8, 16))  # as large as 300 MB, in 128 bytes
    stored = as_stored(large)
    assert isinstance(stored, Converted)
    assert (stored.dtype, stored.shape, len(stored)) == (np.float32, large.shape, len(large))
    assert np.array_equal(stored[5:8], large[5:8].astype(np.float32))
    _, encoder = ImageEncoder.learn(large)
    assert np.array_equal(encoder.encode(stored[np.array([7])])[..., 0], large[7:8].astype(np.float32))


def test_of_an_array_that_is_larger_than_two_gigabytes_a_part_tells_the_statistics() -> None:
    images = Vast()
    mean, variance = statistics(images)
    assert (mean, variance) == ((pytest.approx(50.0, rel=1e-3),), (pytest.approx(2500.0, rel=1e-3),))
    assert images.read < len(images) / 50


def test_pixels_that_the_statistics_did_not_see_are_checked_when_they_are_encoded() -> None:
    images = np.zeros((4, 2, 2), np.float32)
    require_finite(images)
    images[2, 1, 1] = np.inf
    with pytest.raises(InputError, match="Pixels must be finite"):
        require_finite(images)
