"""`Spool`: arrays appended to a file without a name, and read through a memory map in the end."""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from easynas.data.disk import DISK_FULL, no_room
from easynas.errors import InputError


class Spool:
    """Images of one shape on their way to the disk. The file has no name: it is gone with the last map of it.

    Args:
        folder: on whose disk they are put, made if it is missing; None: the one for temporary files.
    """

    def __init__(self, folder: Path | None = None) -> None:
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._file = tempfile.TemporaryFile(dir=folder, prefix="easynas-")  # noqa: SIM115 - mapped, it lives as long
        self._shape: tuple[int, ...] = ()
        self._dtype: np.dtype[Any] = np.dtype(np.float32)
        self._count = 0

    def append(self, batch: np.ndarray) -> np.ndarray:
        """Adds samples `(n, ...)`; uint8 and booleans as uint8, anything else as float32, as the first batch was.

        Returns:
            Their numbers, from 0.

        Raises:
            InputError: another shape or type than before.
            StudyError: the disk is full.
        """
        stored = np.uint8 if batch.dtype in (np.uint8, np.bool_) else np.float32
        if not self._count:
            self._shape, self._dtype = batch.shape[1:], np.dtype(stored)
        if batch.shape[1:] != self._shape or stored != self._dtype:
            raise InputError(
                f"All samples of a dataset must be alike. Received {self._dtype} of shape {self._shape}, and from "
                f"sample {self._count} on {batch.dtype} of shape {batch.shape[1:]}; resize and cast inside the dataset."
            )
        try:
            self._file.write(np.ascontiguousarray(batch, dtype=stored).data)
        except OSError as error:
            if error.errno not in DISK_FULL:
                raise
            raise no_room(batch.nbytes, self._folder or Path(tempfile.gettempdir()), error) from error
        self._count += len(batch)
        return np.arange(self._count - len(batch), self._count)

    def array(self) -> np.ndarray:
        """All samples `(n, ...)`, memory-mapped."""
        self._file.flush()
        return np.memmap(self._file, dtype=self._dtype, mode="r+", shape=(self._count, *self._shape))
