"""`Anatomy`: what a `.tflite` file is made of, read off its operators: multiplications, weights, and memory to run it.

The memory is that of the tensors between operators, laid into one arena by greedy allocation in the order of size
(Pisarchyk and Lee, "Efficient memory management for deep neural net inference", 2020, algorithm 3), as the interpreter
and TFLite for microcontrollers do it. What some kernels take beside it, for instance to rearrange an image, depends on
the device and is not counted: give a microcontroller some kilobytes more.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from easynas.deploy.measure import Interpreter

ALIGNMENT = 16  # bytes, of tensors in the arena of a microcontroller

_WEIGHTED = {"CONV_2D": 1, "DEPTHWISE_CONV_2D": 1, "CONV_3D": 1, "FULLY_CONNECTED": 1, "TRANSPOSE_CONV": 1}
"""Operators that multiply by weights, and which of their inputs those are."""


@dataclass(frozen=True)
class Anatomy:
    """What a `.tflite` file is made of.

    Attributes:
        macs: multiply-accumulates for one sample in convolutions, dense layers and products of matrices.
        parameters: numbers that were learned, and those that stand in the file beside them, such as averages.
        arena_kb: largest sum of the tensors that must be in memory at once, in units of 1024 bytes; without weights.
        operators: how often each operator occurs, the most frequent first, as `("CONV_2D", 3)`.
    """

    macs: int
    parameters: int
    arena_kb: float
    operators: tuple[tuple[str, int], ...]

    @classmethod
    def of(cls, content: bytes) -> Self:
        """The anatomy of the file with this content.

        Raises:
            InputError: it is no TFLite model.
        """
        graph = Interpreter(content, delegates=False).graph()
        return cls(
            macs=sum(_macs(operator, graph.tensors) for operator in graph.operators),
            parameters=int(sum(math.prod(graph.tensors[index]["shape"]) for index in _weights(graph))),
            arena_kb=arena_bytes(_lives(graph)) / 1024,
            operators=tuple(Counter(operator["op_name"] for operator in graph.operators).most_common()),
        )


@dataclass(frozen=True)
class Life:
    """A tensor in the arena.

    Attributes:
        size: in bytes.
        first: number of the operator that makes it.
        last: number of the operator that needs it last.
    """

    size: int
    first: int
    last: int


def arena_bytes(lives: Sequence[Life]) -> int:
    """Bytes of an arena that holds all tensors, each from its first to its last operator."""
    placed: list[tuple[int, int, Life]] = []  # start, end, tensor
    for life in sorted(lives, key=lambda life: -life.size):
        beside = sorted(
            (start, end) for start, end, other in placed if other.first <= life.last and life.first <= other.last
        )
        size = -(-life.size // ALIGNMENT) * ALIGNMENT
        at = 0
        for start, end in beside:
            if start - at >= size:
                break
            at = max(at, end)
        placed.append((at, at + size, life))
    return max((end for _, end, _ in placed), default=0)


def _lives(graph: Any) -> list[Life]:
    """The tensors that are neither weights nor empty."""
    first: dict[int, int] = dict.fromkeys(graph.inputs, 0)
    last: dict[int, int] = dict.fromkeys(graph.inputs, 0)
    for number, operator in enumerate(graph.operators):
        for index in operator["outputs"]:
            first.setdefault(index, number)
            last[index] = number
        for index in operator["inputs"]:
            if index in first:
                last[index] = number
    last.update(dict.fromkeys(graph.outputs, len(graph.operators)))
    return [Life(_bytes(graph.tensors[index]), first[index], last[index]) for index in first]


def _weights(graph: Any) -> set[int]:
    """Tensors that nobody makes, other than numbers that only say how an operator works."""
    made = {index for operator in graph.operators for index in operator["outputs"]} | set(graph.inputs)
    read = {index for operator in graph.operators for index in operator["inputs"] if index >= 0}
    return {index for index in read - made if _is_learned(graph.tensors[index])}


def _is_learned(tensor: dict[str, Any]) -> bool:
    return np.dtype(tensor["dtype"]).kind == "f" or len(tensor["quantization_parameters"]["scales"]) > 0


def _macs(operator: dict[str, Any], tensors: dict[int, dict[str, Any]]) -> int:
    name = operator["op_name"]
    output = tensors[operator["outputs"][0]]["shape"]
    if name == "BATCH_MATMUL":
        return int(math.prod(output) * tensors[operator["inputs"][0]]["shape"][-1])
    if name not in _WEIGHTED:
        return 0
    # Its weights are used at every place of the output, or of the input where that is the smaller one.
    places = tensors[operator["inputs"][2]]["shape"] if name == "TRANSPOSE_CONV" else output
    return int(math.prod(places[:-1]) * math.prod(tensors[operator["inputs"][_WEIGHTED[name]]]["shape"]))


def _bytes(tensor: dict[str, Any]) -> int:
    return int(math.prod(tensor["shape"]) * np.dtype(tensor["dtype"]).itemsize)
