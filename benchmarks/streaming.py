"""Whether data larger than memory are trained on: generated images, and what every process holds for itself meanwhile.

    python benchmarks/streaming.py --gigabytes 5 --budget 60 --source memmap
    python benchmarks/streaming.py --gigabytes 5 --budget 60 --source dataset

`memmap` is one array on the disk, `dataset` a `tf.data` pipeline that reads it in batches, in random order. What counts
is memory that a process has for itself, RssAnon + RssShmem of `/proc/PID/status`: pages of mapped files (RssFile)
are the system's, which takes them back when it needs the room. Linux only. Prints a JSON line; the exit code is 1 if a
process held more than the limit.
"""

import argparse
import json
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import psutil

import easynas

_SIDE, _CLASSES, _CHUNK = 128, 10, 500
_PERIOD = 0.2
_UNSEEN = 2_000


class Private:
    """Watches what this process and its descendants hold for themselves while a `with` block runs."""

    def __init__(self) -> None:
        self._own = psutil.Process()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.peaks: dict[int, float] = {}

    def __enter__(self) -> "Private":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._done.wait(_PERIOD):
            for process in (self._own, *self._own.children(recursive=True)):
                held = _private_mb(process.pid)
                self.peaks[process.pid] = max(self.peaks.get(process.pid, 0.0), held)


def main() -> int:
    """Generates the images, fits once, and says what it took."""
    parser = argparse.ArgumentParser(description="Trains on generated images larger than the memory they may take.")
    parser.add_argument("--gigabytes", type=float, default=5.0)
    parser.add_argument("--budget", type=float, default=60.0, help="seconds")
    parser.add_argument("--limit-mb", type=float, default=2_000.0, help="of each process")
    parser.add_argument("--source", choices=("memmap", "dataset"), default="memmap")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="easynas-streaming-") as folder:
        count = int(options.gigabytes * 1e9 / (_SIDE * _SIDE * 3))
        x, y = generate(Path(folder) / "images.npy", count), np.arange(count) % _CLASSES
        started = time.monotonic()
        with Private() as private:
            classifier = easynas.ImageClassifier(options.budget, random_state=0)
            fitted = classifier.fit(*(pipeline(x, y),) if options.source == "dataset" else (x, y))
            accuracy = fitted.score(*unseen())
        figures = {
            "source": options.source,
            "images": count,
            "gigabytes": x.nbytes / 1e9,
            "fit_seconds": fitted.fit_seconds_,
            "seconds": time.monotonic() - started,
            "accuracy": accuracy,
            "parent_peak_mb": private.peaks[psutil.Process().pid],
            "other_peaks_mb": sorted((round(peak) for peak in private.peaks.values()), reverse=True)[:4],
            "timings": {name: round(seconds, 1) for name, seconds in fitted.study_.timings.items()},
            "notes": fitted.study_.notes[:4],
        }
    print(json.dumps(figures))
    return int(max(private.peaks.values()) > options.limit_mb)


def generate(path: Path, count: int) -> np.ndarray:
    """A memory map of images `(count, 128, 128, 3)`: a coarse pattern for each class under strong noise."""
    images = np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=(count, _SIDE, _SIDE, 3))
    rng = np.random.default_rng(0)
    for start in range(0, count, _CHUNK):
        images[start : start + _CHUNK] = draw(rng, np.arange(start, min(start + _CHUNK, count)) % _CLASSES)
    images.flush()
    del images
    mapped: np.ndarray = np.load(path, mmap_mode="r")
    return mapped


def draw(rng: np.random.Generator, labels: np.ndarray) -> np.ndarray:
    """Images of these classes, uint8 `(n, 128, 128, 3)`."""
    coarse = np.random.default_rng(1).integers(-40, 40, (_CLASSES, 8, 8, 3))
    patterns = coarse.repeat(_SIDE // 8, axis=1).repeat(_SIDE // 8, axis=2).astype(np.int16)
    noise = rng.integers(-80, 81, (64, _SIDE, _SIDE, 3), dtype=np.int16)
    picked = noise[rng.integers(64, size=len(labels))]
    brightness = rng.integers(90, 166, (len(labels), 1, 1, 1), dtype=np.int16)
    images: np.ndarray = np.clip(patterns[labels] + picked + brightness, 0, 255).astype(np.uint8)
    return images


def unseen() -> tuple[np.ndarray, np.ndarray]:
    """Images that are not among those to train on."""
    labels = np.arange(_UNSEEN) % _CLASSES
    return draw(np.random.default_rng(2), labels), labels


def pipeline(x: np.ndarray, y: np.ndarray) -> Any:
    """Batches of the images in random order."""
    import tensorflow as tf

    order = np.random.default_rng(3).permutation(len(x))

    def batches() -> Any:
        for start in range(0, len(x), _CHUNK):
            rows = np.sort(order[start : start + _CHUNK])
            yield x[rows], y[rows]

    shapes = (tf.TensorSpec((None, _SIDE, _SIDE, 3), tf.uint8), tf.TensorSpec((None,), tf.int64))
    return tf.data.Dataset.from_generator(batches, output_signature=shapes)


def _private_mb(pid: int) -> float:
    """Megabytes that a process holds for itself; 0 if it is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0.0
    sizes = {name: int(value.split()[0]) for name, _, value in (line.partition(":") for line in lines) if "Rss" in name}
    return (sizes.get("RssAnon", 0) + sizes.get("RssShmem", 0)) / 1e3


if __name__ == "__main__":
    sys.exit(main())
