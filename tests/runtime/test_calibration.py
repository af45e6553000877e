"""What is made of times, on times that are known."""

import numpy as np
import pytest

from easynas.runtime.calibration import accuracy, calibrate, cost, opened
from easynas.runtime.operators import Operator
from easynas.runtime.sketch import Sketch


def convolutions(count: int) -> list[Operator]:
    rng = np.random.default_rng(0)
    drawn = rng.integers(2, 65, size=(count, 3))
    return [
        Operator("CONV_2D 3x3 int8", int(side**2), 9, int(entering), int(leaving), int(side**2 * entering), 1, 1)
        for side, entering, leaving in drawn
    ]


def test_the_tiles_of_a_processor_are_found() -> None:
    operators = convolutions(30)
    ms = [0.001 + 2e-9 * operator.sizes((8, 16))[1] for operator in operators]
    found = cost(list(zip(operators, ms, strict=True)))
    assert found.tile == (8, 16)
    assert found.error < 0.01
    odd = Operator("CONV_2D 3x3 int8", 100, 9, 9, 17, 900, 1700, 1)
    assert found.of(odd) == pytest.approx(0.001 + 2e-9 * 100 * 9 * 16 * 32, rel=0.01)


def test_accuracy_is_that_of_ratios_and_of_the_order() -> None:
    measured = np.array([1.0, 2.0, 4.0, 8.0])
    right = accuracy(measured, measured)
    assert (right.median, right.p90, right.networks) == (0.0, 0.0, 4)
    assert right.rank == pytest.approx(1.0)
    wrong = accuracy(measured[::-1] * 1.0, measured)
    assert wrong.rank == pytest.approx(-1.0)
    assert accuracy(1.1 * measured, measured).p90 == pytest.approx(0.1)


@pytest.mark.parametrize("settings", [{"threads": 0}, {"seconds": 0.0}])
def test_settings_that_make_no_sense_are_refused_at_once(settings: dict) -> None:
    with pytest.raises(ValueError, match="must be at least 1"):
        calibrate(**settings)


def test_operators_that_an_interpreter_does_not_have_are_named_and_the_rest_is_measured() -> None:
    contents = []
    for numbers in ("int32", "float32"):
        sketch = Sketch(numbers)
        contents.append(sketch.pack(sketch.each("LOG", sketch.take((1, 4, 4, 2)))))
    runs, unsupported = opened(contents, threads=1)
    assert [run.measured.kind for run in runs] == ["LOG float32"]
    assert unsupported == ("LOG int32",)
