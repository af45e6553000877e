"""`export`: one call from a bundle to a checked file.

A file appears only after every sample of the bundle went through it and the answers were compared with Keras.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from easynas.data.dataset import Target
from easynas.deploy import description
from easynas.deploy.anatomy import Anatomy
from easynas.deploy.array import as_c
from easynas.deploy.atomic import replacing
from easynas.deploy.bundle import Bundle
from easynas.deploy.convert import Run, to_keras, to_onnx, to_saved_model
from easynas.deploy.exported import EXACT, INTEGER, QUANTIZATIONS, ExportReport, alike
from easynas.deploy.measure import LATENCY_SECONDS, Interpreter, Latency, size_kb, time_calls
from easynas.deploy.quantize import Quantized, quantize
from easynas.errors import ExportError, InputError
from easynas.schema import Answer

__all__ = ["ExportReport", "export"]

FORMATS = {".tflite": "tflite", ".c": "c", ".keras": "keras", ".onnx": "onnx", "": "saved_model"}
LITE = (".tflite", ".c")
"""Files that TFLite runs, and that can be quantized."""

AGREEMENT = 0.99
ROUNDING = 0.01  # difference of a probability below which another label is a tie, no error
LATENCY_RUNS = 500
CHUNK = 32  # samples compared at a time


def export(
    bundle: Bundle,
    path: str | Path,
    *,
    quantization: str | None = None,
    integers: bool = False,
    facts: Mapping[str, Any] | None = None,
    fits: Callable[[bytes], bool] = lambda _: True,
) -> ExportReport:
    """Writes the model of `bundle` to `path` and returns how the file compares with it.

    Args:
        bundle: what to export; its samples calibrate integers and check every file.
        path: the suffix decides the format: `.tflite`; `.c`, the same as an array for microcontrollers; `.keras`;
            `.onnx`; none: a SavedModel folder. Missing parent folders are created, an earlier export is replaced.
            Of texts and tables `.tflite` and `.onnx` take what is encoded. How, and what the answers mean, is inside
            the `.tflite` file for `easynas.runtime`, and in a `.json` beside the `.onnx` file.
        quantization: for `.tflite` and `.c` only: one of `QUANTIZATIONS`; None: `"float32"`.
        integers: whether an `"int8"` or `"int16x8"` file takes and gives integers rather than float32.
        facts: what else the description of a `.tflite` file says; plain JSON values.
        fits: whether an `"int8"` file with this content may be; operators stay in float only where it may.

    Raises:
        InputError: the suffix or the quantization is none of the above, or `path` holds something else.
        ExportError: the model cannot be converted, or the file disagrees with it; `path` is left as it was.
    """
    path = Path(path)
    _check(path, quantization, integers=integers)
    chosen = "float32" if quantization is None else quantization
    expected = bundle.answers(bundle.samples)
    with replacing(path) as draft, _beside(bundle, path, facts or {}):
        written = _write(bundle, draft, chosen, expected, integers=integers, facts=facts or {}, fits=fits)
        received = _answers(written.run, bundle.samples)
        agreement, difference = _compare(expected, received, bundle.target, chosen)
        speed, anatomy = written.latency, written.anatomy
        return ExportReport(
            path=path,
            format=FORMATS[path.suffix],
            quantization=chosen,
            size_kb=size_kb(draft),
            latency_ms=None if speed is None else speed.median_ms,
            latency_p90_ms=None if speed is None else speed.p90_ms,
            arena_kb=None if anatomy is None else anatomy.arena_kb,
            macs=None if anatomy is None else anatomy.macs,
            parameters=None if anatomy is None else anatomy.parameters,
            agreement=agreement,
            max_difference=difference,
            samples=len(bundle.samples),
            warnings=_warnings(agreement, chosen, written, bundle.target.answer),
        )


def as_lite(
    bundle: Bundle,
    quantization: str,
    *,
    expected: np.ndarray | None = None,
    integers: bool = False,
    fits: Callable[[bytes], bool] = lambda _: True,
) -> Quantized:
    """What the `.tflite` file of a bundle holds before its description.

    Args:
        bundle: what to convert.
        quantization: one of `QUANTIZATIONS`.
        expected: what the bundle answers for its samples; None: it is asked if int8 needs to know.
        integers: whether the file takes and gives integers, as in `export`.
        fits: whether a file with this content may be, as in `export`.

    Raises:
        ExportError: the model cannot be converted.
    """

    def agreement(content: bytes) -> float:
        nonlocal expected
        expected = bundle.answers(bundle.samples) if expected is None else expected
        received = Interpreter(content).run(bundle.device_inputs(bundle.samples))
        return float(alike(expected, received, bundle.target).mean())

    return quantize(bundle, quantization, integers=integers, agreement=agreement, fits=fits)


class _Written(NamedTuple):
    """A file that was written, and what is known of it."""

    run: Run
    latency: Latency | None = None
    anatomy: Anatomy | None = None
    kept: tuple[str, ...] = ()
    weights_only: bool = False


def _write(
    bundle: Bundle,
    draft: Path,
    quantization: str,
    expected: np.ndarray,
    *,
    integers: bool,
    facts: Mapping[str, Any],
    fits: Callable[[bytes], bool],
) -> _Written:
    match FORMATS[draft.suffix]:
        case "tflite" | "c":
            return _write_lite(bundle, draft, quantization, expected, integers=integers, facts=facts, fits=fits)
        case "keras":
            return _Written(to_keras(bundle, draft))
        case "onnx":
            run = to_onnx(bundle, draft)
            single = bundle.samples[:1]
            return _Written(run, time_calls(lambda: run(single), runs=LATENCY_RUNS, seconds=LATENCY_SECONDS))
        case _:
            return _Written(to_saved_model(bundle, draft))


def _write_lite(
    bundle: Bundle,
    draft: Path,
    quantization: str,
    expected: np.ndarray,
    *,
    integers: bool,
    facts: Mapping[str, Any],
    fits: Callable[[bytes], bool],
) -> _Written:
    made = as_lite(bundle, quantization, expected=expected, integers=integers, fits=fits)
    anatomy = Anatomy.of(made.content)
    if draft.suffix == ".c":
        draft.write_text(as_c(made.content, anatomy, bundle.target, name=draft.stem), encoding="utf8")
        interpreter = Interpreter(made.content)
    else:
        draft.write_bytes(made.content)
        description.append(draft, description.of(bundle, quantization=quantization, facts=facts))
        interpreter = Interpreter(draft)

    def run(samples: Any) -> np.ndarray:
        return interpreter.run(bundle.device_inputs(samples))

    return _Written(run, interpreter.latency(runs=LATENCY_RUNS), anatomy, made.kept, made.weights_only)


@contextmanager
def _beside(bundle: Bundle, path: Path, facts: Mapping[str, Any]) -> Iterator[None]:
    """Writes how samples are encoded beside an `.onnx` file that takes what is encoded; it appears just before it."""
    if bundle.device is bundle.model or path.suffix != ".onnx":
        yield
        return
    with replacing(path.with_suffix(".json")) as draft:
        draft.write_text(json.dumps(description.of(bundle, quantization="float32", facts=facts)), encoding="utf8")
        yield


def _check(path: Path, quantization: str | None, *, integers: bool) -> None:
    if path.suffix not in FORMATS:
        raise InputError(
            "`path` must end in .tflite, .c, .keras or .onnx, or have no suffix for a SavedModel folder. "
            f"Received {str(path)!r}."
        )
    if quantization not in (None, *QUANTIZATIONS):
        raise InputError(
            f"`quantization` must be one of {', '.join(QUANTIZATIONS)} or None. Received {quantization!r}."
        )
    if quantization is not None and path.suffix not in LITE:
        raise InputError(
            f"`quantization` needs a path that ends in .tflite or .c. Received {quantization!r} and {str(path)!r}."
        )
    if integers and quantization not in INTEGER:
        raise InputError(
            f"`integers` needs `quantization` to be one of {', '.join(INTEGER)}. Received {quantization!r}."
        )
    _check_place(path)


def _check_place(path: Path) -> None:
    if path.is_dir() and (path.suffix or (any(path.iterdir()) and not (path / "saved_model.pb").is_file())):
        raise InputError(
            f"`path` must not be a folder with other content. Received {str(path)!r}; choose another name."
        )
    if path.is_file() and not path.suffix:
        raise InputError(f"A SavedModel is a folder. Received {str(path)!r}, which is a file; choose another name.")


def _answers(run: Run, samples: Any) -> np.ndarray:
    """Answers of the file, `(n, outputs)`; in chunks, since the samples may be large images."""
    return np.concatenate([run(samples[at : at + CHUNK]) for at in range(0, len(samples), CHUNK)])


def _compare(expected: np.ndarray, received: np.ndarray, target: Target, quantization: str) -> tuple[float, float]:
    """Share of the answers that agree, and the largest difference of a probability or a standardised number."""
    if not np.isfinite(received).all():
        raise ExportError(
            f"Answers must be finite. The {quantization} file gives NaN or infinity for some samples"
            + ("; so does the Keras model." if not np.isfinite(expected).all() else "; choose another quantization.")
        )
    agreement = float(alike(expected, received, target).mean())
    largest = float((np.abs(expected - received) / (target.answer.scale or 1.0)).max())
    if quantization in EXACT and agreement < AGREEMENT and largest > ROUNDING:
        raise ExportError(
            f"A {quantization} file must answer as the Keras model does for {AGREEMENT:.0%} of the samples. "
            f"It does for {agreement:.1%} of {len(expected)}, and differs by up to {largest:.2g}; nothing was written."
            + (' float16 has three digits and ends at 65,504: choose "dynamic".' if quantization == "float16" else "")
        )
    return agreement, largest


def _warnings(agreement: float, quantization: str, written: _Written, answer: Answer) -> tuple[str, ...]:
    found, kept = [], written.kept
    if quantization not in EXACT and agreement < AGREEMENT:
        found.append(f"Quantization to {quantization} changes the answer for {1 - agreement:.1%} of the samples.")
    if written.weights_only:
        found.append(
            "Weights are int8, and what is between operators stays in float, because it lost too much in int8."
        )
    if kept and answer.kind == "numbers":
        found.append(
            f"{len(kept)} operators stay in float, among them the last layer: numbers need scales of their own."
        )
    elif kept:
        found.append(f"{len(kept)} operators stay in float, because they lost too much in int8.")
    return tuple(found)
