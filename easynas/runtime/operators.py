"""The operators of a `.tflite` file, and what their time depends on, read from the file without running it."""

import math
import struct
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from easynas.runtime.interpreter import schema

SIZES = 8
"""How many sizes an operator has."""

_SUMMING = {"CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "BATCH_MATMUL"}
_WAKE = ("DEPTHWISE_CONV_2D", "dynamic", "CONV_2D 1x1 dynamic")
_KERNELS = (1, 3, 5)
_JOINING = {"ADD", "MUL", "DIV", "MAXIMUM", "MINIMUM", "SQUARED_DIFFERENCE", "SELECT_V2", "LOGICAL_AND"}
_STALLING = {"ADD", "MUL"}
"""Interpreters write into the memory that they read where nobody else needs it; there that stalls short rows."""

_COMPARING = {"EQUAL", "NOT_EQUAL", "LESS", "LESS_EQUAL", "GREATER", "GREATER_EQUAL"}
_REDUCING = {"MEAN", "SUM", "REDUCE_MAX", "REDUCE_MIN", "REDUCE_PROD"}
_ALIKE = {"SUB": "ADD", "SELECT": "SELECT_V2", "REDUCE_MIN": "REDUCE_MAX", **dict.fromkeys(_COMPARING, "EQUAL")}
"""Operators whose code differs in an instruction only."""


@dataclass(frozen=True)
class Operator:
    """One operator and its sizes, for one sample.

    Attributes:
        kind: its name, what of its shapes decides which code runs, and its numbers: `"CONV_2D 3x3 int8"`; "dynamic" for
            weights in int8 beside float32.
        rows: outputs without their last dimension: places of an image, words of a text.
        taps: places of the input that one place of the output looks at; 1 for what has no kernel.
        entering: channels of which each output is a sum; 1 for what sums over none.
        leaving: last dimension of the output.
        inputs: numbers that flow in, without constants.
        outputs: numbers that flow out.
        weights: numbers in its constants.
    """

    kind: str
    rows: int
    taps: int
    entering: int
    leaving: int
    inputs: int
    outputs: int
    weights: int

    def sizes(self, tile: tuple[int, int] = (1, 1)) -> tuple[int, ...]:
        """What its time is a weighted sum of, `(8,)`.

        One; multiplications, where processors take `tile` channels that enter and leave at a time, full or not;
        inputs; outputs; rows; rows whose last tile is not full; numbers gathered for the multiplications; weights.
        """
        places = self.rows * self.taps
        work = places * _up(self.entering, tile[0]) * _up(self.leaving, tile[1])
        ragged = self.rows if self.leaving % tile[1] else 0
        return 1, work, self.inputs, self.outputs, self.rows, ragged, places * self.entering, self.weights


def _up(count: int, tile: int) -> int:
    return -(-count // tile) * tile


CALL = "CALL"
"""Kind of what a call takes beside the operators; its inputs and outputs are bytes that are copied."""


def read_operators(content: bytes) -> tuple[Operator, ...]:
    """The call of the file with this content, and the operators that run for every sample, in their order.

    What depends on constants alone is computed when a file is opened, and left out.

    Raises:
        ValueError: it is no TFLite model, or no interpreter is installed.
    """
    if content[4:8] != b"TFL3":
        raise ValueError(f"A `.tflite` file must hold a TFLite model. Received {len(content):,} bytes of another kind.")
    try:
        return tuple(_read(content))
    except _DAMAGED as error:
        raise ValueError(f"A `.tflite` file must be whole. Received {len(content):,} bytes: {error}.") from error


_DAMAGED = (struct.error, IndexError, KeyError, TypeError, ValueError)


def _read(content: bytes) -> Iterator[Operator]:
    model = schema().Model.GetRootAs(content, 0)
    graph = model.Subgraphs(0)
    tensors = [_tensor(graph.Tensors(index), model) for index in range(graph.TensorsLength())]
    taken = sum(tensors[index].bytes for index in graph.InputsAsNumpy())
    given = sum(tensors[index].bytes for index in graph.OutputsAsNumpy())
    yield Operator(CALL, rows=0, taps=0, entering=0, leaving=0, inputs=taken, outputs=given, weights=0)
    yield from _operators(model, graph, tensors)


@dataclass(frozen=True)
class _Tensor:
    shape: tuple[int, ...]
    dtype: str
    constant: bool

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    @property
    def bytes(self) -> int:
        return self.size * (1 if self.dtype in ("int8", "uint8", "bool") else 2 if self.dtype.endswith("16") else 4)


def _tensor(tensor: Any, model: Any) -> _Tensor:
    shape = tuple(int(tensor.Shape(place)) for place in range(tensor.ShapeLength()))
    constant = model.Buffers(tensor.Buffer()).DataLength() > 0
    return _Tensor(shape, _names("TensorType")[tensor.Type()].lower(), constant)


def _operators(model: Any, graph: Any, tensors: list[_Tensor]) -> Iterator[Operator]:
    read = Counter(
        index for number in range(graph.OperatorsLength()) for index in graph.Operators(number).InputsAsNumpy()
    )
    # What the caller gives and gets has memory of its own.
    outside = {*graph.InputsAsNumpy(), *graph.OutputsAsNumpy()}
    before = ""
    for number in range(graph.OperatorsLength()):
        operator = graph.Operators(number)
        inputs = [tensors[index] for index in operator.InputsAsNumpy() if index >= 0]
        made = operator.OutputsAsNumpy()
        if all(tensor.constant for tensor in inputs):
            for index in made:
                tensors[index] = _Tensor(tensors[index].shape, tensors[index].dtype, constant=True)
            continue
        code = model.OperatorCodes(operator.OpcodeIndex())
        name = _names("BuiltinOperator")[max(code.BuiltinCode(), code.DeprecatedBuiltinCode())]
        flowing = [index for index in operator.InputsAsNumpy() if index >= 0 and not tensors[index].constant]
        in_place = all(read[index] == 1 and index not in outside for index in (*flowing, *made))
        outputs = [tensors[index] for index in made]
        found = _operator(_ALIKE.get(name, name), inputs, outputs, in_place=in_place, before=before)
        before = found.kind
        yield found


def _operator(name: str, inputs: list[_Tensor], outputs: list[_Tensor], *, in_place: bool, before: str) -> Operator:
    out = outputs[0]
    flowing = [tensor for tensor in inputs if not tensor.constant]
    leaving = out.shape[-1] if out.shape else 1
    rows = out.size // max(leaving, 1)
    if name == "STRIDED_SLICE" and flowing[0].shape[-1:] != (0,):
        rows = flowing[0].size // flowing[0].shape[-1]
        leaving = max(out.size // rows, 1)
    taps, entering = _summed(name, inputs)
    form, numbers = _form(name, inputs, out, rows, in_place=in_place), _numbers(inputs, flowing[0], out, name)
    # One kernel that is of another library than most; some processors pay for the change between them.
    wake = " after 1x1" if (name, numbers, before) == _WAKE else ""
    return Operator(
        kind=f"{name}{form}{wake} {numbers}",
        rows=rows,
        taps=taps,
        entering=entering,
        leaving=leaving,
        inputs=sum(tensor.size for tensor in flowing),
        outputs=sum(tensor.size for tensor in outputs),
        weights=sum(tensor.size for tensor in inputs if tensor.constant),
    )


def _summed(name: str, inputs: list[_Tensor]) -> tuple[int, int]:
    """Taps, and channels that enter."""
    match name:
        case "CONV_2D":
            return math.prod(inputs[1].shape[1:3]), inputs[1].shape[3]
        case "DEPTHWISE_CONV_2D":
            return math.prod(inputs[1].shape[1:3]), 1
        case "FULLY_CONNECTED":
            return 1, inputs[1].shape[1]
        case "BATCH_MATMUL":
            return 1, inputs[0].shape[-1]
        case _:
            return 1, 1


def _form(name: str, inputs: list[_Tensor], out: _Tensor, rows: int, *, in_place: bool) -> str:
    """What of the shapes decides which code runs."""
    if name in ("CONV_2D", "DEPTHWISE_CONV_2D"):
        side = max(inputs[1].shape[1:3])
        # Where every place is looked at once, or each channel by itself, other code runs if some are skipped.
        strided = (side == 1 or name != "CONV_2D") and rows * inputs[0].shape[-1] < inputs[0].size
        return " other" if side not in _KERNELS else f" {side}x{side}{' strided' if strided else ''}"
    if name == "FULLY_CONNECTED":
        return " rows" if rows > 1 else ""
    if name == "BATCH_MATMUL" and inputs[1].constant:
        batch, together = inputs[1].shape[0], inputs[0].shape[-2:-1]
        return " weights row" if batch > 1 and together == (1,) else " weights"
    if name == "GATHER":
        return "" if inputs[0].constant else " numbers"
    if name in _REDUCING:
        return " within rows" if inputs[0].shape[:-1] in (out.shape, out.shape[:-1]) else ""
    if name in _JOINING:
        smallest = min(tensor.size for tensor in inputs)
        vector = " vector in place" if in_place and name in _STALLING else " vector"
        return "" if smallest == out.size else " number" if smallest == 1 else vector
    return ""


def _numbers(inputs: list[_Tensor], flowing: _Tensor, out: _Tensor, name: str) -> str:
    if name in _SUMMING and out.dtype == "float32" and inputs[1].dtype == "int8":
        return "dynamic"
    return flowing.dtype if out.dtype == "bool" else out.dtype


@cache
def _names(enumeration: str) -> dict[int, str]:
    """Names of the values of an enumeration of the file format."""
    values = vars(getattr(schema(), enumeration)).items()
    return {value: name for name, value in values if not name.startswith("_")}
