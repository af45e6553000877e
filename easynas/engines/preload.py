"""Imported once by the fork server, never by the user's process: makes a new worker cost 0.1 s instead of 5.

The fork server and its workers belong to us alone, so this may set environment variables and must keep the workers from
running the user's script again: functions travel by value (cloudpickle), and a script needs no `__main__` guard.
"""

import importlib.util
import multiprocessing.spawn
import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
_nowhere = os.open(os.devnull, os.O_WRONLY)
for _output in (1, 2):  # TensorFlow's first messages obey no setting; every worker opens a log of its own afterwards
    os.dup2(_nowhere, _output)
os.close(_nowhere)


def _stay(_: str) -> None:
    """Takes the place of the functions that would import the user's main module."""


multiprocessing.spawn._fixup_main_from_path = _stay  # type: ignore[attr-defined]
multiprocessing.spawn._fixup_main_from_name = _stay  # type: ignore[attr-defined]

for name in ("keras", "easynas.train.evaluator"):
    if importlib.util.find_spec(name.partition(".")[0]) is not None:
        importlib.import_module(name)
