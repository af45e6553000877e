"""`Silence`: keeps native code, which writes to the process' own stdout and stderr, from talking to the user."""

import contextlib
import logging
import os
import sys
import tempfile
from types import TracebackType
from typing import Self, TextIO

OUTPUTS = (1, 2)  # file descriptors of stdout and stderr


class Silence:
    """A context in which nothing reaches stdout or stderr; what was said is in `text` afterwards.

    It works on the file descriptors, so the C++ code of TensorFlow is silent too, and on `sys.stdout` and `sys.stderr`,
    which a notebook or a test runner replaces. It holds for the whole process, other threads included. Use it once.

    Attributes:
        text: everything that was written, in order; empty until the context is left.
    """

    def __init__(self) -> None:
        self.text = ""
        self._undo = contextlib.ExitStack()

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as undo:
            sink = undo.enter_context(tempfile.TemporaryFile())
            undo.callback(self._read, sink.fileno())
            for output in OUTPUTS:
                undo.callback(_flush)
                _redirect(undo, output, sink.fileno())
            stream = undo.enter_context(open(sink.fileno(), "w", encoding="utf8", errors="replace", closefd=False))
            undo.callback(_release, stream)
            undo.enter_context(contextlib.redirect_stdout(stream))
            undo.enter_context(contextlib.redirect_stderr(stream))
            self._undo = undo.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._undo.close()

    def _read(self, sink: int) -> None:
        os.lseek(sink, 0, os.SEEK_SET)
        with open(sink, "rb", closefd=False) as written:
            self.text = written.read().decode("utf8", errors="replace")


def _redirect(undo: contextlib.ExitStack, output: int, sink: int) -> None:
    """Points the file descriptor `output` at `sink` until `undo` is closed."""
    _flush()
    original = os.dup(output)
    undo.callback(os.close, original)
    undo.callback(os.dup2, original, output)
    os.dup2(sink, output)


def _release(stream: TextIO) -> None:
    """Points the handlers of logging that were made in silence, by an import for instance, at what they would have got.

    They would go on writing into a closed file.
    """
    handlers = (reference() for reference in vars(logging)["_handlerList"])  # there is no public list of all of them
    for handler in handlers:
        if isinstance(handler, logging.StreamHandler) and vars(handler).get("stream") is stream:
            handler.setStream(sys.stderr)


def _flush() -> None:
    """Sends what Python holds back to where it belongs, before the descriptors change."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:  # a windowed Python has none
            stream.flush()
