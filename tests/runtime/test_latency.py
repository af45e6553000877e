"""Profiles: sums over operators, on a profile whose costs are known."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from easynas.runtime import Profile
from easynas.runtime.latency import FORMAT, Accuracy, Cost
from easynas.runtime.operators import CALL
from easynas.runtime.sketch import Sketch


def cost(**ms: float) -> Cost:
    names = ("one", "work", "inputs", "outputs", "rows", "ragged", "patches", "weights")
    return Cost((1, 1), tuple(ms.get(name, 0.0) for name in names), 0.1, 12)


PROFILE = Profile(
    device={"machine": "a board", "processor": "small", "interpreter": "one 1.0"},
    threads=1,
    costs={
        CALL: cost(one=0.5),
        "CONV_2D 3x3 float32": cost(one=1.0, work=0.001),
        "RELU float32": cost(outputs=0.01),
        "TANH float32": cost(outputs=0.03),
        "EXP float32": cost(outputs=0.02),
    },
    accuracy={"float32": Accuracy(0.05, 0.1, 0.99, 16)},
    unsupported=("GELU float32",),
)


def file_of(*names: str, numbers: str = "float32") -> bytes:
    sketch = Sketch(numbers)
    x = sketch.conv(sketch.take((1, 4, 4, 2)), 3, side=3)
    for name in names:
        x = sketch.each(name, x)
    return sketch.pack(x)


def test_a_file_takes_what_its_operators_take() -> None:
    convolution = 1.0 + 0.001 * (16 * 9 * 2 * 3)
    assert PROFILE.predict(file_of()) == pytest.approx(0.5 + convolution)
    assert PROFILE.predict(file_of("RELU", "TANH")) == pytest.approx(0.5 + convolution + 48 * (0.01 + 0.03))


def test_parts_say_where_the_time_goes(tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(file_of("TANH", "TANH"))
    parts = PROFILE.parts(path)
    assert [(part.kind, part.count) for part in parts] == [
        ("TANH float32", 2),
        ("CONV_2D 3x3 float32", 1),
        (CALL, 1),
    ]
    assert sum(part.ms for part in parts) == pytest.approx(PROFILE.predict(path))
    assert all(part.measured for part in parts)


def test_an_operator_that_was_not_measured_takes_what_others_take() -> None:
    part = next(part for part in PROFILE.parts(file_of("LOGISTIC")) if part.kind == "LOGISTIC float32")
    assert not part.measured
    assert part.ms == pytest.approx(48 * 0.02)  # the median of the other three


def test_numbers_that_were_not_measured_are_refused() -> None:
    with pytest.raises(ValueError, match=r"has measured: \['float32'\].*CONV_2D 3x3 int8"):
        PROFILE.predict(file_of(numbers="int8"))


def test_what_was_saved_is_loaded(tmp_path: Path) -> None:
    PROFILE.save(tmp_path / "pi.json")
    assert Profile.load(tmp_path / "pi.json") == PROFILE


SAVED = {"format": FORMAT, "device": {}, "threads": 1, "costs": {}, "accuracy": {}, "unsupported": []}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{}", "as `easynas profile` wrote it"),
        ("no JSON", "as `easynas profile` wrote it"),
        ("[1]", "as `easynas profile` wrote it"),
        (json.dumps({"format": FORMAT + 1}), "upgrade easynas"),
        (json.dumps({**SAVED, "costs": {CALL: {"tile": [1, 1], "ms": [1.0], "error": 0, "probes": 1}}}), "1 costs"),
    ],
)
def test_what_is_no_profile_is_refused(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "wrong.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ValueError, match=said):
        Profile.load(path)


def test_missing_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"nowhere\.json"):
        Profile.load(tmp_path / "nowhere.json")
    with pytest.raises(ValueError, match=r"nowhere\.tflite"):
        replace(PROFILE).predict(tmp_path / "nowhere.tflite")
