"""`export`: one call from a bundle to a checked file.

A file appears only after every sample of the bundle went through it and the answers were compared with Keras.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from easynas.data.registry import to_config
from easynas.deploy.atomic import replacing
from easynas.deploy.bundle import Bundle
from easynas.deploy.convert import Run, to_keras, to_onnx, to_saved_model, to_tflite
from easynas.deploy.measure import LATENCY_SECONDS, latency, size_kb, time_calls
from easynas.errors import ExportError, InputError
from easynas.schema import Answer

ENCODED = (".tflite", ".onnx")
"""Files that take encoded texts and rows; what they mean is in a `.json` of the same name."""

FORMATS = {".tflite": "tflite", ".keras": "keras", ".onnx": "onnx", "": "saved_model"}
QUANTIZATIONS = ("float32", "float16", "dynamic", "int8")
EXACT = ("float32", "float16")  # these have no excuse for other labels
AGREEMENT = 0.99
ROUNDING = 0.01  # difference of a probability below which another label is a tie, no error
ALIKE = 0.05  # difference of numbers, in standard deviations, up to which they agree
LATENCY_RUNS = 500
CHUNK = 32  # samples compared at a time


@dataclass(frozen=True)
class ExportReport:
    """What was written and how it compares with the Keras model.

    Attributes:
        path: the file or folder.
        format: `"tflite"`, `"keras"`, `"onnx"` or `"saved_model"`.
        quantization: `"float32"`, `"float16"`, `"dynamic"` or `"int8"`.
        size_kb: size on disk in units of 1024 bytes.
        latency_ms: median time for one sample on one thread of this machine; None for formats without a runtime.
        agreement: share of the answers that are the same from Keras and from the file: labels that agree, numbers that
            differ by at most 5 % of their standard deviation.
        max_difference: largest difference of a probability, or of a number in standard deviations.
        samples: how many samples were compared.
        warnings: sentences for the user.
    """

    path: Path
    format: str
    quantization: str
    size_kb: float
    latency_ms: float | None
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


def export(bundle: Bundle, path: str | Path, *, quantization: str | None = None) -> ExportReport:
    """Writes the model of `bundle` to `path` and returns how the file compares with it.

    Args:
        bundle: what to export; its samples calibrate int8 and check every file.
        path: the suffix decides the format: `.tflite`, `.keras`, `.onnx`; none: a SavedModel folder. Missing parent
            folders are created, an earlier export is replaced. Of texts and tables `.tflite` and `.onnx` take what is
            encoded, and a `.json` of the same name says how, for `easynas.runtime` among others.
        quantization: for `.tflite` only: `"float32"`, `"float16"`, `"dynamic"` or `"int8"`; None: `"float32"`.

    Raises:
        InputError: the suffix or the quantization is none of the above, or `path` holds something else.
        ExportError: the model cannot be converted, or the file disagrees with it; `path` is left as it was.
    """
    path = Path(path)
    _check(path, quantization)
    chosen = "float32" if quantization is None else quantization
    expected = bundle.answers(bundle.samples)
    with replacing(path) as draft, _beside(bundle, path):
        run = _write(bundle, draft, chosen)
        agreement, difference = _compare(expected, _answers(run, bundle.samples), bundle.target.answer, chosen)
        return ExportReport(
            path=path,
            format=FORMATS[path.suffix],
            quantization=chosen,
            size_kb=size_kb(draft),
            latency_ms=_latency_ms(draft, run, bundle.samples[:1]),
            agreement=agreement,
            max_difference=difference,
            samples=len(bundle.samples),
            warnings=_warnings(agreement, chosen),
        )


@contextmanager
def _beside(bundle: Bundle, path: Path) -> Iterator[None]:
    """Writes how samples are encoded beside a file that takes what is encoded; it appears just before that file."""
    if bundle.device is bundle.model or path.suffix not in ENCODED:
        yield
        return
    config = {"encoder": to_config(bundle.encoder), "target": to_config(bundle.target)}
    with replacing(path.with_suffix(".json")) as draft:
        draft.write_text(json.dumps(config), encoding="utf8")
        yield


def _check(path: Path, quantization: str | None) -> None:
    if path.suffix not in FORMATS:
        raise InputError(
            "`path` must end in .tflite, .keras or .onnx, or have no suffix for a SavedModel folder. "
            f"Received {str(path)!r}."
        )
    if quantization not in (None, *QUANTIZATIONS):
        raise InputError(
            f"`quantization` must be one of {', '.join(QUANTIZATIONS)} or None. Received {quantization!r}."
        )
    if quantization is not None and path.suffix != ".tflite":
        raise InputError(
            f"`quantization` needs a path that ends in .tflite. Received {quantization!r} and {str(path)!r}."
        )
    if path.is_dir() and (path.suffix or (any(path.iterdir()) and not (path / "saved_model.pb").is_file())):
        raise InputError(
            f"`path` must not be a folder with other content. Received {str(path)!r}; choose another name."
        )
    if path.is_file() and not path.suffix:
        raise InputError(f"A SavedModel is a folder. Received {str(path)!r}, which is a file; choose another name.")


def _write(bundle: Bundle, draft: Path, quantization: str) -> Run:
    match FORMATS[draft.suffix]:
        case "tflite":
            return to_tflite(bundle, draft, quantization)
        case "keras":
            return to_keras(bundle, draft)
        case "onnx":
            return to_onnx(bundle, draft)
        case _:
            return to_saved_model(bundle, draft)


def _answers(run: Run, samples: Any) -> np.ndarray:
    """Answers of the file, `(n, outputs)`; in chunks, since the samples may be large images."""
    return np.concatenate([run(samples[at : at + CHUNK]) for at in range(0, len(samples), CHUNK)])


def _compare(expected: np.ndarray, received: np.ndarray, answer: Answer, quantization: str) -> tuple[float, float]:
    """Share of the answers that agree, and the largest difference of a probability or a standardised number."""
    if not np.isfinite(received).all():
        raise ExportError(
            f"Answers must be finite. The {quantization} file gives NaN or infinity for some samples"
            + ("; so does the Keras model." if not np.isfinite(expected).all() else "; choose another quantization.")
        )
    difference = np.abs(expected - received) / (answer.scale or 1.0)
    match answer.kind:
        case "classes":
            alike = expected.argmax(axis=1) == received.argmax(axis=1)
        case "labels":
            alike = (expected > 0.5) == (received > 0.5)
        case "numbers":
            alike = difference <= ALIKE
    agreement, largest = float(alike.mean()), float(difference.max())
    if quantization in EXACT and agreement < AGREEMENT and largest > ROUNDING:
        raise ExportError(
            f"A {quantization} file must answer as the Keras model does for {AGREEMENT:.0%} of the samples. "
            f"It does for {agreement:.1%} of {len(expected)}, and differs by up to {largest:.2g}; nothing was written."
        )
    return agreement, largest


def _latency_ms(draft: Path, run: Run, single: Any) -> float | None:
    match FORMATS[draft.suffix]:
        case "tflite":
            return latency(draft).median_ms
        case "onnx":
            return time_calls(lambda: run(single), runs=LATENCY_RUNS, seconds=LATENCY_SECONDS).median_ms
        case _:
            return None


def _warnings(agreement: float, quantization: str) -> tuple[str, ...]:
    if quantization in EXACT or agreement >= AGREEMENT:
        return ()
    return (f"Quantization to {quantization} changes the answer for {1 - agreement:.1%} of the samples.",)
