"""Weights in float16, in a `.tflite` file: what is multiplied with is rounded, everything else stays in float32.

TensorFlow's converter rounds all constants: thresholds of trees, which then decide otherwise, and the mean and unit of
numbers, which end at 65,504 in float16. Weights are nearly all of the bytes.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
from tensorflow.lite.python import schema_py_generated as schema
from tensorflow.lite.tools import flatbuffer_utils

_OPERATORS = schema.BuiltinOperator
_MULTIPLYING = {
    *(_OPERATORS.CONV_2D, _OPERATORS.DEPTHWISE_CONV_2D, _OPERATORS.CONV_3D),
    *(_OPERATORS.FULLY_CONNECTED, _OPERATORS.BATCH_MATMUL),
}
"""Operators whose second input may be weights, and the third the bias of these. Both must be rounded: XNNPACK has no
fast kernel for one alone (measured: three times slower)."""

_ROWS = {_OPERATORS.GATHER: 0, _OPERATORS.EMBEDDING_LOOKUP: 1}
"""Operators that look up rows of a table, and which input that is."""

_COMPARING = {
    *(_OPERATORS.GREATER, _OPERATORS.GREATER_EQUAL, _OPERATORS.LESS, _OPERATORS.LESS_EQUAL),
    *(_OPERATORS.EQUAL, _OPERATORS.NOT_EQUAL),
}
_MOVING = {
    *(_OPERATORS.RESHAPE, _OPERATORS.EXPAND_DIMS, _OPERATORS.SQUEEZE, _OPERATORS.TRANSPOSE, _OPERATORS.PACK),
    *(_OPERATORS.CONCATENATION, _OPERATORS.SLICE, _OPERATORS.STRIDED_SLICE, _OPERATORS.SPLIT, _OPERATORS.GATHER),
    *(_OPERATORS.SELECT, _OPERATORS.SELECT_V2, _OPERATORS.BROADCAST_TO, _OPERATORS.TILE, _OPERATORS.EMBEDDING_LOOKUP),
}
"""Operators that leave numbers as they are."""

_ROUNDING = 1e-3  # of the size of a tensor that rounding may change; three digits are exact to half of that
_EMPTY = 0  # number of the buffer without anything in it, in every file
_VERSION = 3  # of the operator that takes float16


def halved(content: bytes, *, to_the_end: bool = True) -> bytes:
    """The file with its weights in float16, of which the interpreter makes float32 when it loads them.

    Args:
        content: of a file in float32.
        to_the_end: whether the last weights are rounded, too; those that answer numbers should not be: a mean that is
            large for its deviation is their bias.
    """
    model = flatbuffer_utils.read_model_from_bytearray(bytearray(content))
    for graph in model.subgraphs:
        rounded = _weights(model, graph, to_the_end=to_the_end)
        before = {graph.tensors[index].buffer for index in rounded}
        graph.operators = [*(_round(model, graph, index) for index in rounded), *graph.operators]
        for number in before.difference(tensor.buffer for tensor in graph.tensors):
            model.buffers[number].data = None
    written: bytes = flatbuffer_utils.convert_object_to_bytearray(model)
    return written


def _weights(model: Any, graph: Any, *, to_the_end: bool) -> list[int]:
    """Numbers of the tensors to round: those that fit, and are used in no other way."""
    kinds = [_kind(model, operator) for operator in graph.operators]
    sides = [(_numbers(operator.inputs), _numbers(operator.outputs)) for operator in graph.operators]
    found, others = set[int](), set[int](graph.outputs)
    followed: set[int] = set()  # tensors that weights follow
    compared: set[int] = set()  # tensors that are compared as they are
    for kind, (inputs, outputs) in zip(reversed(kinds), reversed(sides), strict=True):
        reaches = bool(followed.intersection(outputs))
        own: tuple[int, ...] = ()
        if kind in _MULTIPLYING and (to_the_end or reaches):
            own = inputs[1:]
        elif kind in _ROWS and not compared.intersection(outputs):
            own = (inputs[_ROWS[kind]],)
        rounded = own if all(_fits(model, graph.tensors[index]) for index in own) else ()
        found.update(rounded)
        others.update(set(inputs).difference(rounded))
        if reaches or kind in _MULTIPLYING:
            followed.update(inputs)
        if kind in _COMPARING or (kind in _MOVING and compared.intersection(outputs)):
            compared.update(inputs)
    return sorted(found - others)


def _numbers(tensors: Iterable[Any]) -> tuple[int, ...]:
    """Numbers of tensors, without those that are left out."""
    return tuple(int(index) for index in tensors if index >= 0)


def _kind(model: Any, operator: Any) -> int:
    code = model.operatorCodes[operator.opcodeIndex]
    return int(max(code.builtinCode, code.deprecatedBuiltinCode))  # old numbers of operators had eight bits


def _fits(model: Any, tensor: Any) -> bool:
    """Whether a tensor consists of constants that float16 can hold: from 6e-5 to 65,504, most of what counts."""
    data = model.buffers[tensor.buffer].data
    if tensor.type != schema.TensorType.FLOAT32 or data is None:
        return False
    values = _values(data)
    with np.errstate(over="ignore"):
        error = values - values.astype(np.float16)
    return float(np.linalg.norm(error)) <= _ROUNDING * float(np.linalg.norm(values))


def _values(data: Any) -> np.ndarray:
    return np.frombuffer(bytes(data), dtype="<f4")


def _round(model: Any, graph: Any, index: int) -> Any:
    """Puts a tensor's numbers into one of float16 beside it, and returns the operator that makes them float32 again."""
    tensor, half, buffer = graph.tensors[index], schema.TensorT(), schema.BufferT()
    buffer.data = np.frombuffer(_values(model.buffers[tensor.buffer].data).astype("<f2").tobytes(), dtype=np.uint8)
    model.buffers.append(buffer)
    half.name, half.shape, half.type, half.buffer = tensor.name, tensor.shape, schema.TensorType.FLOAT16, _last(model)
    graph.tensors.append(half)
    tensor.buffer = _EMPTY
    made = schema.OperatorT()
    made.opcodeIndex = _dequantize(model)
    made.inputs, made.outputs = np.array([len(graph.tensors) - 1], np.int32), np.array([index], np.int32)
    return made


def _last(model: Any) -> int:
    return len(model.buffers) - 1


def _dequantize(model: Any) -> int:
    """Number of that operator's code, which is added if it is missing."""
    wanted = _OPERATORS.DEQUANTIZE
    for number, code in enumerate(model.operatorCodes):
        if code.deprecatedBuiltinCode == wanted and code.version >= _VERSION:
            return number
    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = wanted
    code.version = _VERSION
    model.operatorCodes.append(code)
    return len(model.operatorCodes) - 1
