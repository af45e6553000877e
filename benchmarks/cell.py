"""One cell: fits one problem once in this process and prints what came of it as a JSON line."""

import importlib.metadata
import json
import os
import platform
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from memory import Memory
from problems import Array, Problem, load

LIBRARIES = ("easynas", "keras", "keras-tuner", "numpy", "scikit-learn", "tensorflow", "tensorflow-model-optimization")
CPU_FLAGS = frozenset({"avx2", "avx512f", "avx512_bf16", "avx512_vnni", "amx_bf16", "amx_int8"})


@dataclass(frozen=True, order=True)
class Cell:
    """What is run: a problem, a budget in seconds and a seed."""

    problem: str
    budget: float
    seed: int

    @classmethod
    def of(cls, record: dict[str, Any]) -> "Cell":
        """The cell that a record belongs to."""
        return cls(record["problem"], record["budget"], record["seed"])

    @property
    def allowed(self) -> float:
        """Seconds within which `fit` promises to return."""
        return self.budget + max(2.0, 0.02 * self.budget)

    def key(self) -> dict[str, Any]:
        """The part of a record that identifies it."""
        return asdict(self)


def measure(cell: Cell, data: Path) -> dict[str, Any]:
    """Fits and measures.

    Accuracies are shares of all test images, times are seconds, sizes are kilobytes of 1,024 bytes, memory is in
    megabytes of resident size.
    """
    import easynas

    problem = load(cell.problem, data, seed=cell.seed)
    classifier = easynas.ImageClassifier(time_budget=cell.budget, random_state=cell.seed, verbose=0)
    with Memory() as memory:
        started = time.perf_counter()
        classifier.fit(problem.x_train, problem.y_train)
        wall = time.perf_counter() - started
    predicted = classifier.predict(problem.x_test)
    return {
        **cell.key(),
        "train_images": len(problem.x_train),
        "test_images": len(problem.x_test),
        "fit_wall_seconds": wall,
        "fit_seconds": classifier.fit_seconds_,
        "allowed_seconds": cell.allowed,
        "accuracy": float(np.mean(predicted == problem.y_test)),
        "best_score": classifier.best_score_,
        **_deployed(classifier, problem, predicted),
        **_search(classifier),
        **memory.figures(),
        "versions": {name: importlib.metadata.version(name) for name in LIBRARIES},
        "machine": machine(),
    }


def _deployed(classifier: Any, problem: Problem, predicted: Array) -> dict[str, Any]:
    """What the exported files do with every test image, asked of the files themselves."""
    from deployed import latency_ms, run

    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder, _silence():
        for name, quantization in (("float32", None), ("int8", "int8")):
            path = Path(folder) / f"{name}.tflite"
            classifier.export(path, quantization=quantization)
            labels = classifier.classes_[run(path, problem.x_test).argmax(axis=1)]
            figures |= {
                f"{name}_accuracy": float(np.mean(labels == problem.y_test)),
                f"{name}_agreement": float(np.mean(labels == predicted)),
                f"{name}_kb": path.stat().st_size / 1024,
                f"{name}_latency_ms": latency_ms(path, problem.x_test[0]),
            }
    return figures


def _search(classifier: Any) -> dict[str, Any]:
    study = classifier.study_
    shipped = study.shipped
    return {
        "trials": dict(Counter(type(trial).__name__.lower() for trial in study.trials)),
        "timings": dict(study.timings),
        "notes": list(study.notes),
        "winner": dict(shipped.job.values),
        "winner_origin": shipped.job.origin,
        "parameters": int(classifier.export_model().count_params()),
    }


def machine() -> dict[str, Any]:
    """What the results depend on of the machine."""
    cpuinfo = Path("/proc/cpuinfo")
    words = set(cpuinfo.read_text(encoding="utf-8").split()) if cpuinfo.exists() else set()
    return {
        "system": platform.system(),
        "architecture": platform.machine(),
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "cpu_flags": sorted(CPU_FLAGS & words),
    }


@contextmanager
def _silence() -> Iterator[None]:
    """Sends what the converter prints to standard error, because standard output is the result."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)


if __name__ == "__main__":
    print(json.dumps(measure(Cell(**json.loads(sys.argv[1])), Path(sys.argv[2]))))
