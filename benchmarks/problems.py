"""The problems: real image data with a fixed test set, each a function of the data folder and a seed."""

import io
import itertools
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class Problem:
    """Images and labels as somebody would hand them to `fit`.

    Attributes:
        x_train: `(images, height, width)` or `(images, height, width, channels)`, uint8 or float.
        y_train: `(images,)`, integers or texts.
        x_test: images that no fit ever sees.
        y_test: their labels.
    """

    x_train: Array
    y_train: Array
    x_test: Array
    y_test: Array


def load(name: str, data: Path, *, seed: int) -> Problem:
    """One of `PROBLEMS`; the seed matters only where the data comes without an official split."""
    return PROBLEMS[name](data, seed)


def digits(_: Path, seed: int) -> Problem:
    """1,797 digits of 8 × 8 from scikit-learn, a stratified fifth of them for the test."""
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    bunch = load_digits()
    x_train, x_test, y_train, y_test = train_test_split(
        bunch.images, bunch.target, test_size=0.2, stratify=bunch.target, random_state=seed
    )
    return Problem(x_train, y_train, x_test, y_test)


def fashion(data: Path, _: int) -> Problem:
    """Fashion-MNIST: 60,000 grey images of 28 × 28, the official test set."""
    with np.load(data / "fashion_mnist.npz") as main, np.load(data / "fashion_mnist_extra20k.npz") as extra:
        return Problem(
            np.concatenate([main["x_train"], extra["x_extra"]]),
            np.concatenate([main["y_train"], extra["y_extra"]]),
            main["x_test"],
            main["y_test"],
        )


def fashion1000(data: Path, seed: int) -> Problem:
    """Fashion-MNIST with 1,000 random training images, the official test set."""
    whole = fashion(data, seed)
    some = np.random.default_rng(seed).permutation(len(whole.y_train))[:1_000]
    return Problem(whole.x_train[some], whole.y_train[some], whole.x_test, whole.y_test)


def cifar10(data: Path, _: int) -> Problem:
    """CIFAR-10 after JPEG compression: 50,000 colour images of 32 × 32, the official test set."""
    with np.load(_decoded(data / "cifar10_jpeg.npz")) as arrays:
        return Problem(**{name: arrays[name] for name in ("x_train", "y_train", "x_test", "y_test")})


def sign_digits(data: Path, _: int) -> Problem:
    """Photographs of hands, 1,651 of 100 × 100 in colour, labels as texts."""
    x: dict[str, list[Array]] = {"train": [], "test": []}
    y: dict[str, list[str]] = {"train": [], "test": []}
    with zipfile.ZipFile(data / "sign_digits_folder.zip") as archive:
        for name in sorted(n for n in archive.namelist() if not n.endswith("/")):
            _top, split, label, _file = name.split("/")
            x[split].append(_decode(archive.read(name)))
            y[split].append(label)
    return Problem(np.stack(x["train"]), np.array(y["train"]), np.stack(x["test"]), np.array(y["test"]))


PROBLEMS: dict[str, Callable[[Path, int], Problem]] = {
    "digits": digits,
    "fashion": fashion,
    "fashion1000": fashion1000,
    "cifar10": cifar10,
    "sign_digits": sign_digits,
}


def _decode(jpeg: bytes) -> Array:
    from PIL import Image

    return np.asarray(Image.open(io.BytesIO(jpeg)).convert("RGB"))


def _decoded(packed: Path) -> Path:
    """The pixels of a file of JPEGs, decoded once and kept in the folder for temporary files."""
    cached = Path(tempfile.gettempdir()) / f"easynas_benchmark_{packed.stem}_{packed.stat().st_size}.npz"
    if cached.exists():
        return cached
    arrays: dict[str, Array] = {}
    with np.load(packed) as source:
        for split in ("train", "test"):
            stream, offsets = source[f"jpeg_{split}"].tobytes(), source[f"off_{split}"]
            bounds = itertools.pairwise(offsets)
            arrays[f"x_{split}"] = np.stack([_decode(stream[start:end]) for start, end in bounds])
            arrays[f"y_{split}"] = source[f"y_{split}"]
    with _replacing(cached) as part:
        np.savez(part, allow_pickle=False, **arrays)
    return cached


@contextmanager
def _replacing(path: Path) -> Iterator[Path]:
    """A path to write to that takes the place of `path` only when it is complete."""
    part = path.with_name(f"part-{path.name}")
    yield part
    part.replace(path)
