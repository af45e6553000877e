"""`ExportReport`: what was written, and how it compares with the Keras model."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from easynas.data.dataset import Target

QUANTIZATIONS = ("float32", "float16", "dynamic", "int8", "int16x8")
"""Numbers that a `.tflite` file may be made of."""

EXACT = ("float32", "float16")
"""Those in which every operator computes in float32, so that there is no excuse for other labels."""

INTEGER = ("int8", "int16x8")
"""Those whose files can take and give integers."""

ALIKE = 0.05  # difference of numbers, in standard deviations, up to which they agree


@dataclass(frozen=True)
class ExportReport:
    """What was written and how it compares with the Keras model.

    Attributes:
        path: the file or folder.
        format: `"tflite"`, `"c"`, `"keras"`, `"onnx"` or `"saved_model"`.
        quantization: `"float32"`, `"float16"`, `"dynamic"`, `"int8"` or `"int16x8"`.
        size_kb: size on disk in units of 1024 bytes.
        latency_ms: median time for one sample on one thread of this machine; None for formats without a runtime.
        latency_p90_ms: nine of ten calls took less.
        arena_kb: memory for the tensors between operators; None for formats other than TFLite.
        macs: multiply-accumulates for one sample.
        parameters: numbers that were learned, and those that stand in the file beside them.
        agreement: share of the samples with the same answer from Keras and from the file: what `predict` would give, of
            several labels all the same; or share of the numbers that differ by at most 5 % of their standard deviation.
        max_difference: largest difference of a probability, or of a number in standard deviations.
        samples: how many samples were compared.
        warnings: sentences for the user.
    """

    path: Path
    format: str
    quantization: str
    size_kb: float
    latency_ms: float | None
    latency_p90_ms: float | None
    arena_kb: float | None
    macs: int | None
    parameters: int | None
    agreement: float
    max_difference: float
    samples: int
    warnings: tuple[str, ...]

    def __str__(self) -> str:
        speed = "" if self.latency_ms is None else f", {self.latency_ms:.3g} ms a sample"
        line = (
            f"{self.path} ({self.quantization}): {self.size_kb:.1f} kB{speed}, same answer as Keras for "
            f"{self.agreement:.1%} of {self.samples} samples, differences up to {self.max_difference:.2g}"
        )
        return " ".join([line + ".", *self.warnings])


def alike(expected: np.ndarray, received: np.ndarray, target: Target) -> np.ndarray:
    """Which answers are the same, as decided: `(n,)`, all labels of a sample together; of numbers `(n, outputs)`."""
    if target.answer.kind == "numbers":
        return np.asarray(np.abs(expected - received) / target.answer.scale <= ALIKE)
    same = np.asarray(target.decided(expected) == target.decided(received))
    return same if same.ndim == 1 else np.asarray(same.all(axis=1))
