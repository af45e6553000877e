"""`replacing`: files and folders that appear complete or not at all."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yields a path to write to; it becomes `path` when the context ends without an error.

    The draft has the name of `path`, in a hidden temporary folder beside it; missing parent folders are created. What
    was at `path` stays untouched until the end.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".") as folder:
        draft = Path(folder) / path.name
        yield draft
        if path.is_dir():  # `replace` overwrites a file, but no folder that holds something
            path.replace(Path(folder) / "replaced")
        draft.replace(path)
