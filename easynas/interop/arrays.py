"""Samples as Keras takes them: an array, or lists and dictionaries of arrays; on disk, where workers map them."""

import hashlib
from pathlib import Path
from typing import Any

import keras
import numpy as np

from easynas.errors import InputError


def check_arrays(name: str, tree: Any) -> Any:
    """The same structure with numpy arrays `(n, ...)` as leaves.

    Raises:
        InputError: a leaf is no array, holds Python objects, or has another length than the first.
    """
    checked = keras.tree.map_structure(lambda leaf: _array(name, leaf), tree)
    lengths = {len(leaf) for leaf in keras.tree.flatten(checked)}
    if len(lengths) != 1 or min(lengths) < 2:
        raise InputError(
            f"All arrays of `{name}` must have the same length of at least 2. Received lengths {sorted(lengths)}."
        )
    return checked


def length(tree: Any) -> int:
    """How many samples there are."""
    return len(keras.tree.flatten(tree)[0])


def take(tree: Any, indices: Any) -> Any:
    """The samples at `indices`, an array or a slice."""
    return keras.tree.map_structure(lambda leaf: leaf[indices], tree)


def write(folder: Path, tree: Any) -> Any:
    """Puts every array into a file; the same structure with the files' paths as leaves."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for number, leaf in enumerate(keras.tree.flatten(tree)):
        paths.append(str(folder / f"{number}.npy"))
        np.save(paths[-1], leaf, allow_pickle=False)
    return keras.tree.pack_sequence_as(tree, paths)


def read(paths: Any) -> Any:
    """The arrays that `write` wrote, mapped and not loaded."""
    return keras.tree.map_structure(lambda path: np.load(path, mmap_mode="r", allow_pickle=False), paths)


def fingerprint(*trees: Any) -> str:
    """The same text for the same arrays in the same structure."""
    digest = hashlib.blake2b(digest_size=16)
    for tree in trees:
        for leaf in keras.tree.flatten(tree):
            digest.update(f"{leaf.shape} {leaf.dtype}".encode())
            digest.update(np.ascontiguousarray(leaf).data if leaf.size else b"")
    return digest.hexdigest()


def _array(name: str, leaf: Any) -> np.ndarray:
    array = np.asarray(leaf)
    if array.ndim == 0 or array.dtype == object:
        raise InputError(
            f"`{name}` must be an array, or a list or dictionary of arrays, of numbers or texts. "
            f"Received: {type(leaf).__name__}. Turn a dataset or a generator into arrays first."
        )
    return array
