"""Runs an exported `.tflite` file as a device would, image by image, without any code of easynas."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from problems import Array

WARM_UP, CALLS = 10, 100


def run(path: Path, images: Array) -> Array:
    """Outputs `(images, classes)` of the file for raw images."""
    call = _open(path)
    return np.stack([call(image) for image in images])


def latency_ms(path: Path, image: Array) -> float:
    """Median milliseconds of a call with one image on one thread."""
    call = _open(path)
    seconds = []
    for _ in range(WARM_UP + CALLS):
        started = time.perf_counter()
        call(image)
        seconds.append(time.perf_counter() - started)
    return float(np.median(seconds[WARM_UP:]) * 1000)


def _open(path: Path) -> Callable[[Array], Array]:
    """A function from one raw image to the outputs `(classes,)` for it."""
    import tensorflow as tf

    interpreter = tf.lite.Interpreter(str(path), num_threads=1)
    interpreter.allocate_tensors()
    entry, result = interpreter.get_input_details()[0], interpreter.get_output_details()[0]

    def call(image: Array) -> Array:
        interpreter.set_tensor(entry["index"], _to_integers(image.reshape(entry["shape"]), entry))
        interpreter.invoke()
        return _from_integers(interpreter.get_tensor(result["index"])[0], result)

    return call


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
