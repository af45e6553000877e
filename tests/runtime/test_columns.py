"""A table is encoded on a device as it was for training, cell by cell."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from easynas.data.registry import to_config
from easynas.data.table import TableEncoder
from easynas.runtime.columns import encode, restored

ROWS = 60
CELLS = st.one_of(
    st.none(),
    st.floats(allow_infinity=True),
    st.integers(-(10**6), 10**6),
    st.sampled_from(
        ["", "red", " red", "NA", "3", " 4.5 ", "1e3", "1_000", "2024-02-29", "2024-02-29 13:30:15", "x" * 30]
    ),
)


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    start = dt.datetime(2023, 1, 1, 5, 30, 10)
    return pd.DataFrame(
        {
            "amount": np.where(rng.random(ROWS) < 0.1, np.nan, rng.lognormal(size=ROWS) * 1000),
            "rooms": rng.integers(1, 5, ROWS),
            "colour": rng.choice(["red", "green", "blue", "NA", None], ROWS),
            "since": [start + dt.timedelta(hours=int(each)) for each in rng.integers(0, 20_000, ROWS)],
            "day": [f"{each:%d.%m.%Y}" for each in pd.date_range("2020-01-31", periods=ROWS, freq="9D")],
            "note": [
                " ".join(rng.choice(["good", "bad", "very", "café", "日本"], size)) for size in range(1, ROWS + 1)
            ],
            "constant": 1,
        }
    )


def device(encoder, columns):
    """What the runtime makes of columns by name."""
    parts = [
        encode(restored(column), list(columns[column["name"]]))
        for column in to_config(encoder)["columns"]
        if column["type"] != "DroppedColumn"
    ]
    numbers, categories = ([array for part in parts for array in part[side]] for side in (0, 1))
    return {"numbers": np.stack(numbers, 1), "categories": np.stack(categories, 1)}


def assert_same(encoder, rows, columns):
    expected = encoder.encode(encoder.check(rows))
    for name, received in device(encoder, columns).items():
        assert received.dtype == expected[name].dtype
        np.testing.assert_array_equal(received, expected[name])


def test_all_kinds_of_columns_are_encoded_as_for_training(table):
    encoder = TableEncoder.learn(table)
    kinds = {column["type"] for column in to_config(encoder)["columns"]}
    assert kinds == {"NumberColumn", "CategoryColumn", "DateColumn", "TextColumn", "DroppedColumn"}
    assert_same(encoder, table, table)
    assert_same(
        encoder, table.astype(object).where(table.notna(), None), {name: table[name].tolist() for name in table}
    )


@settings(max_examples=60, deadline=None)
@given(st.lists(CELLS, min_size=3, max_size=3))
def test_any_cell_of_objects_is_read_alike(cells):
    kinds = {"a": "numeric", "b": "categorical", "c": "text"}
    known = pd.DataFrame(
        {"a": [1.0, 2.0, 3.5] * 9, "b": ["red", "blue", "NA"] * 9, "c": [f"t {i} u" for i in range(27)]}
    )
    encoder = TableEncoder.learn(known, column_types=kinds)
    rows = pd.DataFrame({"a": ["7", cells[0]], "b": ["red", cells[1]], "c": ["some text", cells[2]]}, dtype=object)
    assert_same(encoder, rows, rows)


def test_what_texts_say_is_the_same_numbers():
    texts = ["the dress fits well", "it fits and I love it", "torn after a day", "torn and too late", "NA"] * 40
    known = pd.DataFrame({"review": texts, "size": np.arange(200.0)})
    encoder = TableEncoder.learn(known, column_types={"review": "text"})
    assert "review topic 1" in encoder.number_names
    rows = pd.DataFrame({"review": ["it fits", "NA", None, "日本 torn"], "size": [1.0, 2.0, 3.0, 4.0]})
    parts = [encode(restored(column), rows[column["name"]].tolist()) for column in to_config(encoder)["columns"]]
    received = np.stack([array for part in parts for array in part[0]], axis=1)
    np.testing.assert_array_equal(received, encoder.encode(encoder.check(rows))["numbers"])
