"""Folders: a subfolder a class, and sentences for those that are laid out in another way."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import easynas
from easynas.errors import InputError


def touch(folder: Path, *names: str, content: str = "") -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content or name)


def test_a_subfolder_is_a_class(tmp_path: Path) -> None:
    touch(
        tmp_path, "b/2.JPG", "b/1.png", "a/deep/3.webp", "a/notes.txt", "a/.hidden.png", "_x/4.png", "empty/readme.md"
    )
    x, y = easynas.data.image_folder(tmp_path)
    assert [str(Path(path).relative_to(tmp_path)) for path in x] == ["a/deep/3.webp", "b/1.png", "b/2.JPG"]
    assert y.tolist() == ["a", "b", "b"]


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["1.png"], "0 of 0 subfolders with images"),
        (["a/1.png", "b/1.txt"], "1 of 2 subfolders with images"),
        (["train/a/1.png", "Test/a/1.png"], r"\['Test', 'train'\].* parts of the data; pass one of them"),
    ],
)
def test_another_layout_is_explained(names: list[str], message: str, tmp_path: Path) -> None:
    touch(tmp_path, *names)
    with pytest.raises(InputError, match=message):
        easynas.data.image_folder(tmp_path)


def test_a_missing_folder_and_a_file_are_told_apart(tmp_path: Path) -> None:
    touch(tmp_path, "a.png")
    with pytest.raises(InputError, match="does not exist"):
        easynas.data.image_folder(tmp_path / "b")
    with pytest.raises(InputError, match="is a file"):
        easynas.data.image_folder(tmp_path / "a.png")


def test_all_images_below_a_folder(tmp_path: Path) -> None:
    touch(tmp_path, "b.png", "a/1.jpg", "c.txt")
    assert [Path(path).name for path in easynas.data.image_files(tmp_path)] == ["b.png", "1.jpg"]
    assert easynas.data.image_files(tmp_path / "b.png").tolist() == [str(tmp_path / "b.png")]
    touch(tmp_path / "none", "c.txt")
    with pytest.raises(InputError, match="must hold images"):
        easynas.data.image_files(tmp_path / "none")


def test_images_are_loaded_as_the_exported_model_takes_them(tmp_path: Path) -> None:
    Image.fromarray(np.full((40, 60, 3), 7, np.uint8)).save(tmp_path / "a.png")
    loaded = easynas.data.load_images([tmp_path / "a.png"], (20, 20, 3))
    assert loaded.dtype == np.uint8
    assert loaded.shape == (1, 20, 20, 3)
    with pytest.raises(InputError, match=r"\(height, width\)"):
        easynas.data.load_images([tmp_path / "a.png"], (20, 20, 4))


def test_texts_of_a_folder_and_lines_of_a_file(tmp_path: Path) -> None:
    touch(tmp_path, "good/1.txt", content="Schön!\n")
    touch(tmp_path, "bad/1.txt", content="No.")
    x, y = easynas.data.text_folder(tmp_path)
    assert (x.tolist(), y.tolist()) == (["No.", "Schön!\n"], ["bad", "good"])
    touch(tmp_path, "lines.txt", content="one\ntwo\n")
    assert easynas.data.text_files(tmp_path / "lines.txt").tolist() == ["one", "two"]
    (tmp_path / "bad" / "2.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match=r"UTF-8. Received '.*2\.txt'"):
        easynas.data.text_folder(tmp_path)
