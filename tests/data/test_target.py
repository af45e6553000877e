"""Labels in, labels out."""

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from easynas.data.target import ClassTarget
from easynas.errors import InputError

DTYPES = ("i1", "i4", "i8", "u1", "u8", "bool", "f2", "f4", "f8", ">i4")


def same(left: np.ndarray, right: np.ndarray) -> bool:
    return left.dtype == right.dtype and left.shape == right.shape and bool((left == right).all())


@given(st.data(), st.sampled_from(DTYPES))
def test_numbers_come_back_with_their_values_and_dtype(data: st.DataObject, dtype: str) -> None:
    whole = st.booleans() if dtype == "bool" else st.integers(0 if dtype[0] == "u" else -100, 100)
    y = data.draw(arrays(np.dtype(dtype), st.integers(2, 30), elements=whole).filter(lambda a: len(np.unique(a)) > 1))
    target = ClassTarget.learn(y)
    codes = target.encode(y)
    assert codes.dtype == np.int32
    assert same(target.decode(codes), y)
    assert same(target.classes, np.unique(y))


TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))


@given(st.lists(TEXT, min_size=2), st.sampled_from([object, None]))
def test_text_comes_back_with_its_values_and_dtype(labels: list[str], dtype: type | None) -> None:
    y = np.array([*labels, "one", "another"], dtype=dtype)
    target = ClassTarget.learn(y)
    assert same(target.decode(target.encode(y)), y)


@given(st.lists(st.one_of(st.integers(-(2**62), 2**62), st.booleans(), st.text("ab")), min_size=2, unique=True))
def test_a_config_survives_json(labels: list[Any]) -> None:
    y = np.array([str(label) for label in labels]) if len({type(label) for label in labels}) > 1 else np.array(labels)
    if len(np.unique(y)) < 2:
        return
    target = ClassTarget.learn(y)
    again = ClassTarget.from_config(json.loads(json.dumps(target.to_config())))
    assert again == target
    assert same(again.classes, target.classes)


@pytest.mark.parametrize(
    ("y", "dtype"),
    [
        (pd.Series(["b", "a", "b"]), "O"),
        (pd.Series(["b", "a", "b"], dtype="category"), "O"),
        (pd.Series([3, 1, 3], dtype="category"), "i8"),
        (pd.Series(["b", "a"], dtype="string"), "O"),
        (pd.Series([3, 1], dtype="Int16"), "i2"),
        (pd.Series([3.0, 1.0], dtype="Float32"), "f4"),
        (pd.Series([True, False], dtype="boolean"), "?"),
        (pd.Index([3, 1, 3]), "i8"),
        (pd.DataFrame({"y": pd.array([3, 1], dtype="Int16")}), "i2"),
        (pd.Series([3, 1], index=[7, 7]), "i8"),
        (["b", "a"], "<U1"),
        ([True, False], "?"),
        ([3, 1, 3], "i8"),
        ((np.int32(3), np.int32(1)), "i4"),
        (np.array(["b", "a"], dtype=np.dtypes.StringDType()), np.dtypes.StringDType()),
    ],
    ids=repr,
)
def test_every_container_gives_an_array_of_its_own_kind(y: Any, dtype: Any) -> None:
    target = ClassTarget.from_config(json.loads(json.dumps(ClassTarget.learn(y).to_config())))
    decoded = target.decode(target.encode(y))
    assert decoded.dtype == np.dtype(dtype)
    assert decoded.tolist() == np.asarray(y).ravel().tolist()


def test_objects_stay_the_python_values_they_were() -> None:
    target = ClassTarget.learn(np.array([np.int64(3), 1], dtype=object))
    assert [type(label) for label in target.decode([0, 1])] == [int, int]


def test_a_column_vector_is_flattened() -> None:
    assert ClassTarget.learn(np.array([[3], [1], [3]])).encode(np.array([[1], [3]])).tolist() == [0, 1]


def test_labels_to_score_may_have_another_width() -> None:
    target = ClassTarget.learn(np.array([0, 1], dtype=np.int64))
    for y in (np.array([1, 0], np.uint8), np.array([1.0, 0.0]), np.array([True, False]), [1, 0]):
        assert target.encode(y).tolist() == [1, 0]


def test_large_integers_are_not_confused() -> None:
    target = ClassTarget.learn(np.array([2**63 - 1, 2**63 - 2]))
    assert target.encode(np.array([2**63 - 1], dtype=np.uint64)).tolist() == [1]


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (np.array([1.0, np.nan, 2.0, np.nan]), "2 missing labels of 4, the first at row 1"),
        (["a", None, "b"], "1 missing labels of 3, the first at row 1"),
        (["a", "b", float("nan")], "1 missing labels of 3, the first at row 2"),
        (pd.Series([None, 1, 2], dtype="Int64"), "1 missing labels of 3, the first at row 0"),
        (pd.Series(["a", None, "b"], dtype="category"), "1 missing labels of 3, the first at row 1"),
        (np.eye(3), r"shape \(3, 3\).*one-hot.*argmax"),
        (np.array([[1, 2], [3, 4]]), r"shape \(2, 2\)\. Pass one column"),
        (np.zeros((2, 2, 2)), r"shape \(2, 2, 2\)"),
        (np.array(3), r"shape \(\)"),
        (None, r"shape \(\)"),
        ("cat", "one text: 'cat'"),
        ([], "empty"),
        ([[1], [1, 2]], "type list"),
        ([np.zeros((2, 1)), np.zeros((2, 3))], "unequal shapes"),
        (np.array([7, 7, 7]), "3 labels of 1 class: 7"),
        (np.array([0.0, 0.5, 1.0]), "0.5 at row 1; these look like a regression target"),
        (np.array([0.0, np.inf]), "inf at row 1"),
        ([1, "a"], "type int, str"),
        ([True, 2], "type bool, int"),
        ([{}, {}], "type dict"),
        (np.array([b"a", b"b"]), r"dtype \|S1"),
        (np.array([1j, 2j]), "dtype complex128"),
        (np.array(["2020-01-01", "2020-01-02"], dtype="datetime64[D]"), "dtype datetime64"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_unusable_labels_are_explained(y: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        ClassTarget.learn(y)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (["cat", "cow", "dog", "cow"], "2 classes seen in `fit`: 'cat', 'dog'. Received 'cow' at row 1; 2 of 4"),
        ([1, 2], "Received 1 at row 0; 2 of 2"),
        (["cat", None], "1 missing"),
    ],
)
def test_an_unknown_label_is_named(y: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        ClassTarget.learn(["cat", "dog"]).encode(y)


def test_many_classes_are_not_all_listed() -> None:
    with pytest.raises(InputError, match=r"1000 classes seen in `fit`: 0, .*8, 9, \.\.\.\. Received 1000"):
        ClassTarget.learn(np.arange(1000)).encode([1000])


def test_what_is_predicted_is_the_largest_multiple_of_its_threshold() -> None:
    target = ClassTarget(("cat", "dog", "eel"), "<U3", (0.5, 0.4, 0.1))
    again = ClassTarget.from_config(json.loads(json.dumps(target.to_config())))
    answers = np.array([[0.5, 0.3, 0.2], [0.8, 0.1, 0.1], [0.45, 0.5, 0.05]])
    assert again.predictions(answers).tolist() == ["eel", "cat", "dog"]
    assert ClassTarget(("cat", "dog", "eel"), "<U3").predictions(answers).tolist() == ["cat", "cat", "dog"]
