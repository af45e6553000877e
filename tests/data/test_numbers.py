"""Numbers in, numbers out."""

import json
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from easynas.data.numbers import NumberTarget
from easynas.errors import InputError
from easynas.schema import Answer


@given(arrays(np.float64, st.tuples(st.integers(2, 20), st.integers(1, 3)), elements=st.integers(-(10**6), 10**6)))
def test_numbers_come_back_in_their_units_and_shape(y: np.ndarray) -> None:
    if not np.ptp(y, axis=0).any():
        return
    target = NumberTarget.from_config(json.loads(json.dumps(NumberTarget.learn(y).to_config())))
    decoded = target.decode(target.encode(y))
    assert decoded.shape == y.shape
    assert decoded.dtype == np.float64
    np.testing.assert_allclose(decoded, y, atol=1e-5 * max(target.scale) + 1e-9)


def test_networks_see_numbers_of_mean_zero_and_deviation_one() -> None:
    encoded = NumberTarget.learn(np.array([[1, 5], [3, 5], [5, 5]])).encode([[1, 5], [3, 5], [5, 5]])
    assert encoded.dtype == np.float32
    np.testing.assert_allclose(encoded, [[-1.2247449, 0], [0, 0], [1.2247449, 0]], rtol=1e-6)


def test_a_large_offset_costs_no_digits() -> None:
    y = 1e12 + np.arange(10.0)
    target = NumberTarget.learn(y)
    np.testing.assert_allclose(target.encode(y)[:, 0], (np.arange(10) - 4.5) / np.arange(10).std(), rtol=1e-6)
    np.testing.assert_allclose(target.decode(target.encode(y)), y, atol=1e-5)


def test_the_answer_says_how_to_undo_it() -> None:
    assert NumberTarget.learn([0, 2]).answer == Answer("numbers", 1, (1.0,), (1.0,))


@pytest.mark.parametrize(
    ("y", "names", "shape", "dtype"),
    [
        ([1, 2, 4], (), (3,), "f8"),
        ([[1, 2], [3, 4]], (), (2, 2), "f8"),
        (np.array([1, 2], np.float32), (), (2,), "f4"),
        (np.array([[1], [2]], np.uint8), (), (2, 1), "f8"),
        (np.array([1, 2.5], object), (), (2,), "f8"),
        ([Decimal("1.5"), Decimal("2.5")], (), (2,), "f8"),
        (pd.Series([1, 2], name="price"), ("price",), (2,), "f8"),
        (pd.Series([1, 2], dtype="Int16"), (), (2,), "f8"),
        (pd.DataFrame({"a": [1.0, 2], 7: [3, 5]}), ("a", "7"), (2, 2), "f8"),
    ],
    ids=repr,
)
def test_every_container_is_read(y: Any, names: tuple[str, ...], shape: tuple[int, ...], dtype: str) -> None:
    target = NumberTarget.learn(y)
    decoded = target.decode(target.encode(y))
    assert (target.names, decoded.shape, decoded.dtype) == (names, shape, np.dtype(dtype))
    np.testing.assert_allclose(decoded, np.asarray(y, np.float64), rtol=1e-6)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        ([1.0, np.nan, 2.0, None], "2 missing of 4, the first at row 1"),
        (pd.Series([1, None], dtype="Int64"), "1 missing of 2, the first at row 1"),
        ([1.0, np.inf], "inf at row 1; 1 of 2 samples are infinite"),
        (["1", "2"], "Received '1'; convert them"),
        (np.array(["1", "2"]), r"Received .*'1'.*convert"),
        (pd.to_datetime(pd.Series(["2020-01-01", "2020-01-02"])), "Received dtype datetime64.*convert"),
        (np.array([1j, 2]), "Received .*1j"),
        ("12", "one text: '12'"),
        ([], r"shape \(0,\)"),
        (None, r"shape \(\)"),
        (np.zeros((2, 2, 2)), r"shape \(2, 2, 2\)"),
        ([[1], [1, 2]], "Received .*1"),
        ([7, 7, 7], "3 samples that all have 7"),
    ],
    ids=repr,
)
def test_unusable_numbers_are_explained(y: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        NumberTarget.learn(y)


def test_another_number_of_columns_is_refused() -> None:
    with pytest.raises(InputError, match=r"2 numbers a sample seen in `fit`. Received 1"):
        NumberTarget.learn([[1, 2], [3, 4]]).encode([1, 2])
