"""The hash table answers as a dictionary does."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from easynas.runtime.lookup import Lookup

NUMBERS = st.lists(st.integers(-(2**63), 2**63 - 1) | st.integers(0, 50), unique=True, max_size=60)


@settings(max_examples=60, deadline=None)
@given(NUMBERS, NUMBERS)
def test_it_finds_keys_and_nothing_else(keys: list[int], others: list[int]) -> None:
    position = {key: index + 1 for index, key in enumerate(keys)}
    asked = np.array(keys + others, np.int64)
    found = Lookup.of(np.array(keys, np.int64)).find(asked)
    assert found.tolist() == [position.get(number, 0) for number in asked.tolist()]


def test_keys_that_want_the_same_slots_are_all_found() -> None:
    rng = np.random.default_rng(0)
    keys = np.unique(rng.integers(-(2**63), 2**63 - 1, 50_000))
    np.testing.assert_array_equal(Lookup.of(keys).find(keys), np.arange(1, len(keys) + 1))
    assert not Lookup.of(keys).find(keys ^ 1).any()
