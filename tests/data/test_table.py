"""Tables: what columns are taken for, and the arrays they become."""

import datetime as dt
import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from easynas.data.table import TableEncoder
from easynas.errors import InputError
from tests.data.tables import frame_of_orders, orders

KINDS = {
    "order_id": "id",
    "weight": "numeric",
    "price": "numeric",
    "colour": "categorical",
    "grade": "numeric",
    "paid": "boolean",
    "ordered": "date",
    "delivered": "date",
    "comment": "text",
    "code": "id",
    "country": "constant",
    "zip/area": "categorical",
    "shop": "categorical",
}


def learned(x: Any, **kinds: str) -> TableEncoder:
    encoder = TableEncoder.learn(x, column_types=kinds)
    again = TableEncoder.from_config(json.loads(json.dumps(encoder.to_config())))
    assert again == encoder
    return again


def encoded(encoder: TableEncoder, x: Any) -> dict[str, np.ndarray]:
    arrays = encoder.encode(encoder.check(x))
    assert {name: (array.shape[1:], array.dtype.name) for name, array in arrays.items()} == encoder.inputs
    return arrays


def test_every_kind_of_column_is_recognised() -> None:
    summary = learned(frame_of_orders(), shop="categorical").summary()
    assert dict(zip(summary["column"], summary["kind"], strict=True)) == KINDS
    assert summary.set_index("column").loc["weight", "missing_percent"] == 15.0
    assert summary["why"].str.endswith(".").all()


def test_numbers_keep_nan_where_nothing_is_known() -> None:
    encoder = learned({"a": ["1", "NA", "3", "?", "inf", "5"]}, a="numeric")
    numbers = encoded(encoder, {"a": ["1", "", "3", None, np.inf, 5]})["numbers"][:, 0]
    np.testing.assert_allclose(numbers, [-2 / 1.8, np.nan, 0, np.nan, np.nan, 2 / 1.8], rtol=1e-6)


def test_large_numbers_keep_the_digits_in_which_they_differ() -> None:
    values = 1.7e9 + np.arange(100) / 10
    numbers = encoded(learned(values[:, None]), values[:, None])["numbers"][:, 0]
    np.testing.assert_allclose(np.diff(numbers), np.diff(numbers).mean(), rtol=1e-5)


@pytest.mark.parametrize("magnitude", [1e300, 1e-300])
def test_numbers_beyond_float32_stay_finite(magnitude: float) -> None:
    values = np.array([-1.0, 0, 1, 2])[:, None] * magnitude
    numbers = encoded(learned(values), values)["numbers"]
    assert np.isfinite(numbers).all()
    assert len(np.unique(numbers)) == 4


def test_categories_are_missing_unknown_or_counted_from_the_most_frequent() -> None:
    encoder = learned({"a": ["y", "x", "x", None, "x", "y", "rare", "z", "z"], "b": range(9)})
    codes = encoded(encoder, {"a": ["x", "y", "z", "rare", "never seen", "NA", None], "b": range(7)})["categories"]
    assert codes[:, 0].tolist() == [2, 3, 4, 1, 1, 0, 0]
    assert encoder.sizes == (5,)


def test_numbers_may_name_categories() -> None:
    encoder = learned(pd.DataFrame({"zip": [30001, 30001, 9, 9, 9, 5]}), zip="categorical")
    assert encoded(encoder, {"zip": [9, 30001, 5, np.nan, 7]})["categories"][:, 0].tolist() == [2, 3, 1, 0, 1]


def test_whole_numbers_with_few_values_are_both() -> None:
    arrays = encoded(learned({"month": [1, 2, 3, 3] * 3}), {"month": [3, 1, 12]})
    assert arrays["categories"][:, 0].tolist() == [2, 3, 1]
    assert arrays["numbers"].shape == (3, 1)


def test_tables_of_pixels_are_numbers_only() -> None:
    pixels = np.random.default_rng(0).integers(0, 8, (50, 64))
    assert set(learned(pixels).inputs) == {"numbers"}


def test_dates_become_days_and_the_parts_that_vary() -> None:
    moments = ["2024-02-28T06:00:00", "2024-02-29T18:30:00", "2024-03-01T00:00:00", None]
    encoder = learned({"at": moments})
    assert encoder.number_names == ("at days", "at month", "at day", "at weekday", "at hour")
    arrays = encoded(encoder, {"at": moments})
    assert arrays["categories"].tolist() == [[4, 30, 4, 8], [4, 31, 5, 20], [5, 3, 6, 2], [0, 0, 0, 0]]
    np.testing.assert_allclose(arrays["numbers"][:, 4], [-0.5, 6.5 / 12, -1, np.nan], rtol=1e-6)


@pytest.mark.parametrize(
    "dates",
    [
        ["31.01.2024", "01.02.2024", "15.03.2024"],
        ["01/31/2024", "02/01/2024", "03/15/2024"],
        ["31/01/2024", "01/02/2024", "15/03/2024"],
        ["Jan 31, 2024", "Feb 1, 2024", "Mar 15, 2024"],
        ["2024-01-31T00:00:00+05:00", "2024-02-01T00:00:00Z", "2024-03-15"],
        pd.to_datetime(["2024-01-31", "2024-02-01", "2024-03-15"]),
        pd.to_datetime(["2024-01-31", "2024-02-01", "2024-03-15"]).tz_localize("Asia/Tokyo"),
        pd.to_datetime(["2024-01-31", "2024-02-01", "2024-03-15"]).date,
    ],
    ids=lambda dates: str(dates[0]),
)
def test_dates_are_understood_in_the_usual_forms(dates: Any) -> None:
    expected = encoded(learned({"at": ["2024-01-31", "2024-02-01", "2024-03-15"]}), {"at": ["2024-01-31"]})
    arrays = encoded(learned({"at": list(dates)}), {"at": list(dates)[:1]})
    np.testing.assert_array_equal(arrays["numbers"], expected["numbers"])


def test_dates_with_another_time_zone_are_brought_to_the_one_of_training() -> None:
    dates = pd.Series(pd.date_range("2024-01-01", periods=40, freq="7h", tz="Asia/Tokyo"))
    encoder = learned(pd.DataFrame({"at": dates}))
    expected = encoded(encoder, pd.DataFrame({"at": dates}))
    arrays = encoded(encoder, pd.DataFrame({"at": dates.dt.tz_convert("UTC")}))
    np.testing.assert_array_equal(arrays["numbers"], expected["numbers"])


def test_every_container_gives_the_same_arrays() -> None:
    plain = {"a": [1.5, 2.5, 3.5, 2.5], "b": ["u", "v", "u", "v"]}
    rows = [list(row) for row in zip(*plain.values(), strict=True)]
    containers = [
        plain,
        pd.DataFrame(plain),
        pd.DataFrame(plain).astype({"a": "Float64", "b": "category"}),
        pd.DataFrame(plain, index=[9, 9, 9, 9]).astype({"b": "string"}),
        [dict(zip(plain, row, strict=True)) for row in rows],
        rows,
        [tuple(row) for row in rows],
        np.array(rows, dtype=object),
        np.array([tuple(row) for row in rows], dtype=[("a", "f8"), ("b", "U1")]),
        {"a": pd.Series([1.5, 2.5, 3.5, 2.5], index=[3, 2, 1, 0]), "b": np.array(list("uvuv"))},
    ]
    expected = encoded(learned(plain), plain)
    for x in containers:
        arrays = encoded(learned(x), x)
        for name, array in expected.items():
            np.testing.assert_array_equal(arrays[name], array)


def test_nullable_types_are_read() -> None:
    x = pd.DataFrame(
        {
            "i": pd.array([1, None, 3], "Int64"),
            "b": pd.array([True, None, False], "boolean"),
            "t": pd.to_timedelta(["1h", None, "3h"]),
        }
    )
    numbers = encoded(learned(x), x)["numbers"]
    assert np.isnan(numbers).tolist() == [[False] * 3, [True] * 3, [False] * 3]


def test_columns_may_come_in_any_order_and_dropped_ones_not_at_all() -> None:
    x = frame_of_orders()
    encoder = learned(x)
    expected = encoded(encoder, x)
    arrays = encoded(encoder, x.drop(columns=["code", "country"])[list(x.columns[::-1].drop(["code", "country"]))])
    for name, array in expected.items():
        np.testing.assert_array_equal(arrays[name], array)


def test_samples_are_chosen_by_index() -> None:
    encoder = learned(orders())
    samples = encoder.check(orders())
    rows = np.array([5, 3])
    assert (len(samples), len(samples[rows])) == (60, 2)
    for name, array in encoder.encode(samples).items():
        np.testing.assert_array_equal(encoder.encode(samples[rows])[name], array[rows])


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.zeros(3), r"shape \(3,\)\. Reshape your data: `x.reshape\(-1, 1\)`"),
        (np.zeros((0, 3)), r"0 sample\(s\) \(shape=\(0, 3\)\)"),
        ([], r"0 sample\(s\)"),
        (np.zeros((4, 2)), "2 columns without use: 'x0': Dropped: all cells say the same"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "Received 'a' more than once"),
        (pd.DataFrame([[1, 2]], columns=pd.MultiIndex.from_tuples([("a", 1), ("a", 2)])), "MultiIndex"),
        ({"a": [1, 2], "b": [1]}, "same length. Received lengths .*'b': 1"),
        ([[1, 2], [3]], "2 cells like the first. Received 1 at row 1"),
        ([1, 2], "Received 1 at row 0"),
        ({"a": [[1], [2]]}, "single value. Column 'a' holds list"),
        ("table.csv", "read a file first"),
        (np.array([[1j]]), "complex"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_unusable_tables_are_explained(x: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        TableEncoder.learn(x)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        ({"a": [1]}, r"Received no 'b'; rename"),
        ({"a": [1], "b": [2], "c": [3]}, r"Received 'c', which `fit` never saw"),
        ({"a": ["red"], "b": [2]}, "Column 'a' must be numeric as in `fit`. Received 'red'"),
        (np.zeros((1, 3)), "X has 3 features, but easynas is expecting 2"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_other_columns_than_in_fit_are_explained(x: Any, message: str) -> None:
    encoder = TableEncoder.learn({"a": [1.5, 2, 3], "b": [4.5, 5, 6]})
    with pytest.raises(InputError, match=message):
        encoder.check(x)


@pytest.mark.parametrize(
    ("kinds", "message"),
    [
        ({"c": "numeric"}, "must name columns of `x`: 'a'. Received 'c'"),
        ({"a": "number"}, "one of .*'numeric'.* Received 'number' for 'a'"),
        ({"a": "numeric"}, "Column 'a' must hold numbers .* Received 'u'"),
        ({"a": "date"}, "Column 'a' must hold dates .* Received 'u'"),
    ],
)
def test_wrong_column_types_are_explained(kinds: dict[str, str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        TableEncoder.learn({"a": ["u", "v"]}, column_types=kinds)


@pytest.mark.parametrize("lazy", [False, True])
def test_a_polars_frame_is_the_same_table_as_a_pandas_one(*, lazy: bool) -> None:
    polars = pytest.importorskip("polars", reason="polars is not installed")
    columns = {
        "size": [1.5, None, 2.5, 3.5] * 10,
        "town": ["Bern", None, "Köln", "Köln"] * 10,
        "sold": [True, False, None, True] * 10,
        "day": [dt.date(2024, 1, 1), None, dt.date(2024, 2, 3), dt.date(2025, 1, 1)] * 10,
    }
    given = polars.DataFrame(columns).lazy() if lazy else polars.DataFrame(columns)
    encoder, other = TableEncoder.learn(given), TableEncoder.learn(pd.DataFrame(columns))
    assert [column.profile.kind for column in encoder.columns] == [column.profile.kind for column in other.columns]
    encoded, expected = encoder.encode(encoder.check(given)), other.encode(other.check(pd.DataFrame(columns)))
    assert all(np.array_equal(encoded[name], expected[name], equal_nan=True) for name in expected)


def test_texts_become_topics_and_missing_ones_none() -> None:
    texts = ["the dress fits well", "it fits and I love it", "torn after a day", "torn and too late", "NA"]
    table = {"size": [1.5, 2.5, 4.0, 3.0, 2.0] * 40, "review": texts * 40}
    encoder = TableEncoder.learn(table, column_types={"review": "text"})
    again = TableEncoder.from_config(json.loads(json.dumps(encoder.to_config())))
    numbers = again.encode(again.check(table))["numbers"]
    np.testing.assert_array_equal(numbers, encoder.encode(encoder.check(table))["numbers"])
    assert again.number_names[:4] == ("size", "review length", "review words", "review topic 1")
    topics = numbers[:5, 3:]
    assert (topics[4] == 0).all()
    assert len(np.unique(topics, axis=0)) == 5
    assert not any("topic" in name for name in TableEncoder.learn({"a": texts}).number_names)  # five rows say nothing


def test_a_column_of_blank_texts_has_no_topics() -> None:
    table = {"a": np.arange(200.0), "b": ["NA", "?"] * 100}
    assert TableEncoder.learn(table, column_types={"b": "text"}).number_names == ("a", "b length", "b words")
