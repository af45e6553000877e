"""What the user gave, and the ways to it: folders of images or texts, and files that hold a table.

x, y = easynas.data.image_folder("photos")
easynas.ImageClassifier("10m").fit(x, y)
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from easynas.data.files import image_files, image_folder, load_images, text_files, text_folder
    from easynas.data.tabular import read_table

__all__ = ["image_files", "image_folder", "load_images", "read_table", "text_files", "text_folder"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'easynas.data' has no attribute {name!r}")
    home = "easynas.data.tabular" if name == "read_table" else "easynas.data.files"
    return getattr(import_module(home), name)
