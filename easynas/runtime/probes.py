"""Small `.tflite` files whose time tells what operators take on a device, and small networks to judge that by.

A probe has one operator: several would be merged where an interpreter can. Where it matters what stands around it, the
one in the middle is measured, between operators of which probes came earlier. Sizes are drawn evenly by their
logarithms from what small networks for images, texts and tables have, always the same ones.
"""

import math
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from easynas.runtime.sketch import Sketch

NUMBERS = ("float32", "int8", "dynamic", "int32", "bool")

_SIDES = (2, 3, 4, 5, 7, 8, 10, 12, 14, 16, 20, 24, 28, 32, 40, 48, 56, 64)
_LARGEST = 200_000  # numbers of a tensor
_MOST_WEIGHTS = 400_000
_MACS = (2e3, 1.2e7)

Draw = Callable[[np.random.Generator, Sketch], int]
"""Draws sizes, puts an operator into the sketch, and returns its output."""


def probes() -> Iterator[bytes]:
    """The contents of all files that tell what operators take, about 1,700.

    Raises:
        ValueError: no interpreter is installed.
    """
    for place, (count, kinds, draw) in enumerate(_PLAN):
        for numbers in kinds:
            random = np.random.default_rng((place, NUMBERS.index(numbers)))
            for _ in range(count):
                sketch = Sketch(numbers)
                yield sketch.pack(draw(random, sketch))


def networks(numbers: str) -> Iterator[bytes]:
    """The contents of 16 small networks for images, by whose time a profile is judged."""
    for side, channels, width in ((28, 1, 8), (32, 3, 16), (48, 3, 12), (64, 3, 24)):
        for body in (_plain, _residual, _inverted, _separable):
            sketch = Sketch(numbers)
            x = sketch.conv(sketch.take((1, side, side, channels)), width, side=3)
            x = sketch.reduce("MEAN", body(sketch, x, width), (1, 2))
            yield sketch.pack(sketch.each("SOFTMAX", sketch.dense(x, 10), **_SOFTMAX))


def _plain(sketch: Sketch, x: int, width: int) -> int:
    for factor in (1, 2, 4):
        x = sketch.conv(x, factor * width, side=3)
        x = sketch.pool("MAX_POOL_2D", x, side=2, stride=2)
    return x


def _residual(sketch: Sketch, x: int, width: int) -> int:
    for factor in (1, 2, 4):
        x = sketch.conv(x, factor * width, side=3, stride=2)
        y = sketch.conv(sketch.conv(x, factor * width, side=3), factor * width, side=3)
        x = sketch.broadcast("ADD", x, y)
    return x


def _inverted(sketch: Sketch, x: int, width: int) -> int:
    """Blocks as of MobileNetV3, with squeeze and excitation."""
    for factor in (1, 2, 4):
        x = sketch.depthwise(sketch.conv(x, 4 * factor * width, side=1), side=5, stride=2)
        x = sketch.conv(x, factor * width, side=1)
        squeezed = sketch.dense(sketch.reduce("MEAN", x, (1, 2)), factor * width)
        x = sketch.broadcast("MUL", x, sketch.each("LOGISTIC", squeezed))
        x = sketch.broadcast("ADD", x, sketch.conv(x, factor * width, side=1))
    return x


def _separable(sketch: Sketch, x: int, width: int) -> int:
    for factor in (1, 2, 4):
        x = sketch.conv(sketch.depthwise(x, side=3), 2 * factor * width, side=1)
        x = sketch.pool("AVERAGE_POOL_2D", x, side=3, stride=2)
    return x


def _conv(random: np.random.Generator, sketch: Sketch, *, sides: tuple[int, ...], stride: int | None = None) -> int:
    while True:
        image, side = int(random.choice(_SIDES)), int(random.choice(sides))
        step = int(random.choice((1, 1, 2))) if stride is None else stride
        entering, leaving = _count(random, 1 if image > 12 else 4, 320), _count(random, 4, 320)
        weights = side * side * entering * leaving
        if _MACS[0] < weights * math.ceil(image / step) ** 2 < _MACS[1] and weights < _MOST_WEIGHTS:
            return sketch.conv(sketch.take((1, image, image, entering)), leaving, side=side, stride=step)


def _depthwise(random: np.random.Generator, sketch: Sketch, *, side: int, stride: int, after: bool = False) -> int:
    """Alone, or after the other half of a separable convolution; a normalization is one of a single place."""
    _, height, width, channels = _image(random, 3 if side == 1 else 8)
    if after:
        x = sketch.conv(sketch.take((1, height, width, 4)), channels, side=1)
    else:
        x = sketch.take((1, height, width, channels))
    return sketch.depthwise(x, side=side, stride=stride)


def _dense(random: np.random.Generator, sketch: Sketch, *, rows: bool) -> int:
    before = (1, _count(random, 8, 256)) if rows else (1,)
    return sketch.dense(sketch.take((*before, _count(random, 8, 256 if rows else 1024))), _count(random, 2, 256))


def _product(random: np.random.Generator, sketch: Sketch, *, weights: bool) -> int:
    batch, rows, inner, columns = (_count(random, *each) for each in ((1, 32), (1, 128), (8, 128), (2, 128)))
    x, shape = sketch.take((batch, rows, inner)), (batch, inner, columns)
    other = sketch.weights(shape) if weights else sketch.take(shape)
    return sketch.add("BATCH_MATMUL", [x, other], (batch, rows, columns))


def _rows(random: np.random.Generator, sketch: Sketch) -> int:
    """One row for each of many matrices of weights, as trees have it."""
    while True:
        batch, inner, columns = (_count(random, *each) for each in ((2, 2048), (2, 512), (1, 64)))
        if batch * inner * columns <= _MOST_WEIGHTS:
            x = sketch.take((batch, 1, inner))
            return sketch.add("BATCH_MATMUL", [x, sketch.weights((batch, inner, columns))], (batch, 1, columns))


def _pool(random: np.random.Generator, sketch: Sketch, *, name: str) -> int:
    x, side = sketch.take(_image(random, 4)), int(random.choice((2, 3)))
    return sketch.pool(name, x, side=side, stride=int(random.choice((1, 2))))


def _reduce(random: np.random.Generator, sketch: Sketch, *, name: str, axes: tuple[int, ...]) -> int:
    return sketch.reduce(name, sketch.take(_image(random, 4)), axes)


def _each(random: np.random.Generator, sketch: Sketch, *, name: str, **options: Any) -> int:
    return sketch.each(name, sketch.take(_image(random, 1)), **options)


def _row(random: np.random.Generator, sketch: Sketch, *, name: str, **options: Any) -> int:
    """Rows that are changed as a whole: few long or many short ones."""
    return sketch.each(name, sketch.take((_count(random, 1, 256), _count(random, 2, 256))), **options)


def _join(random: np.random.Generator, sketch: Sketch, *, name: str, other: str) -> int:
    shape = _image(random, 2, largest=_LARGEST // 2)
    x = sketch.take(shape)
    match other:
        case "same":
            return sketch.broadcast(name, x, sketch.take(shape))
        case "vector":
            return sketch.broadcast(name, x, sketch.constant(shape[-1:]))
        case "vector in place":
            inside = sketch.broadcast("ADD", x, sketch.constant(()))
            inside = sketch.broadcast(name, inside, sketch.constant(shape[-1:]))
            return sketch.broadcast("ADD", inside, sketch.constant(()))
        case _:
            return sketch.broadcast(name, x, sketch.constant(()))


def _select(random: np.random.Generator, sketch: Sketch, *, other: str) -> int:
    shape = _image(random, 2, largest=_LARGEST // 4)
    condition = sketch.take(shape, dtype="bool")
    return sketch.broadcast("SELECT_V2", condition, sketch.take(shape), sketch.constant(() if other else shape))


def _concatenate(random: np.random.Generator, sketch: Sketch) -> int:
    shape = _image(random, 4, largest=_LARGEST // 2)
    parts = [sketch.take(shape), sketch.take(shape)]
    return sketch.add("CONCATENATION", parts, (*shape[:3], 2 * shape[3]), table="ConcatenationOptions", axis=3)


def _split(random: np.random.Generator, sketch: Sketch) -> int:
    *places, channels = _image(random, 4)
    x = sketch.take((*places, 2 * (channels // 2)))
    return sketch.halve(x)


def _slice(random: np.random.Generator, sketch: Sketch) -> int:
    *places, channels = _image(random, 4)
    bounds = [sketch.integers(each) for each in ((0, 0, 0, 0), (*places, channels // 2), (1, 1, 1, 1))]
    x = sketch.take((*places, channels))
    return sketch.add("STRIDED_SLICE", [x, *bounds], (*places, channels // 2), table="StridedSliceOptions")


def _reshape(random: np.random.Generator, sketch: Sketch) -> int:
    _, height, width, channels = shape = _image(random, 4)
    flat = (1, height * width, channels)
    return sketch.add("RESHAPE", [sketch.take(shape), sketch.integers(flat)], flat)


def _transpose(random: np.random.Generator, sketch: Sketch) -> int:
    shape = _image(random, 4)
    order = [int(axis) for axis in ((0, 2, 1, 3), (0, 1, 3, 2), (0, 3, 1, 2))[random.integers(3)]]
    return sketch.add("TRANSPOSE", [sketch.take(shape), sketch.integers(order)], [shape[axis] for axis in order])


def _pad(random: np.random.Generator, sketch: Sketch) -> int:
    _, height, width, channels = shape = _image(random, 1, largest=_LARGEST // 2)
    edges = sketch.integers(((0, 0), (1, 1), (1, 1), (0, 0)))
    return sketch.add("PAD", [sketch.take(shape), edges], (1, height + 2, width + 2, channels))


def _resize(random: np.random.Generator, sketch: Sketch) -> int:
    _, height, width, channels = shape = _image(random, 1, largest=_LARGEST // 4)
    size = (2 * height, 2 * width)
    options: dict[str, Any] = {"table": "ResizeBilinearOptions", "halfPixelCenters": True}
    return sketch.add("RESIZE_BILINEAR", [sketch.take(shape), sketch.integers(size)], (1, *size, channels), **options)


def _gather(random: np.random.Generator, sketch: Sketch) -> int:
    """Rows of a table, as an embedding looks them up."""
    ids, width = _count(random, 8, 2048), _count(random, 1, 128)
    inputs = [sketch.constant((2000, width)), sketch.take((1, ids), dtype="int32")]
    return sketch.add("GATHER", inputs, (1, ids, width), table="GatherOptions")


def _pick(random: np.random.Generator, sketch: Sketch) -> int:
    """Numbers of a row, as the comparisons of trees take them."""
    width, count = _count(random, 8, 512), _count(random, 32, 16384)
    places = sketch.integers(random.integers(width, size=count))
    return sketch.add("GATHER", [sketch.take((1, width)), places], (1, count), table="GatherOptions", axis=1)


def _between(random: np.random.Generator, sketch: Sketch, *, name: str, taken: str, **made: str) -> int:
    """From one type to another."""
    shape = _image(random, 1)
    return sketch.add(name, [sketch.take(shape, dtype=taken)], shape, **made)


def _compare(random: np.random.Generator, sketch: Sketch) -> int:
    shape = _image(random, 1)
    return sketch.add("EQUAL", [sketch.take(shape), sketch.constant(())], shape, dtype="bool")


def _mask(random: np.random.Generator, sketch: Sketch) -> int:
    """One row against all of a constant mask, as attention has it."""
    _, height, width, channels = _image(random, 8)
    return sketch.broadcast(
        "LOGICAL_AND", sketch.take((1, 1, 1, channels)), sketch.constant((1, height, width, channels))
    )


def _sums(random: np.random.Generator, sketch: Sketch) -> int:
    shape = (1, _count(random, 8, 256), _count(random, 2, 128))
    return sketch.add("CUMSUM", [sketch.take(shape), sketch.integers(1)], shape, table="CumsumOptions")


def _image(random: np.random.Generator, fewest: int, *, largest: int = _LARGEST) -> tuple[int, int, int, int]:
    """A shape `(1, height, width, channels)`."""
    while True:
        side, channels = int(random.choice(_SIDES)), _count(random, fewest, 320)
        if side * side * channels <= largest:
            return 1, side, side, channels


def _count(random: np.random.Generator, fewest: int, most: int) -> int:
    """A number with an even logarithm; above 6 a multiple of 4, as widths of networks are."""
    drawn = math.exp(random.uniform(math.log(fewest), math.log(most)))
    return max(fewest, round(drawn) if drawn < 6 else 4 * round(drawn / 4))


_ALL, _BOTH, _PLAIN = ("float32", "int8", "dynamic"), ("float32", "int8"), ("float32", "int8", "int32")
_SOFTMAX: dict[str, Any] = {"table": "SoftmaxOptions", "beta": 1.0}

_PLAN: tuple[tuple[int, tuple[str, ...], Draw], ...] = (
    (36, _ALL, partial(_conv, sides=(1,), stride=1)),
    (16, _ALL, partial(_conv, sides=(1,), stride=2)),
    (50, _ALL, partial(_conv, sides=(3,))),
    (24, _ALL, partial(_conv, sides=(5,))),
    (16, _ALL, partial(_conv, sides=(2, 7))),
    *((14, _ALL, partial(_depthwise, side=side, stride=stride)) for side in (3, 5) for stride in (1, 2)),
    (14, _BOTH, partial(_depthwise, side=1, stride=1)),
    *(
        (14, ("dynamic",), partial(_depthwise, side=side, stride=stride, after=True))
        for side in (3, 5)
        for stride in (1, 2)
    ),
    *((18, _ALL, partial(_dense, rows=rows)) for rows in (False, True)),
    (14, _BOTH, partial(_product, weights=False)),
    (14, _ALL, partial(_product, weights=True)),
    (20, _ALL, _rows),
    *((12, _BOTH, partial(_pool, name=name)) for name in ("MAX_POOL_2D", "AVERAGE_POOL_2D")),
    *(
        (8, _BOTH, partial(_reduce, name=name, axes=axes))
        for name in ("MEAN", "SUM", "REDUCE_MAX")
        for axes in ((1, 2), (3,))
    ),
    *(
        (10, _BOTH, partial(_join, name=name, other=other))
        for name in ("ADD", "MUL", "SQUARED_DIFFERENCE")
        for other in ("same", "number", "vector")
    ),
    *((10, _BOTH, partial(_join, name=name, other="vector in place")) for name in ("ADD", "MUL")),
    *((6, _BOTH, partial(_join, name=name, other="number")) for name in ("MAXIMUM", "MINIMUM")),
    (6, ("int32",), partial(_join, name="ADD", other="number")),
    *((6, _PLAIN, partial(_select, other=other)) for other in ("", "number")),
    *(
        (6, _BOTH, partial(_each, name=name))
        for name in ("RELU", "HARD_SWISH", "LOGISTIC", "TANH", "GELU", "ELU", "EXP", "LOG", "RSQRT")
    ),
    *((6, ("float32",), partial(_each, name=name)) for name in ("NEG", "SQUARE", "SQRT")),
    (6, _BOTH, partial(_each, name="LEAKY_RELU", table="LeakyReluOptions", alpha=0.1)),
    (10, _BOTH, partial(_row, name="SOFTMAX", **_SOFTMAX)),
    (8, _BOTH, partial(_row, name="L2_NORMALIZATION")),
    (8, _BOTH, _concatenate),
    (8, _BOTH, _split),
    (6, _PLAIN, _slice),
    (6, _BOTH, _reshape),
    (10, _BOTH, _transpose),
    (6, _BOTH, _pad),
    (8, _BOTH, _resize),
    (10, _BOTH, _gather),
    (8, _BOTH, _pick),
    (8, ("int8",), partial(_between, name="QUANTIZE", taken="float32")),
    (8, ("float32",), partial(_between, name="DEQUANTIZE", taken="int8")),
    (6, ("float32",), partial(_between, name="CAST", taken="bool")),
    (6, _PLAIN, _compare),
    (6, ("float32",), _sums),
    (6, ("bool",), _mask),
)
"""How many probes of each kind, with which numbers."""
