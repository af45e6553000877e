"""Folders of images and of texts: which files there are, and which class each is of.

Hidden files and folders, whose names begin with a dot or an underscore, are left out.
"""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from easynas.errors import InputError

IMAGES = frozenset({".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"})
TEXTS = frozenset({".md", ".txt"})
_PARTS = frozenset({"dev", "test", "testing", "train", "training", "val", "valid", "validation"})


def image_folder(path: str | os.PathLike[str]) -> tuple[np.ndarray, np.ndarray]:
    """Returns the image files of a folder and their classes, ready for `fit`.

    Args:
        path: of a folder with a subfolder for every class; images may lie deeper in it.

    Returns:
        Paths of the files as texts `(n,)`, sorted, and the names of their subfolders `(n,)`.

    Raises:
        InputError: there is no such folder, or it has fewer than two subfolders with images.
    """
    return _classes(Path(path), IMAGES, "images")


def image_files(path: str | os.PathLike[str]) -> np.ndarray:
    """Returns the paths of all image files in a folder and below it, sorted, as texts `(n,)`; of a file its own.

    Raises:
        InputError: there are none.
    """
    return _some(Path(path), IMAGES, "images")


def load_images(paths: Sequence[str | os.PathLike[str]], shape: tuple[int, ...]) -> np.ndarray:
    """Returns images as a model that was fitted on files takes them, uint8 `(n, *shape)`.

    Args:
        paths: of image files.
        shape: `(height, width)` for grey, `(height, width, 3)` for colours: `export_model().input_shape[1:]`.

    Raises:
        InputError: a file is missing, damaged or no image.
    """
    from easynas.data.photos import Photos

    if len(shape) not in (2, 3) or (len(shape) == 3 and shape[2] not in (1, 3)):
        raise InputError(f"`shape` must be (height, width) or (height, width, 1 or 3). Received: {shape!r}.")
    return Photos(np.array([os.fspath(path) for path in paths], dtype=object), tuple(shape))[:]


def text_folder(path: str | os.PathLike[str]) -> tuple[np.ndarray, np.ndarray]:
    """Returns the texts of a folder `(n,)`, and their classes `(n,)`: a subfolder a class, a file in UTF-8 a text.

    Raises:
        InputError: there is no such folder, it has fewer than two subfolders with `.txt` files, or one is not UTF-8.
    """
    paths, classes = _classes(Path(path), TEXTS, "texts")
    return _read(paths), classes


def text_files(path: str | os.PathLike[str]) -> np.ndarray:
    """Returns the texts of all `.txt` files in a folder and below it `(n,)`; of a single file every line is a text.

    Raises:
        InputError: there are none, or one is not UTF-8.
    """
    if Path(path).is_file():
        lines = str(_read([str(path)])[0]).splitlines()
        return np.array(lines, dtype=object)
    return _read(_some(Path(path), TEXTS, "texts"))


def below(folder: Path, suffixes: frozenset[str]) -> list[str]:
    """Paths of the files with these endings in a folder and below it, sorted."""
    return [str(path) for path in _walk(folder) if path.suffix.lower() in suffixes]


def endings(folder: Path) -> Counter[str]:
    """How many files in a folder and below it have which ending, in small letters."""
    return Counter(path.suffix.lower() for path in _walk(folder))


def _walk(folder: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if _is_shown(Path(name)))
        yield from (Path(parent, name) for name in sorted(names) if _is_shown(Path(name)))


def _classes(folder: Path, suffixes: frozenset[str], what: str) -> tuple[np.ndarray, np.ndarray]:
    _require_folder(folder)
    found = {
        inner.name: below(inner, suffixes) for inner in sorted(folder.iterdir()) if _is_shown(inner) and inner.is_dir()
    }
    classes = {name: paths for name, paths in found.items() if paths}
    if set(classes) and set(map(str.lower, classes)) <= _PARTS:
        first = folder / next(iter(classes))
        raise InputError(
            f"A subfolder must be a class. Received {sorted(classes)} in {str(folder)!r}, which look like parts of the "
            f"data; pass one of them, for example {str(first)!r}, and another as `validation_data`."
        )
    if len(classes) < 2:
        raise InputError(
            f"{str(folder)!r} must hold a subfolder with {what} for each of two or more classes. Received "
            f"{len(classes)} of {len(found)} subfolders with {what} ({', '.join(sorted(suffixes))})."
        )
    paths = np.array([path for each in classes.values() for path in each], dtype=object)
    return paths, np.repeat(list(classes), [len(each) for each in classes.values()])


def _some(path: Path, suffixes: frozenset[str], what: str) -> np.ndarray:
    if path.is_file():
        return np.array([str(path)], dtype=object)
    _require_folder(path)
    found = below(path, suffixes)
    if not found:
        raise InputError(
            f"{str(path)!r} must hold {what} ({', '.join(sorted(suffixes))}). Received none in it or below."
        )
    return np.array(found, dtype=object)


def _is_shown(path: Path) -> bool:
    return not path.name.startswith((".", "_"))


def _require_folder(path: Path) -> None:
    if not path.is_dir():
        reason = "which is a file" if path.exists() else "which does not exist"
        raise InputError(f"`path` must be a folder. Received {str(path)!r}, {reason}.")


def _read(paths: Sequence[str] | np.ndarray) -> np.ndarray:
    texts = np.empty(len(paths), dtype=object)
    for index, path in enumerate(paths):
        try:
            texts[index] = Path(path).read_text(encoding="utf-8-sig")
        except (UnicodeDecodeError, OSError) as error:
            raise InputError(f"A text must be a file in UTF-8. Received {str(path)!r}: {error}.") from error
    return texts
