"""Pictures as `data:` addresses, so that a page needs no other file: PNG, written by hand (ISO/IEC 15948)."""

import base64
import struct
import zlib

import numpy as np

_WARM, _COLD = (230, 97, 1), (94, 60, 153)  # orange and purple stay apart for colour-blind readers (Brewer's PuOr)


def picture(image: np.ndarray) -> str:
    """An image as a `data:` address.

    Args:
        image: `(height, width)` or `(height, width, channels)`, uint8, or numbers of any range, which are stretched.
            Of other than one, three or four channels the first is shown.
    """
    shown = image[..., None] if image.ndim == 2 else image
    if shown.shape[2] not in (1, 3, 4):
        shown = shown[..., :1]
    return _address(shown if shown.dtype == np.uint8 else _stretched(shown))


def heat(values: np.ndarray) -> str:
    """Numbers `(rows, columns)` as a transparent overlay: orange where positive, purple where negative."""
    strength = np.abs(values) / max(float(np.abs(values).max()), 1e-9)
    pixels = np.zeros((*values.shape, 4), np.uint8)
    pixels[..., :3] = np.where((values > 0)[..., None], _WARM, _COLD)
    pixels[..., 3] = np.rint(200 * np.clip(strength, 0, 1)).astype(np.uint8)
    return _address(pixels)


def _stretched(image: np.ndarray) -> np.ndarray:
    low, high = float(image.min()), float(image.max())
    return np.rint((image - low) * (255 / max(high - low, 1e-9))).astype(np.uint8)


def _address(pixels: np.ndarray) -> str:
    height, width, channels = pixels.shape
    kind = {1: 0, 3: 2, 4: 6}[channels]
    rows = np.concatenate([np.zeros((height, 1), np.uint8), pixels.reshape(height, -1)], axis=1)  # 0: no row filter
    header = struct.pack(">IIBBBBB", width, height, 8, kind, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows.tobytes(), 9)), (b"IEND", b""))
    file = b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, content) for name, content in chunks)
    return "data:image/png;base64," + base64.b64encode(file).decode("ascii")


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
