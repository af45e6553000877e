"""Operators as they are read from files, against the interpreter's own list and files that were made for it."""

import sys

import pytest

from easynas.deploy.anatomy import Anatomy
from easynas.deploy.quantize import quantize
from easynas.runtime.operators import CALL, read_operators
from easynas.runtime.probes import probes
from easynas.runtime.sketch import Sketch
from tests.runtime.small import tower_bundle


def exported(quantization: str) -> bytes:
    return quantize(tower_bundle(16), quantization, integers=False, agreement=lambda content: 1.0).content


def of(sketch: Sketch, output: int) -> list:
    return list(read_operators(sketch.pack(output)))[1:]


@pytest.mark.parametrize("quantization", ["float32", "int8", "dynamic"])
def test_multiplications_are_those_that_the_interpreter_tells(quantization: str) -> None:
    content = exported(quantization)
    summing = [each for each in read_operators(content) if each.entering > 1 or each.taps > 1]
    assert sum(each.sizes()[1] for each in summing) == Anatomy.of(content).macs > 0
    # Weights of a kilobyte or less stay in float32.
    assert summing[1].kind == f"CONV_2D 3x3 {quantization}"


def test_weights_that_are_unpacked_once_are_no_operators() -> None:
    plain, packed = (read_operators(exported(quantization)) for quantization in ("float32", "float16"))
    assert "DEQUANTIZE" in dict(Anatomy.of(exported("float16")).operators)
    assert [each.kind for each in packed] == [each.kind for each in plain]


def test_the_call_knows_the_bytes_that_are_copied() -> None:
    call = read_operators(exported("float32"))[0]
    assert (call.kind, call.inputs, call.outputs) == (CALL, 4 * 12 * 12, 4 * 2)


def test_sizes_of_a_convolution() -> None:
    sketch = Sketch("int8")
    (conv,) = of(sketch, sketch.conv(sketch.take((1, 9, 9, 3)), 20, side=3, stride=2))
    assert conv.kind == "CONV_2D 3x3 int8"
    places = 5 * 5 * 9
    assert conv.sizes((1, 1)) == (1, places * 3 * 20, 9 * 9 * 3, 25 * 20, 25, 0, places * 3, 20 * 27 + 20)
    # Tiles that are not full cost as much as full ones.
    assert conv.sizes((8, 16))[1] == places * 8 * 32
    assert conv.sizes((8, 16))[5] == 25


def test_kinds_tell_apart_what_runs_different_code() -> None:
    sketch = Sketch("float32")
    x = sketch.take((1, 8, 8, 4))
    x = sketch.conv(x, 4, side=1)
    x = sketch.conv(x, 4, side=1, stride=2)
    x = sketch.broadcast("MUL", x, sketch.constant((4,)))
    y = sketch.broadcast("SUB", x, sketch.constant((4,)))
    x = sketch.broadcast("ADD", x, y)
    x = sketch.broadcast("MUL", x, sketch.constant(()))
    assert [each.kind for each in of(sketch, sketch.reduce("MEAN", x, (3,)))] == [
        "CONV_2D 1x1 float32",
        "CONV_2D 1x1 strided float32",
        "MUL vector float32",  # both of the following read it, so it cannot be written over
        "ADD vector float32",
        "ADD float32",
        "MUL number float32",
        "MEAN within rows float32",
    ]


def test_every_kind_of_the_operators_of_trees_and_attention_has_probes() -> None:
    measured = {each.kind for content in probes() for each in read_operators(content)}
    sketch = Sketch("float32")
    picked = sketch.add("GATHER", [sketch.take((1, 9)), sketch.integers([3] * 70)], (1, 70), table="GatherOptions")
    rows = sketch.add("RESHAPE", [picked, sketch.integers((10, 1, 7))], (10, 1, 7))
    trees = of(sketch, sketch.add("BATCH_MATMUL", [rows, sketch.weights((10, 7, 8))], (10, 1, 8)))
    assert [each.kind for each in trees[::2]] == ["GATHER numbers float32", "BATCH_MATMUL weights row float32"]
    sketch = Sketch("bool")
    words = sketch.add("LOGICAL_NOT", [sketch.take((1, 1, 1, 9))], (1, 1, 1, 9))
    mask = sketch.broadcast("LOGICAL_AND", words, sketch.constant((1, 4, 9, 9)))
    attention = of(sketch, sketch.add("LOGICAL_NOT", [mask], (1, 4, 9, 9)))
    assert attention[1].kind == "LOGICAL_AND vector bool"
    assert {each.kind for each in (*trees, attention[1])} <= measured


def test_depthwise_convolutions_in_dynamic_range_know_what_ran_before() -> None:
    sketch = Sketch("dynamic")
    x = sketch.depthwise(sketch.take((1, 8, 8, 4)), side=3)
    x = sketch.depthwise(sketch.conv(x, 4, side=1), side=5, stride=2)
    assert [each.kind for each in of(sketch, x)] == [
        "DEPTHWISE_CONV_2D 3x3 dynamic",
        "CONV_2D 1x1 dynamic",
        "DEPTHWISE_CONV_2D 5x5 strided after 1x1 dynamic",
    ]


def test_what_nobody_else_reads_is_changed_in_place() -> None:
    sketch = Sketch("int8")
    x = sketch.take((1, 8, 8, 4))
    for _ in range(3):
        x = sketch.broadcast("ADD", x, sketch.constant((4,)))
    assert [each.kind for each in of(sketch, x)] == [
        "ADD vector int8",  # reads what the caller gave
        "ADD vector in place int8",
        "ADD vector int8",  # writes what the caller gets
    ]


def test_tensorflow_reads_the_same_where_litert_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    content = exported("int8")
    expected = read_operators(content)
    monkeypatch.setitem(sys.modules, "ai_edge_litert", None)
    assert read_operators(content) == expected


@pytest.mark.parametrize(
    "damage", [lambda c: b"", lambda c: b"no model", lambda c: c[: len(c) // 2], lambda c: c[:200]]
)
def test_what_is_no_whole_model_is_refused(damage) -> None:
    sketch = Sketch("float32")
    content = sketch.pack(sketch.conv(sketch.take((1, 8, 8, 4)), 8, side=3))
    with pytest.raises(ValueError, match="file must"):
        read_operators(damage(content))
