"""Samples as Keras takes them, checked and on disk."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from easynas.errors import InputError
from easynas.interop import arrays


def tree() -> dict[str, Any]:
    return {"image": np.arange(12.0).reshape(4, 3), "facts": [np.arange(4), np.array(["a", "b", "c", "ä"])]}


def test_what_is_written_is_read_in_the_same_structure(tmp_path: Path) -> None:
    found = arrays.read(arrays.write(tmp_path / "x", tree()))
    assert list(found) == ["image", "facts"]
    assert isinstance(found["image"], np.memmap)
    assert found["image"].tolist() == tree()["image"].tolist()
    assert [each.tolist() for each in found["facts"]] == [each.tolist() for each in tree()["facts"]]


def test_samples_are_taken_from_every_array() -> None:
    taken = arrays.take(tree(), np.array([3, 0]))
    assert taken["facts"][1].tolist() == ["ä", "a"]
    assert arrays.length(taken) == 2


def test_other_values_or_shapes_have_another_fingerprint() -> None:
    x = np.arange(6.0)
    others = [x + 1, x.reshape(2, 3), x.astype("float32"), x[:5]]
    assert arrays.fingerprint(x) == arrays.fingerprint(x.copy())
    assert len({arrays.fingerprint(each) for each in [x, *others]}) == 5


@pytest.mark.parametrize(
    "bad",
    [(n for n in range(3)), np.array([None, {}]), 7, [np.zeros(3), np.zeros(4)], np.zeros((1, 2))],
    ids=["generator", "objects", "number", "lengths", "one sample"],
)
def test_what_are_no_samples_is_refused(bad: Any) -> None:
    with pytest.raises(InputError, match="`x`"):
        arrays.check_arrays("x", bad)
