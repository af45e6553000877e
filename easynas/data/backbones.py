"""Which network of `keras.applications` a file of weights belongs to, found out without loading Keras.

Parameters are counted: no two of these networks have the same number. Files are those that Keras writes,
`model.save_weights("name.weights.h5")`, and the older `.h5` files that `keras.applications` downloads.
"""

import hashlib
import math
import os
import shutil
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import h5py

from easynas.errors import InputError

_NO_WEIGHTS = ("optimizer", "seed_generator")  # what else a file may hold: of a training, of layers that draw


@dataclass(frozen=True)
class Architecture:
    """A network of `keras.applications`, without its classifier.

    Attributes:
        name: as users write it.
        function: its name in `keras.applications`.
        parameters: how many it has.
        pixels: what it takes: "plain" from 0 to 255; "signed" from -1 to 1; "centred" blue, green and red without
            their means.
        options: arguments of the function.
    """

    name: str
    function: str
    parameters: int
    pixels: Literal["plain", "signed", "centred"]
    options: Mapping[str, Any] = field(default_factory=dict)


ARCHITECTURES = (
    *(
        Architecture("mobilenet_v2", "MobileNetV2", parameters, "signed", {"alpha": alpha})
        for alpha, parameters in (
            (1.0, 2_257_984),
            (0.35, 410_208),
            (0.5, 706_224),
            (0.75, 1_382_064),
            (1.3, 3_766_048),
            (1.4, 4_363_712),
        )
    ),
    Architecture("mobilenet_v3_small", "MobileNetV3Small", 939_120, "plain"),
    Architecture("mobilenet_v3_small", "MobileNetV3Small", 583_160, "plain", {"alpha": 0.75}),
    Architecture("mobilenet_v3_small", "MobileNetV3Small", 441_000, "plain", {"minimalistic": True}),
    Architecture("mobilenet_v3_large", "MobileNetV3Large", 2_996_352, "plain"),
    Architecture("mobilenet_v3_large", "MobileNetV3Large", 1_808_736, "plain", {"alpha": 0.75}),
    Architecture("mobilenet_v3_large", "MobileNetV3Large", 1_437_608, "plain", {"minimalistic": True}),
    Architecture("efficientnet_v2_b0", "EfficientNetV2B0", 5_919_312, "plain"),
    Architecture("resnet50", "ResNet50", 23_587_712, "centred"),
    Architecture("resnet50_v2", "ResNet50V2", 23_564_800, "signed"),
)

NAMES = tuple(dict.fromkeys(each.name for each in ARCHITECTURES))


IMAGENET = "imagenet"
_URL = (
    "https://storage.googleapis.com/tensorflow/keras-applications/mobilenet_v2/"
    "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5"
)
_PATIENCE = 10.0  # seconds without an answer


def recognise(weights: str | os.PathLike[str]) -> tuple[Architecture, Path]:
    """The network that a file of weights belongs to, and the file.

    Args:
        weights: its path; or the name of the network, a colon and the path; or "imagenet" for MobileNetV2 as it was
            trained on ImageNet, which is downloaded once to where Keras keeps such files.

    Raises:
        InputError: it is no path, there is no such file, it holds the weights of another network, or nothing can be
            downloaded.
    """
    if not isinstance(weights, str | os.PathLike):
        raise InputError(f"`weights` must be None, 'imagenet' or the path of a file. Received: {weights!r}.")
    if weights == IMAGENET:
        weights = _downloaded(_URL)
    name, path = _parts(os.fspath(weights))
    if not path.is_file():
        raise InputError(
            f"`weights` must be None or the path of a file of weights. Received {str(path)!r}, which is not there; "
            "download or save one first, or leave `weights` out to train from scratch."
        )
    found = _count(path)
    for architecture in ARCHITECTURES:
        if architecture.parameters == found and name in (None, architecture.name):
            return architecture, path
    raise InputError(
        f"`weights` must be those of one of {list(NAMES)} without its classifier"
        f"{'' if name is None else f', here of {name!r}'}. Received {str(path)!r} with {found:,} parameters; save them "
        "from a network that was made with `include_top=False`."
    )


def digest(path: Path) -> str:
    """32 hexadecimal digits that are equal for equal files."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()


def _parts(weights: str) -> tuple[str | None, Path]:
    name, colon, path = weights.partition(":")
    return (name, Path(path)) if colon and name in NAMES else (None, Path(weights))


def _downloaded(url: str) -> Path:
    home = Path(os.environ.get("KERAS_HOME", Path.home() / ".keras"))
    path = home / "models" / url.rpartition("/")[2]
    if path.is_file():
        return path
    part = path.with_name(f"part-{os.getpid()}-{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with urllib.request.urlopen(url, timeout=_PATIENCE) as answer, part.open("wb") as file:
            shutil.copyfileobj(answer, file)
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise InputError(
            f"`weights='imagenet'` must be able to download {path.name}. Received: {error}. Put that file into "
            f"{str(path.parent)!r}, pass the path of another, or leave `weights` out to train from scratch."
        ) from error
    return path


def _count(path: Path) -> int:
    """How many parameters a file holds."""
    total = 0

    def add(name: str, part: Any) -> None:
        nonlocal total
        if isinstance(part, h5py.Dataset) and not any(word in name for word in _NO_WEIGHTS):
            total += math.prod(part.shape)

    try:
        with h5py.File(path, "r") as file:
            file.visititems(add)
    except OSError as error:
        raise InputError(
            f"`weights` must be the path of an HDF5 file, `.weights.h5` or `.h5`. Received {str(path)!r}, which is "
            "none; save one with `model.save_weights`."
        ) from error
    return total
