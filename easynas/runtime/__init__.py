"""Runs exported models with numpy and a TFLite interpreter alone: no TensorFlow, Keras or pandas is loaded.

    import easynas.runtime

    model = easynas.runtime.load("model.tflite")
    model.predict(samples)  # images, texts, or the rows of a table, as they were given to `fit`

    profile = easynas.runtime.Profile.load("pi.json")  # as `python -m easynas.runtime.profile pi.json` wrote it there
    profile.predict("model.tflite")  # milliseconds that a call would take there

What encodes samples for training lives here too where it can, so both do the same by construction. Mistakes of a caller
are `ValueError`s: easynas' own errors need scikit-learn.
"""

from pathlib import Path

from easynas.runtime.calibration import calibrate
from easynas.runtime.description import read
from easynas.runtime.image import Image
from easynas.runtime.latency import Profile
from easynas.runtime.table import Table
from easynas.runtime.text import Text
from easynas.runtime.tokenizer import Tokenizer

__all__ = ["Image", "Profile", "Table", "Text", "Tokenizer", "calibrate", "load"]

_KINDS: dict[str, type[Image] | type[Table] | type[Text]] = {"images": Image, "tables": Table, "texts": Text}


def load(path: str | Path, *, threads: int = 1) -> Image | Table | Text:
    """Returns the model in the `.tflite` file at `path`, with `predict` and `predict_proba`.

    Args:
        path: a file that easynas exported.
        threads: of the interpreter; for small networks one is fastest.

    Raises:
        ValueError: no interpreter is installed, or the file is none of ours, or of a newer easynas.
    """
    return _KINDS[read(path)["encoder"]["kind"]](path, threads=threads)
