"""Ctrl-C and requests to end, while `fit` runs; a file may ask, too."""

import signal
import sys
import threading
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any


class Interrupt:
    """Makes the first Ctrl-C a wish that `check` obeys at the next safe moment, and the second one immediate.

    A request to end (SIGTERM) becomes `SystemExit`, so that everything is cleaned up on the way out; where foreign
    code swallows that, as imports may, `check` raises it again. Use it as a context; handlers that somebody else
    installed are left alone, and so are threads, which signals never reach.
    """

    def __init__(self) -> None:
        self.wished = False
        self._leaving: int | None = None
        self._before: dict[int, Any] = {}
        self._request: Path | None = None

    def obey(self, request: Path) -> None:
        """From now on the file `request` counts as a first Ctrl-C when it appears; one that is there is deleted."""
        request.unlink(missing_ok=True)
        self._request = request

    def check(self) -> None:
        """Raises `KeyboardInterrupt` if Ctrl-C was pressed, or a file asks for the same; `SystemExit` after SIGTERM."""
        if self._leaving is not None:
            sys.exit(self._leaving)
        if self._request is not None and self._request.exists():
            self._request.unlink(missing_ok=True)
            self.wished = True
        if self.wished:
            raise KeyboardInterrupt

    def __enter__(self) -> "Interrupt":
        if threading.current_thread() is threading.main_thread():
            if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
                self._before[signal.SIGINT] = signal.signal(signal.SIGINT, self._wish)
            if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
                self._before[signal.SIGTERM] = signal.signal(signal.SIGTERM, self._leave)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before.clear()

    def _wish(self, number: int, frame: FrameType | None) -> None:
        if self.wished:
            signal.default_int_handler(number, frame)
        self.wished = True

    def _leave(self, number: int, _: FrameType | None) -> None:
        self._leaving = 128 + number
        sys.exit(self._leaving)
