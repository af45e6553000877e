"""The conversions of a bundle's model: one function per format, each writes a file and returns a way to run it.

Each model is called with `training=False`; otherwise layers whose default is a training, like Keras' augmentation,
would be exported in that mode.
"""

import importlib.util
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from easynas.data.dataset import Inputs
from easynas.deploy.bundle import Bundle, signature
from easynas.deploy.measure import Interpreter
from easynas.deploy.silence import Silence
from easynas.errors import ExportError

ONNX_PACKAGES = ("tf2onnx", "onnxruntime")

Run = Callable[[Any], np.ndarray]
"""From checked samples to answers `(n, outputs)`."""


def to_tflite(bundle: Bundle, path: Path, quantization: str) -> Run:
    """Writes a `.tflite` file of the bundle's `device` for one sample at a time, float32 out.

    Args:
        bundle: what to convert; its samples calibrate int8.
        path: the file to write.
        quantization: `"float32"`, `"float16"` (weights), `"dynamic"` (int8 weights) or `"int8"` (all arithmetic).

    Raises:
        ExportError: the converter refuses the model.
    """
    with warnings.catch_warnings(), Silence() as silence:
        warnings.simplefilter("ignore")
        # A graph with its weights frozen in converts five times faster than the converter's own way for Keras models,
        # which writes a SavedModel first; the file runs equally fast.
        single = signature(bundle.device_shapes, batch=1)
        graph = tf.function(lambda x: bundle.device(x, training=False)).get_concrete_function(single)
        converter = tf.lite.TFLiteConverter.from_concrete_functions([graph])
        _set_quantization(converter, quantization, bundle)
        content, refusal = _convert(converter)
    if refusal is not None:
        raise ExportError(
            f"Every layer must have a counterpart in TFLite for quantization {quantization!r}. "
            f"The converter said: {_essence(refusal, silence.text)}"
        )
    path.write_bytes(content)
    interpreter = Interpreter(path)
    return lambda samples: interpreter.run(bundle.device_inputs(samples))


def to_keras(bundle: Bundle, path: Path) -> Run:
    """Writes a `.keras` file."""
    bundle.model.save(path)
    model = keras.models.load_model(path, compile=False, safe_mode=True)
    # Called as its users will, without naming the mode.
    return lambda samples: np.asarray(model(_tensors(bundle, samples)))


def to_saved_model(bundle: Bundle, path: Path) -> Run:
    """Writes a SavedModel folder with the endpoint `serve`, any number of samples at a time."""
    archive = keras.export.ExportArchive()
    archive.track(bundle.model)
    archive.add_endpoint("serve", lambda x: bundle.model(x, training=False), input_signature=[_batch(bundle)])
    with Silence():
        archive.write_out(str(path), verbose=False)
        loaded = tf.saved_model.load(str(path))
    return lambda samples: np.asarray(loaded.serve(_tensors(bundle, samples)))


def to_onnx(bundle: Bundle, path: Path) -> Run:
    """Writes an `.onnx` file, any number of samples at a time.

    Raises:
        ExportError: the packages for it are not installed.
    """
    missing = [name for name in ONNX_PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        raise ExportError(
            f"ONNX needs packages that are not installed: {', '.join(missing)}. Run `pip install {' '.join(missing)}`."
        )
    import onnxruntime
    import tf2onnx

    with Silence():
        graph = tf.function(lambda x: bundle.device(x, training=False))
        batch = signature(bundle.device_shapes, batch=None)
        tf2onnx.convert.from_function(graph, [batch], output_path=str(path))
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return lambda samples: np.asarray(session.run(None, _by_name(bundle.device_inputs(samples)))[0])


def _by_name(inputs: Inputs) -> dict[str, np.ndarray]:
    return inputs if isinstance(inputs, dict) else {"image": inputs}


def _batch(bundle: Bundle) -> Any:
    """What the model takes, for any number of samples."""
    inputs = bundle.model.input
    return keras.tree.map_structure(
        lambda tensor: tf.TensorSpec((None, *tensor.shape[1:]), tensor.dtype, name=tensor.name), inputs
    )


def _tensors(bundle: Bundle, samples: Any) -> Any:
    """Raw samples in the types that the model takes."""
    return keras.tree.map_structure(
        lambda tensor, array: tf.constant(array if tensor.dtype == "string" else np.asarray(array, tensor.dtype)),
        bundle.model.input,
        bundle.encoder.raw(samples),
    )


def _set_quantization(converter: Any, quantization: str, bundle: Bundle) -> None:
    if quantization == "float32":
        return
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    match quantization:
        case "float16":
            converter.target_spec.supported_types = [tf.float16]
        case "int8":
            converter.representative_dataset = lambda: _calibration(bundle)
            converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]


def _calibration(bundle: Bundle) -> Iterator[Any]:
    """One sample after the other, as a list of the only input, or by name."""
    inputs = bundle.device_inputs(bundle.samples)
    for row in range(len(bundle.samples)):
        single = keras.tree.map_structure(lambda array, row=row: array[row : row + 1], inputs)
        yield single if isinstance(single, dict) else [single]


def _convert(converter: Any) -> tuple[bytes, Exception | None]:
    """The content of the file, or why there is none."""
    from tensorflow.lite.python.convert import ConverterError

    try:
        return converter.convert(), None
    except (ConverterError, RuntimeError, ValueError) as error:
        return b"", error


def _essence(refusal: Exception, output: str) -> str:
    """The lines that name a reason, of the pages that the converter writes."""
    lines = [line.strip() for line in f"{refusal}\n{output}".splitlines() if "error:" in line]
    return " ".join(dict.fromkeys(lines[:3])) or str(refusal).strip()[:300]
