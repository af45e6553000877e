"""Quantization after training: from a bundle to the content of a `.tflite` file with small numbers.

"int8" looks for its own exceptions. If the file answers too often otherwise than the network, the operators whose own
error is largest, in steps of their own scale, stay in float: one, two, four, at most eight, if that helps enough (the
method of TensorFlow's quantization debugger, here with the agreement of the answers as its goal). Where that could be
chance, they may cost next to no bytes, and networks of images have none: a convolution in float among others in int8
makes them up to a half slower. If that does not help, what is between operators stays in float, and weights alone are
int8: as small, as fast for texts and tables, and up to twice as slow for small networks of images.

In float in any case are, all in docs/findings.md: what comes behind the last weights, where answers that are close
would become equal; of what answers numbers also these weights, because numbers of different size cannot share the one
scale that an int8 tensor has; what happens to the columns of a table before any weights, for the same reason; and
products of several matrices, which XNNPACK gets wrong in int8.
"""

import csv
import io
import math
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

import numpy as np
import tensorflow as tf

from easynas.data.images import ImageEncoder
from easynas.data.table import TableEncoder
from easynas.deploy.bundle import Bundle, signature
from easynas.deploy.exported import EXACT, INTEGER
from easynas.deploy.folding import folded
from easynas.deploy.half import halved
from easynas.deploy.measure import Interpreter
from easynas.deploy.silence import Silence
from easynas.errors import ExportError

T = TypeVar("T")

ENOUGH, _CERTAIN = 0.985, 2.0
"""Agreement from which on no operator is looked for that should stay in float; and standard errors by which that of the
samples is below it for certain: 1,024 of them tell it to 0.4 %."""

_CHEAP = 1.1  # times the bytes without exceptions

_PRODUCT = "BATCH_MATMUL"
_WEIGHTED = (_PRODUCT, "FULLY_CONNECTED", "CONV_2D", "DEPTHWISE_CONV_2D")
_WORTH = 0.5  # share of the disagreement that exceptions must take away, or they are not worth their bytes

_EXCEPTIONS = (1, 2, 4, 8)
_CALIBRATED, _CHECKED = 256, 32  # samples that tell the ranges of numbers, and the errors of operators
_ENDINGS = {"ADD", "MUL", "SUB"}  # what may stand behind the last layer with weights


@dataclass(frozen=True)
class Quantized:
    """The content of a `.tflite` file.

    Attributes:
        content: of the file.
        kept: operators that stay in float though all others are integers.
        weights_only: whether all of them do, and weights alone are integers.
    """

    content: bytes
    kept: tuple[str, ...] = ()
    weights_only: bool = False


def quantize(
    bundle: Bundle,
    quantization: str,
    *,
    integers: bool,
    agreement: Callable[[bytes], float],
    fits: Callable[[bytes], bool] = lambda _: True,
) -> Quantized:
    """Returns the bundle's `device` as a `.tflite` file for one sample at a time.

    Args:
        bundle: what to convert; its samples calibrate the integers.
        quantization: one of `QUANTIZATIONS`: float32, weights in float16, weights in int8 ("dynamic"), everything in
            int8, or int8 weights and int16 between layers.
        integers: whether the file takes and gives integers of its own scale rather than float32; then no operator stays
            in float.
        agreement: share of the samples for which the content of a file answers as the network does.
        fits: whether a file with this content may be; none with operators in float is chosen that may not.

    Raises:
        ExportError: the converter refuses the model.
    """
    debugger = None if quantization != "int8" or integers else _said(lambda: _debugger(bundle), quantization)
    numbers = bundle.target.answer.kind == "numbers"
    if debugger is None:
        content = _said(lambda: _converter(bundle, quantization, integers=integers).convert(), quantization)
        return Quantized(halved(content, to_the_end=not numbers) if quantization == "float16" else content)
    always, plain = _said(lambda: _partly_in_float(debugger, bundle), quantization)
    most = math.inf
    if not numbers:
        share = agreement(plain.content)
        if share >= ENOUGH:
            return plain
        if share >= ENOUGH - _CERTAIN * math.sqrt(ENOUGH * (1 - ENOUGH) / len(bundle.samples)):
            if isinstance(bundle.encoder, ImageEncoder):
                return plain
            most = _CHEAP * len(plain.content)

    def may_be(content: bytes) -> bool:
        return len(content) <= most and fits(content)

    best, share = _said(
        lambda: _with_exceptions(debugger, plain, always, numbers=numbers, agreement=agreement, fits=may_be),
        quantization,
    )
    if numbers or share >= ENOUGH:
        return best
    content = _said(lambda: _converter(bundle, "dynamic", integers=False).convert(), quantization)
    # Not for a little: integers throughout are what was asked for.
    better = fits(content) and 1 - agreement(content) <= _WORTH * (1 - share)
    return Quantized(content, weights_only=True) if better else best


class Float(NamedTuple):
    """What is in float in every int8 file of a network.

    Attributes:
        products: operators that multiply several matrices.
        before: what happens to the columns of a table before they are multiplied by weights. With 256 levels for all of
            them together they would lose most there, and in float it takes few bytes.
        after: what happens to answers that no weights follow.
    """

    products: tuple[str, ...]
    before: tuple[str, ...]
    after: tuple[str, ...]

    @property
    def named(self) -> tuple[str, ...]:
        """Those that are told apart by what they give; products are by what they do."""
        return *self.before, *self.after

    @classmethod
    def of(cls, bundle: Bundle, content: bytes) -> "Float":
        """Those of the int8 file with this content."""
        graph = Interpreter(content, delegates=False).graph()
        products = tuple(operator["op_name"] for operator in graph.operators if operator["op_name"] == _PRODUCT)
        reached = set(graph.inputs) if isinstance(bundle.encoder, TableEncoder) else set()
        before, after = [], []
        for operator in graph.operators:
            if operator["op_name"] not in _WEIGHTED and reached.intersection(operator["inputs"]):
                reached.update(operator["outputs"])
                before += [graph.tensors[index]["name"] for index in operator["outputs"]]
        weighted: set[int] = set()  # tensors that weights follow
        for operator in reversed(graph.operators):
            if operator["op_name"] in _WEIGHTED or weighted.intersection(operator["outputs"]):
                weighted.update(operator["inputs"])
            else:
                after += [graph.tensors[index]["name"] for index in operator["outputs"]]
        return cls(products, tuple(before), tuple(after))


def _partly_in_float(debugger: Any, bundle: Bundle) -> tuple[Float, Quantized]:
    """What is always in float, and the file with that."""
    converted: bytes = debugger.get_nondebug_quantized_model()
    always = Float.of(bundle, converted)
    content = _keeping(debugger, always.named)
    return always, Quantized(converted) if content is None else Quantized(content, (*always.products, *always.before))


def _with_exceptions(
    debugger: Any,
    plain: Quantized,
    always: Float,
    *,
    numbers: bool,
    agreement: Callable[[bytes], float],
    fits: Callable[[bytes], bool],
) -> tuple[Quantized, float]:
    """The file with the fewest operators in float that agrees well enough, or else the best that is worth it.

    Beside it stands how often it agrees.
    """
    debugger.run()
    written = io.StringIO()
    debugger.layer_statistics_dump(written)
    operators = list(csv.DictReader(io.StringIO(written.getvalue())))
    ending = _ending(operators) if numbers else ()
    ranked = [name for name in _by_error(operators) if name not in (*ending, *always.named)]
    ended = _keeping(debugger, (*always.named, *ending)) if numbers else None
    best = plain if ended is None else Quantized(ended, (*plain.kept, *ending))
    least = most = agreement(best.content)
    for count in (each for each in _EXCEPTIONS if each <= len(ranked) and most < ENOUGH):
        kept = (*always.named, *ending, *ranked[:count])
        content = _keeping(debugger, kept)
        share = 0.0 if content is None or not fits(content) else agreement(content)
        if content is not None and share > most and (share >= ENOUGH or 1 - share <= _WORTH * (1 - least)):
            best, most = Quantized(content, (*plain.kept, *ending, *ranked[:count])), share
    return best, most


def _debugger(bundle: Bundle) -> Any:
    """TensorFlow's quantization debugger; None where it finds no operator whose error it could measure."""
    names = _input_names(bundle)
    try:
        return tf.lite.experimental.QuantizationDebugger(
            converter=_converter(bundle, "int8", integers=False),
            debug_dataset=lambda: _calibration(bundle, _CHECKED, names),
            debug_options=_options(()),
        )
    except ValueError:
        return None


def _keeping(debugger: Any, kept: tuple[str, ...]) -> bytes | None:
    """The file with some operators in float; None if that would be all of them."""
    try:
        debugger.options = _options(kept)
    except ValueError:
        return None
    content: bytes = debugger.get_nondebug_quantized_model()
    return content


def _options(kept: tuple[str, ...]) -> Any:
    return tf.lite.experimental.QuantizationDebugOptions(denylisted_ops=[_PRODUCT], denylisted_nodes=list(kept) or None)


def _by_error(operators: list[dict[str, str]]) -> list[str]:
    """Names of operators, those with the largest error for their scale first."""

    def error(operator: dict[str, str]) -> float:
        scale = float(operator["scale"])
        return math.sqrt(float(operator["mean_squared_error"])) / scale if scale else 0.0

    return [operator["tensor_name"] for operator in sorted(operators, key=error, reverse=True)]


def _ending(operators: list[dict[str, str]]) -> tuple[str, ...]:
    """The last layer with weights and what stands behind it."""
    names = []
    for operator in reversed(operators):
        names.append(operator["tensor_name"])
        if operator["op_name"] not in _ENDINGS:
            break
    return tuple(names)


def _converter(bundle: Bundle, quantization: str, *, integers: bool) -> Any:
    # A graph with its weights frozen in converts five times faster than the converter's own way for Keras models, which
    # writes a SavedModel first; the file runs equally fast.
    single = signature(bundle.device_shapes, batch=1)
    graph = tf.function(folded(bundle.device), autograph=False).get_concrete_function(single)
    converter = tf.lite.TFLiteConverter.from_concrete_functions([graph])
    if quantization in EXACT:
        return converter
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    operators = tf.lite.OpsSet
    match quantization:
        case "int8":
            converter.target_spec.supported_ops = [operators.TFLITE_BUILTINS_INT8]
        case "int16x8":
            # With float operators beside them: few have a form for int16.
            converter.target_spec.supported_ops = [
                operators.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8,
                operators.TFLITE_BUILTINS,
            ]
    if quantization in INTEGER:
        names = _input_names(bundle)
        converter.representative_dataset = lambda: _calibration(bundle, _CALIBRATED, names)
        if integers:
            kind = tf.int8 if quantization == "int8" else tf.int16
            converter.inference_input_type = converter.inference_output_type = kind
    return converter


def _calibration(bundle: Bundle, count: int, names: tuple[str, ...] = ()) -> Iterator[Any]:
    """Some samples from all places, one after the other, as a list of the only input, or of those with these names."""
    rows = np.unique(np.linspace(0, len(bundle.samples) - 1, count).astype(int))
    inputs = bundle.device_inputs(bundle.samples[rows])
    arrays = [inputs[name] for name in names] if isinstance(inputs, dict) else [inputs]
    for row in range(len(rows)):
        yield [array[row : row + 1] for array in arrays]


def _input_names(bundle: Bundle) -> tuple[str, ...]:
    """Names of several inputs in the order of a file, which lacks those that its network does not look at."""
    if not isinstance(bundle.device_shapes, dict):
        return ()
    return tuple(Interpreter(_converter(bundle, "float32", integers=False).convert()).input_shapes)


def _said(make: Callable[[], T], quantization: str) -> T:
    """What `make` returns, without a word on the terminal; what the converter says against it is an error."""
    from tensorflow.lite.python.convert import ConverterError

    refusal: Exception
    with warnings.catch_warnings(), Silence() as silence:
        warnings.simplefilter("ignore")
        try:
            return make()
        except (ConverterError, RuntimeError, ValueError) as error:
            refusal = error
    raise ExportError(
        f"Every layer must have a counterpart in TFLite for quantization {quantization!r}. "
        f"The converter said: {_essence(refusal, silence.text)}"
    )


def _essence(refusal: Exception, output: str) -> str:
    """The lines that name a reason, of the pages that the converter writes."""
    lines = [line.strip() for line in f"{refusal}\n{output}".splitlines() if "error:" in line]
    return " ".join(dict.fromkeys(lines[:3])) or str(refusal).strip()[:300]
