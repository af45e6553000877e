"""One image file as pixels: turned as its camera was held, reduced, never enlarged.

Pillow decodes. For JPEG it reads at a half, a quarter or an eighth of the size where that is enough: 3.2 ms of one core
for a photograph of 600 to 1,024 pixels a side, against 6.7 ms for decoding all of it. TensorFlow's decoder takes 2.3 to
2.8 ms, but knows neither EXIF nor TIFF, and its import would delay the first look at a folder by seconds.
"""

import os
from typing import Any, NamedTuple

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from easynas.errors import InputError

UNREADABLE = (OSError, SyntaxError, ValueError, UnidentifiedImageError, Image.DecompressionBombError)
"""What Pillow raises for a file that is damaged or no image; a broken PNG is a SyntaxError to it."""

_ORIENTATION, _SIDEWAYS = 0x0112, (5, 6, 7, 8)  # the EXIF tag, and its values that swap height and width
_GREY = ("1", "L", "LA", "I", "F", "I;16", "I;16B", "I;16L", "I;16N")
_REDUCING_GAP = 2.0  # a whole-number reduction first, then a smooth one by at least this factor: half the time


class Header(NamedTuple):
    """What a file says about its image.

    Attributes:
        height: in pixels, as it is looked at.
        width: the same.
        grey: whether it has no colours.
    """

    height: int
    width: int
    grey: bool


def read_header(path: str | os.PathLike[str]) -> Header:
    """Returns size and kind of an image without decoding it; raises one of `UNREADABLE`."""
    with Image.open(path) as image:
        width, height = image.size
        if image.getexif().get(_ORIENTATION) in _SIDEWAYS:
            width, height = height, width
        return Header(height, width, image.mode in _GREY)


def decode(path: str | os.PathLike[str], shape: tuple[int, int, int]) -> np.ndarray:
    """Returns the image as uint8 `(height, width, channels)`.

    It is made smaller to fill `shape`, each side by itself. A side that is too short is not enlarged: the image is
    centred and its border repeated.

    Args:
        path: of the file.
        shape: `(height, width, channels)`, one channel for grey and three for colours.

    Raises:
        InputError: the file is damaged or no image.
    """
    height, width, channels = shape
    try:
        with Image.open(path) as opened:
            opened.draft("RGB" if channels == 3 else "L", _draft_size(opened, height, width))
            ImageOps.exif_transpose(opened, in_place=True)
            image = _plain(opened, channels)
            size = min(width, image.width), min(height, image.height)
            if image.size != size:
                image = image.resize(size, Image.Resampling.BILINEAR, reducing_gap=_REDUCING_GAP)
            pixels = np.asarray(image, dtype=np.uint8).reshape(size[1], size[0], channels)
    except UNREADABLE as error:
        raise InputError(
            f"Every file must be an image that can be read. Received {os.fspath(path)!r}: {error}. Remove or repair it."
        ) from error
    return _filled(pixels, height, width)


def _draft_size(image: Any, height: int, width: int) -> tuple[int, int]:
    """Least size to decode at, as the file stores it, with room for a smooth reduction."""
    if image.getexif().get(_ORIENTATION) in _SIDEWAYS:
        height, width = width, height
    return int(_REDUCING_GAP * width), int(_REDUCING_GAP * height)


def _plain(image: Any, channels: int) -> Any:
    """The image in grey or colours of 8 bits; what is transparent becomes white."""
    if image.mode.startswith(("I", "F")):
        image = _of_many_bits(image)
    if "A" in image.getbands() or "transparency" in image.info:
        coloured = image.convert("RGBA")
        white = Image.new("RGBA", coloured.size, "white")
        image = Image.alpha_composite(white, coloured)
    return image.convert("RGB" if channels == 3 else "L")


def _of_many_bits(image: Any) -> Any:
    """Grey of 16 bits as 8 bits; of 32 bits by its own range, since no scale is agreed on."""
    pixels = np.asarray(image, dtype=np.float64)
    if image.mode.startswith("I;16"):
        return Image.fromarray((pixels / 257.0).round().astype(np.uint8))
    low, high = float(pixels.min()), float(pixels.max())
    if image.mode == "I" and low >= 0 and high < 2**16:
        low, high = 0.0, 65535.0 if high > 255 else 255.0
    return Image.fromarray(((pixels - low) * (255.0 / max(high - low, 1e-9))).round().astype(np.uint8))


def _filled(pixels: np.ndarray, height: int, width: int) -> np.ndarray:
    missing = height - pixels.shape[0], width - pixels.shape[1]
    if missing == (0, 0):
        return pixels
    sides = [(each // 2, each - each // 2) for each in missing]
    return np.pad(pixels, (*sides, (0, 0)), mode="edge")
