"""Single image files: what is inside comes out as pixels, whatever way it was written."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from easynas.data.decode import Header, decode, read_header
from easynas.errors import InputError


def gradient(height: int, width: int) -> np.ndarray:
    """Red grows downwards, green to the right, blue is constant; no orientation looks like another."""
    down, right = np.meshgrid(np.linspace(0, 255, height), np.linspace(0, 255, width), indexing="ij")
    return np.stack([down, right, np.full((height, width), 90.0)], axis=-1).astype(np.uint8)


@pytest.mark.parametrize("suffix", [".png", ".bmp", ".tif", ".webp", ".ppm", ".jpg", ".gif"])
def test_every_format_gives_its_pixels(suffix: str, tmp_path: Path) -> None:
    pixels = gradient(24, 40)
    Image.fromarray(pixels).save(tmp_path / f"a{suffix}", **({"lossless": True} if suffix == ".webp" else {}))
    decoded = decode(tmp_path / f"a{suffix}", (24, 40, 3))
    tolerance = {".jpg": 12, ".gif": 60}.get(suffix, 0)
    assert np.abs(decoded.astype(int) - pixels).max() <= tolerance


@pytest.mark.parametrize("orientation", range(1, 9))
def test_images_stand_as_they_were_held(orientation: int, tmp_path: Path) -> None:
    pixels = gradient(160, 240)
    stored = {1: pixels, 2: pixels[:, ::-1], 3: pixels[::-1, ::-1], 4: pixels[::-1], 5: pixels.transpose(1, 0, 2)}
    stored |= {6: np.rot90(pixels, 1), 7: pixels[::-1, ::-1].transpose(1, 0, 2), 8: np.rot90(pixels, -1)}
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(np.ascontiguousarray(stored[orientation])).save(tmp_path / "a.jpg", exif=exif, quality=95)
    assert read_header(tmp_path / "a.jpg") == Header(160, 240, grey=False)
    decoded = decode(tmp_path / "a.jpg", (20, 30, 3)).astype(int)
    assert np.abs(decoded - gradient(20, 30)).max() < 24


def test_an_image_is_never_enlarged(tmp_path: Path) -> None:
    Image.fromarray(np.full((3, 40), 200, np.uint8)).save(tmp_path / "a.png")
    pixels = np.array(Image.open(tmp_path / "a.png"))
    pixels[1] = 10
    Image.fromarray(pixels).save(tmp_path / "a.png")
    decoded = decode(tmp_path / "a.png", (9, 20, 1))[:, :, 0]
    assert decoded.shape == (9, 20)
    assert (decoded == 10).all(axis=1).sum() == 1  # the line in the middle is still one pixel wide
    assert (decoded[[0, 8]] == 200).all()


def test_what_is_transparent_is_white(tmp_path: Path) -> None:
    Image.fromarray(np.zeros((4, 4, 4), np.uint8)).save(tmp_path / "a.png")
    assert (decode(tmp_path / "a.png", (4, 4, 3)) == 255).all()


def test_sixteen_bits_become_eight(tmp_path: Path) -> None:
    levels = np.array([[0, 257 * 100, 65535]], np.uint16)
    Image.fromarray(levels).save(tmp_path / "a.png")
    assert read_header(tmp_path / "a.png").grey
    assert decode(tmp_path / "a.png", (1, 3, 1)).ravel().tolist() == [0, 100, 255]


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "cut.jpg"
    Image.fromarray(gradient(200, 200)).save(path)
    path.write_bytes(path.read_bytes()[:900])
    with pytest.raises(InputError, match=r"cut\.jpg'.*truncated.*Remove or repair it"):
        decode(path, (20, 20, 3))
