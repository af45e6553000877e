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

from easynas.deploy.bundle import Bundle
from easynas.deploy.measure import Interpreter
from easynas.deploy.silence import Silence
from easynas.errors import ExportError

ONNX_PACKAGES = ("tf2onnx", "onnxruntime")

Run = Callable[[np.ndarray], np.ndarray]
"""From float32 images `(n, *shape)` to probabilities `(n, classes)`."""


def to_tflite(bundle: Bundle, path: Path, quantization: str) -> Run:
    """Writes a `.tflite` file for one image at a time, float32 in and out.

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
        signature = tf.TensorSpec((1, *bundle.schema.shape), tf.float32)
        graph = tf.function(lambda images: bundle.model(images, training=False)).get_concrete_function(signature)
        converter = tf.lite.TFLiteConverter.from_concrete_functions([graph])
        _set_quantization(converter, quantization, bundle.samples)
        content, refusal = _convert(converter)
    if refusal is not None:
        raise ExportError(
            f"Every layer must have a counterpart in TFLite for quantization {quantization!r}. "
            f"The converter said: {_essence(refusal, silence.text)}"
        )
    path.write_bytes(content)
    return Interpreter(path).run


def to_keras(bundle: Bundle, path: Path) -> Run:
    """Writes a `.keras` file."""
    bundle.model.save(path)
    model = keras.models.load_model(path, compile=False, safe_mode=True)
    # Called as its users will, without naming the mode.
    return lambda images: np.asarray(model(images))


def to_saved_model(bundle: Bundle, path: Path) -> Run:
    """Writes a SavedModel folder with the endpoint `serve`, any number of images at a time."""
    archive = keras.export.ExportArchive()
    archive.track(bundle.model)
    archive.add_endpoint("serve", lambda image: bundle.model(image, training=False), input_signature=[_batch(bundle)])
    with Silence():
        archive.write_out(str(path), verbose=False)
        loaded = tf.saved_model.load(str(path))
    return lambda images: np.asarray(loaded.serve(images))


def to_onnx(bundle: Bundle, path: Path) -> Run:
    """Writes an `.onnx` file, any number of images at a time.

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
        graph = tf.function(lambda image: bundle.model(image, training=False))
        tf2onnx.convert.from_function(graph, [_batch(bundle)], output_path=str(path))
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return lambda images: np.asarray(session.run(None, {"image": images})[0])


def _batch(bundle: Bundle) -> Any:
    return tf.TensorSpec((None, *bundle.schema.shape), tf.float32, name="image")


def _set_quantization(converter: Any, quantization: str, samples: np.ndarray) -> None:
    if quantization == "float32":
        return
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    match quantization:
        case "float16":
            converter.target_spec.supported_types = [tf.float16]
        case "int8":
            converter.representative_dataset = lambda: _calibration(samples)
            converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]


def _calibration(samples: np.ndarray) -> Iterator[list[np.ndarray]]:
    for sample in samples:
        yield [sample[None].astype(np.float32)]


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
