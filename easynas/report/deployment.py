"""What the model is as a file: size, speed and agreement of its forms, each written, run and measured."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from easynas.deploy.bundle import Bundle
from easynas.deploy.export import export
from easynas.errors import ExportError
from easynas.search.budget import Deadline

FORMS = ("float32", "float16", "int8")


@dataclass(frozen=True)
class Form:
    """One form of the file.

    Attributes:
        numbers: "float32", "float16" or "int8".
        size_kb: in units of 1024 bytes; None if there is no such file.
        latency_ms: median time for one sample on one thread of this machine; None if it was not measured.
        agreement: share of samples with the same answer as the model's; None if there is no such file.
        remark: why there is none, or what to mind; may be empty.
    """

    numbers: str
    size_kb: float | None
    latency_ms: float | None
    agreement: float | None
    remark: str = ""


def forms(bundle: Bundle, deadline: Deadline) -> Iterator[Form]:
    """Writes every form into a temporary folder and measures it; those that it is too late for are only named.

    Args:
        bundle: the model.
        deadline: after which no more form is begun.
    """
    with tempfile.TemporaryDirectory(prefix="easynas-", ignore_cleanup_errors=True) as folder:
        for numbers in FORMS:
            yield _form(bundle, Path(folder) / f"{numbers}.tflite", numbers, deadline)


def _form(bundle: Bundle, path: Path, numbers: str, deadline: Deadline) -> Form:
    if deadline.left <= 0:
        return Form(numbers, None, None, None, "Not measured: the report would take too long.")
    try:
        report = export(bundle, path, quantization=numbers)
    except ExportError as error:
        return Form(numbers, None, None, None, str(error).splitlines()[0])
    return Form(numbers, report.size_kb, report.latency_ms, report.agreement, " ".join(report.warnings))
