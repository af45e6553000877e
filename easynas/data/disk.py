"""What is said when a disk is full."""

import errno
from pathlib import Path

from easynas.errors import StudyError

DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def no_room(count: float, folder: Path, error: OSError) -> StudyError:
    """The error of a disk that has no room for `count` bytes."""
    return StudyError(
        f"There must be room for {count / 1e6:,.1f} MB of training data in {folder}. Received: {error.strerror}. "
        "Make room on that disk, or pass a `directory` on another."
    )
