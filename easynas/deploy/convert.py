"""The conversions of a bundle's model, but for TFLite: each writes a file and returns a way to run it.

Each model is called with `training=False`; otherwise layers whose default is a training, like Keras' augmentation,
would be exported in that mode.
"""

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from easynas.data.dataset import Inputs
from easynas.deploy.bundle import Bundle, signature
from easynas.deploy.silence import Silence
from easynas.errors import ExportError

ONNX_PACKAGES = ("tf2onnx", "onnxruntime")

Run = Callable[[Any], np.ndarray]
"""From checked samples to answers `(n, outputs)`."""


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
