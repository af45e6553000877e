"""Runs an exported `.tflite` file as a device would, without any code of easynas."""

import time
from pathlib import Path
from typing import Any

import numpy as np
from problems import Array

BATCH = 200
WARM_UP, CALLS = 10, 100


def run(path: Path, images: Array) -> Array:
    """Outputs `(images, classes)` of the file for raw images."""
    interpreter = _open(path, batch=BATCH)
    parts = []
    for start in range(0, len(images), BATCH):
        part = images[start : start + BATCH]
        # The last batch is filled up, because another size would plan the whole network anew.
        filled = np.concatenate([part, np.repeat(part[:1], BATCH - len(part), axis=0)])
        parts.append(_invoke(interpreter, filled)[: len(part)])
    return np.concatenate(parts)


def latency_ms(path: Path, image: Array) -> float:
    """Median milliseconds of a call with one image on one thread."""
    interpreter = _open(path, batch=1)
    seconds = []
    for _ in range(WARM_UP + CALLS):
        started = time.perf_counter()
        _invoke(interpreter, image[np.newaxis])
        seconds.append(time.perf_counter() - started)
    return float(np.median(seconds[WARM_UP:]) * 1000)


def _open(path: Path, *, batch: int) -> Any:
    import tensorflow as tf

    interpreter = tf.lite.Interpreter(str(path), num_threads=1)
    entry = interpreter.get_input_details()[0]
    interpreter.resize_tensor_input(entry["index"], [batch, *entry["shape"][1:]])
    interpreter.allocate_tensors()
    return interpreter


def _invoke(interpreter: Any, images: Array) -> Array:
    entry, result = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    interpreter.set_tensor(entry["index"], _to_integers(images.reshape(entry["shape"]), entry))
    interpreter.invoke()
    return _from_integers(interpreter.get_tensor(result["index"]), result)


def _to_integers(values: Array, tensor: Any) -> Array:
    """What the file wants: the images as they are, or quantized if its input is."""
    scale, zero = tensor["quantization"]
    if scale == 0:
        return np.asarray(values, tensor["dtype"])
    limits = np.iinfo(tensor["dtype"])
    return np.asarray(np.clip(np.round(values / scale + zero), limits.min, limits.max), tensor["dtype"])


def _from_integers(values: Array, tensor: Any) -> Array:
    scale, zero = tensor["quantization"]
    if scale == 0:
        return values
    real: Array = (values.astype("float32") - zero) * scale
    return real
