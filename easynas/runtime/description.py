"""What a `.tflite` file says about itself: a zip archive behind the model, see `easynas.deploy.description`."""

import json
import zipfile
from pathlib import Path
from typing import Any

DESCRIPTION = "easynas.json"
FORMAT = 1  # of the description; changes when an older easynas could not read it


def read(path: str | Path) -> dict[str, Any]:
    """Returns the description of the `.tflite` file at `path`.

    Raises:
        ValueError: there is no such file, it has no description, or a newer easynas wrote it.
    """
    if not Path(path).is_file():
        raise ValueError(f"`path` must be a `.tflite` file that easynas exported. Received {str(path)!r}: no file.")
    try:
        with zipfile.ZipFile(path) as archive:
            description: dict[str, Any] = json.loads(archive.read(DESCRIPTION))
    except (zipfile.BadZipFile, KeyError, json.JSONDecodeError) as error:
        raise ValueError(
            f"`path` must be a `.tflite` file that easynas exported. Received {str(path)!r} without a description; "
            "export it again."
        ) from error
    if description["format"] > FORMAT:
        raise ValueError(
            f"A description must be of format {FORMAT} or older. Received format {description['format']}; "
            "upgrade easynas."
        )
    return description
