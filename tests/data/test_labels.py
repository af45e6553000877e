"""Several labels a sample: in as indicators or lists, out in the same form."""

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from easynas.data.labels import LabelsTarget
from easynas.errors import InputError
from easynas.schema import Answer


def again(target: LabelsTarget) -> LabelsTarget:
    return LabelsTarget.from_config(json.loads(json.dumps(target.to_config())))


@given(st.lists(st.sets(st.sampled_from("abcdef")), min_size=1), st.sampled_from([list, tuple, set, frozenset]))
def test_collections_come_back_as_they_were(samples: list[set[str]], form: type) -> None:
    y = [form(sorted(sample)) for sample in samples]
    if not any(samples):
        return
    target = again(LabelsTarget.learn(y))
    decoded = target.decode(target.encode(y))
    assert decoded == y
    assert {type(sample) for sample in decoded} == {form}


@pytest.mark.parametrize("dtype", ["bool", "i1", "i8", "f4"])
@given(st.data())
def test_a_matrix_comes_back_as_it_was(dtype: str, data: st.DataObject) -> None:
    shape = st.tuples(st.integers(1, 6), st.integers(1, 4))
    y = data.draw(arrays(np.bool_, shape)).astype(dtype)
    target = again(LabelsTarget.learn(y))
    encoded = target.encode(y)
    assert encoded.dtype == np.float32
    decoded = target.decode(encoded)
    assert decoded.dtype == y.dtype
    np.testing.assert_array_equal(decoded, y)


def test_a_frame_comes_back_as_a_frame_and_its_columns_may_move() -> None:
    y = pd.DataFrame({"wet": [1, 0], "cold": [1, 1]})
    target = again(LabelsTarget.learn(y))
    pd.testing.assert_frame_equal(target.decode(target.encode(y[["cold", "wet"]])), y)
    assert target.answer == Answer("labels", 2)


def test_a_list_of_rows_of_zeros_and_ones_is_a_matrix() -> None:
    target = LabelsTarget.learn([[0, 1], [1, 1]])
    assert target.decode(target.encode([[0, 1], [1, 1]])).tolist() == [[0, 1], [1, 1]]


def test_numbers_and_series_of_lists_are_labels_too() -> None:
    y = pd.Series([[3, 1], [], [2]])
    target = LabelsTarget.learn(y)
    assert target.labels == (1, 2, 3)
    assert target.decode(target.encode(y)) == [[1, 3], [], [2]]


def test_every_label_may_have_its_own_threshold() -> None:
    target = LabelsTarget.learn([["a"], ["b"]])
    probabilities = [[0.4, 0.4], [0.2, 0.9]]
    assert target.decode(probabilities, [0.3, 0.5]) == [["a"], ["b"]]
    assert target.decode(probabilities, 0.4) == [["a", "b"], ["b"]]


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (["a|b", "c"], r"text such as 'a\|b'; split it"),
        ([["a"], None], "Received None at row 1; use"),
        ([["a"], "b"], "Received 'b' at row 1"),
        ([[], []], "2 samples without a single label"),
        ([["a"], [1]], "values of type int, str"),
        ([["a"], [None]], "values of type NoneType, str"),
        (np.array([[0, 2], [1, 1]]), "matrix that holds 2"),
        (np.array([[0, np.nan], [1, 1]]), "matrix that holds nan"),
        (np.array([["a", "b"]]), "matrix that holds 'a'"),
        (np.array([0, 1]), r"shape \(2,\)"),
        (None, r"shape \(\)"),
    ],
    ids=repr,
)
def test_unusable_labels_are_explained(y: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        LabelsTarget.learn(y)


def test_unknown_labels_are_named() -> None:
    with pytest.raises(InputError, match=r"the 2 seen in `fit`: 'a', 'b'. Received 'c' at row 1"):
        LabelsTarget.learn([["a"], ["b"]]).encode([["a"], ["c"]])
    with pytest.raises(InputError, match=r"2 labels seen in `fit` as columns. Received 3"):
        LabelsTarget.learn(np.eye(2)).encode(np.eye(3))
    with pytest.raises(InputError, match="none named 'wet'"):
        LabelsTarget.learn(pd.DataFrame({"wet": [1]})).encode(pd.DataFrame({"dry": [1]}))
