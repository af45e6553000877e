"""`Sketch`: a `.tflite` file put together operator by operator, in a millisecond and without a converter.

Weights are noise; what a file of this kind takes to run does not depend on them.
"""

from collections.abc import Sequence
from importlib import import_module
from typing import Any

import numpy as np

from easynas.runtime.interpreter import schema

_SCALE = 0.1  # of every int8 tensor, but of those whose operator prescribes another
_PRESCRIBED = {
    "LOGISTIC": (1 / 256, -128),
    "SOFTMAX": (1 / 256, -128),
    "TANH": (1 / 128, 0),
    "L2_NORMALIZATION": (1 / 128, 0),
}
_OF_CHANNELS = {"CONV_2D": 0, "DEPTHWISE_CONV_2D": 3, "FULLY_CONNECTED": 0}
"""Operators with weights, and the axis of these that counts the channels that come out."""


class Sketch:
    """A file to which inputs and operators are added; tensors are known by their numbers.

    Args:
        numbers: "float32", "int8", "int32", or "dynamic" for weights in int8 beside float32.

    Raises:
        ValueError: no interpreter is installed.
    """

    def __init__(self, numbers: str) -> None:
        self._schema = schema()
        self._flowing = "float32" if numbers == "dynamic" else numbers
        self._weights = "int8" if numbers == "dynamic" else numbers
        self._random = np.random.default_rng(0)
        self._model, self._graph = self._schema.ModelT(), self._schema.SubGraphT()
        self._model.version, self._model.subgraphs, self._model.operatorCodes = 3, [self._graph], []
        self._model.buffers = [self._schema.BufferT()]  # of all tensors that are no constants
        self._graph.tensors, self._graph.operators, self._graph.inputs = [], [], []

    def take(self, shape: Sequence[int], *, dtype: str | None = None) -> int:
        """Adds an input, with the batch of 1; `dtype` None is that of what flows."""
        tensor = self._tensor(shape, dtype or self._flowing)
        self._graph.inputs.append(tensor)
        return tensor

    def shape(self, tensor: int) -> tuple[int, ...]:
        """Of a tensor, with the batch."""
        return tuple(self._graph.tensors[tensor].shape)

    def add(
        self, name: str, inputs: Sequence[int], shape: Sequence[int], *, dtype: str | None = None, **options: Any
    ) -> int:
        """Adds the operator `name` and returns its output.

        Args:
            name: as in the file format, "RELU".
            inputs: tensors.
            shape: of the output.
            dtype: of the output; None: that of what flows.
            options: its settings, as the file format calls them, with the name of their table as `table`.
        """
        operator = self._schema.OperatorT()
        operator.opcodeIndex = self._code(name)
        output = self._tensor(shape, dtype or self._flowing, quantization=_PRESCRIBED.get(name, (_SCALE, 0)))
        operator.inputs, operator.outputs = list(inputs), [output]
        if "table" in options:
            table = options.pop("table")
            operator.builtinOptionsType = getattr(self._schema.BuiltinOptions, table)
            operator.builtinOptions = getattr(self._schema, f"{table}T")()
            for option, value in options.items():
                setattr(operator.builtinOptions, option, value)
        self._graph.operators.append(operator)
        return output

    def conv(self, x: int, channels: int, *, side: int, stride: int = 1) -> int:
        """A convolution with a bias and ReLU; the image keeps its size but for the stride."""
        kernel = self._kernel("CONV_2D", (channels, side, side, self.shape(x)[3]))
        return self.add(
            "CONV_2D", [x, *kernel], self._strided(x, stride, channels), table="Conv2DOptions", **_window(stride)
        )

    def depthwise(self, x: int, *, side: int, stride: int = 1) -> int:
        """A convolution of every channel by itself, with a bias and ReLU."""
        channels = self.shape(x)[3]
        kernel = self._kernel("DEPTHWISE_CONV_2D", (1, side, side, channels))
        shape = self._strided(x, stride, channels)
        options: dict[str, Any] = {"depthMultiplier": 1, **_window(stride)}
        return self.add("DEPTHWISE_CONV_2D", [x, *kernel], shape, table="DepthwiseConv2DOptions", **options)

    def dense(self, x: int, units: int) -> int:
        """A dense layer with a bias, of `(1, features)`, or of every row of `(1, rows, features)`."""
        *rows, features = self.shape(x)
        kernel = self._kernel("FULLY_CONNECTED", (units, features))
        options: dict[str, Any] = {"keepNumDims": len(rows) > 1}
        return self.add("FULLY_CONNECTED", [x, *kernel], (*rows, units), table="FullyConnectedOptions", **options)

    def pool(self, name: str, x: int, *, side: int, stride: int) -> int:
        """Pooling of the kind `name`, "MAX_POOL_2D" or "AVERAGE_POOL_2D"."""
        options: dict[str, Any] = {"filterWidth": side, "filterHeight": side, "strideW": stride, "strideH": stride}
        return self.add(name, [x], self._strided(x, stride, self.shape(x)[3]), table="Pool2DOptions", **options)

    def each(self, name: str, x: int, **options: Any) -> int:
        """An operator that changes number by number, or row by row."""
        return self.add(name, [x], self.shape(x), **options)

    def reduce(self, name: str, x: int, axes: Sequence[int]) -> int:
        """The reduction `name`, "MEAN" or the like, after which the axes are gone."""
        shape = [size for axis, size in enumerate(self.shape(x)) if axis not in axes]
        return self.add(name, [x, self.integers(axes)], shape, table="ReducerOptions", keepDims=False)

    def constant(self, shape: Sequence[int]) -> int:
        """Noise of the type of what flows."""
        noise = self._random.normal(size=tuple(shape)) * 10
        return self._tensor(shape, self._flowing, noise.astype(self._flowing))

    def broadcast(self, name: str, *tensors: int, **options: Any) -> int:
        """An operator of several tensors, of which the smaller ones are repeated."""
        return self.add(name, tensors, np.broadcast_shapes(*map(self.shape, tensors)), **options)

    def halve(self, x: int) -> int:
        """Splits the channels into two halves, and returns the first."""
        *places, channels = self.shape(x)
        shape = (*places, channels // 2)
        half = self.add("SPLIT", [self.integers(len(places)), x], shape, table="SplitOptions", numSplits=2)
        self._graph.operators[-1].outputs.append(self._tensor(shape, self._flowing))
        return half

    def weights(self, shape: Sequence[int]) -> int:
        """Noise of the type of weights."""
        noise = self._random.normal(size=tuple(shape)) * 10
        return self._tensor(shape, self._weights, noise.astype(self._weights))

    def integers(self, values: Any) -> int:
        """Constants in int32, of axes and shapes."""
        array = np.asarray(values, np.int32)
        return self._tensor(array.shape, "int32", array)

    def pack(self, output: int) -> bytes:
        """The content of the file whose output is this tensor; nothing can be added afterwards."""
        self._graph.outputs = [output]
        builder = import_module("flatbuffers").Builder(1024)
        builder.Finish(self._model.Pack(builder), b"TFL3")
        return bytes(builder.Output())

    def _kernel(self, name: str, shape: tuple[int, ...]) -> tuple[int, int]:
        """Weights and bias."""
        axis = _OF_CHANNELS[name]
        count = shape[axis]
        if self._weights == "float32":
            weights = self._tensor(shape, "float32", self._random.normal(size=shape).astype("float32"))
        else:
            integers = self._random.integers(-127, 128, shape).astype("int8")
            weights = self._tensor(shape, "int8", integers, quantization=(0.01, 0), channels=(axis, count))
        if self._flowing == "float32":
            return weights, self._tensor((count,), "float32", np.zeros(count, "float32"))
        zeros = np.zeros(count, "int32")
        return weights, self._tensor((count,), "int32", zeros, quantization=(0.01 * _SCALE, 0), channels=(0, count))

    def _tensor(
        self,
        shape: Sequence[int],
        dtype: str,
        data: np.ndarray | None = None,
        *,
        quantization: tuple[float, int] = (_SCALE, 0),
        channels: tuple[int, int] | None = None,
    ) -> int:
        """The number of a new tensor, int8 ones on one scale, or on one for each of the `(axis, count)` channels."""
        tensor = self._schema.TensorT()
        tensor.shape = [int(size) for size in shape]
        tensor.type = getattr(self._schema.TensorType, dtype.upper())
        tensor.name = f"t{len(self._graph.tensors)}"
        tensor.buffer = 0
        if data is not None:
            buffer = self._schema.BufferT()
            buffer.data = np.frombuffer(data.tobytes(), np.uint8)
            self._model.buffers.append(buffer)
            tensor.buffer = len(self._model.buffers) - 1
        if dtype == "int8" or channels is not None:
            axis, count = channels or (0, 1)
            tensor.quantization = self._schema.QuantizationParametersT()
            tensor.quantization.scale = [quantization[0]] * count
            tensor.quantization.zeroPoint = [quantization[1]] * count
            tensor.quantization.quantizedDimension = axis
        self._graph.tensors.append(tensor)
        return len(self._graph.tensors) - 1

    def _code(self, name: str) -> int:
        builtin = getattr(self._schema.BuiltinOperator, name)
        for number, known in enumerate(self._model.operatorCodes):
            if known.builtinCode == builtin:
                return number
        code = self._schema.OperatorCodeT()
        # Readers of old files look at the first field, which has room for 127; version 1 is what every kernel knows.
        code.builtinCode, code.deprecatedBuiltinCode, code.version = builtin, min(builtin, 127), 1
        self._model.operatorCodes.append(code)
        return len(self._model.operatorCodes) - 1

    def _strided(self, x: int, stride: int, channels: int) -> tuple[int, int, int, int]:
        _, height, width, _ = self.shape(x)
        return 1, -(-height // stride), -(-width // stride), channels


def _window(stride: int) -> dict[str, Any]:
    """Settings of convolutions: dilation 1, ReLU."""
    return {
        "strideW": stride,
        "strideH": stride,
        "dilationWFactor": 1,
        "dilationHFactor": 1,
        "fusedActivationFunction": 1,
    }
