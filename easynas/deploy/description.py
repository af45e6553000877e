"""What a `.tflite` file says about itself: how samples are prepared, what answers mean, how good it is.

The description is a zip archive behind the model's own bytes, where interpreters do not look: the way of TensorFlow's
own model metadata. Any unzip shows `easynas.json`, and `labels.txt` where there are labels.
"""

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from easynas.data.registry import to_config
from easynas.deploy.bundle import Bundle
from easynas.runtime.description import DESCRIPTION, FORMAT
from easynas.version import __version__

LABELS = "labels.txt"


def of(bundle: Bundle, *, quantization: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    """The description of a bundle's file as plain JSON values; `facts` are put beside."""
    return {
        "format": FORMAT,
        "easynas": __version__,
        "quantization": quantization,
        "encoded": bundle.device is not bundle.model,
        "encoder": to_config(bundle.encoder),
        "target": to_config(bundle.target),
        **facts,
    }


def append(path: Path, description: Mapping[str, Any]) -> None:
    """Puts a description behind the model in the file at `path`."""
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(DESCRIPTION, json.dumps(description))
        if labels := description["target"].get("labels"):
            archive.writestr(LABELS, "".join(f"{label}\n" for label in labels))
