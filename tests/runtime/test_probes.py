"""Probes and small networks run in the interpreter."""

from typing import Any

import numpy as np
import pytest

from easynas.runtime.interpreter import interpreter_class
from easynas.runtime.probes import networks, probes


def outputs(content: bytes) -> np.ndarray:
    interpreter: Any = interpreter_class()(model_content=content, num_threads=1)
    interpreter.allocate_tensors()
    for each in interpreter.get_input_details():
        interpreter.set_tensor(each["index"], np.ones(each["shape"], each["dtype"]))
    interpreter.invoke()
    details = interpreter.get_output_details()[0]
    scale, zero = details["quantization"]
    answer = interpreter.get_tensor(details["index"])
    return answer if scale == 0 else (answer.astype(float) - zero) * scale


@pytest.mark.parametrize("numbers", ["float32", "int8", "dynamic"])
def test_networks_answer_with_probabilities(numbers: str) -> None:
    for content in networks(numbers):
        answer = outputs(content)
        assert answer.shape == (1, 10)
        assert abs(answer.sum() - 1) < 0.05


def test_probes_are_the_same_every_time() -> None:
    first, second = probes(), probes()
    assert all(next(first) == next(second) for _ in range(50))
