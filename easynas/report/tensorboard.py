"""`TensorBoard`: trials as event files, for those who follow trainings there.

Everything is written by the process that fits, from what a finished trial tells, so workers know nothing of it, and
trials of a cluster are there too. TensorFlow writes event files by itself; TensorBoard is needed to look at them only.
"""

import struct
from pathlib import Path
from typing import Any

from easynas.errors import InputError
from easynas.search.trial import Done, Trial
from easynas.space.dimension import Value


class TensorBoard:
    """Writes every trial where TensorBoard reads it; one of `fit(callbacks=[...])`.

    A trial is a run, `trial-0012`: its mean training loss after each twentieth of the training (steps are percent of
    it), its score and what else was measured, and its choices as hyperparameters. The run `search` has the score of
    each trial and the best so far; its steps are the numbers of the trials.

    Args:
        directory: for the event files, made if it is missing; one for each study. `tensorboard --logdir DIRECTORY`
            shows them.

    Raises:
        InputError: the directory cannot be made.
    """

    def __init__(self, directory: str | Path) -> None:
        self._directory = Path(directory)
        self._search: Any = None
        self._best = -float("inf")
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(
                f"The folder for TensorBoard must be one that can be made. Received {str(directory)!r}: "
                f"{error.strerror}. Choose another."
            ) from error

    def __call__(self, trial: Trial) -> None:
        """Writes one trial."""
        import tensorflow as tf

        writer = tf.summary.create_file_writer(str(self._directory / f"trial-{trial.job.id:04d}"))
        with writer.as_default():
            _write_choices(trial)
            if isinstance(trial, Done):
                _write_result(trial)
        writer.close()
        if isinstance(trial, Done):
            self._write_search(trial)

    def _write_search(self, trial: Done) -> None:
        import tensorflow as tf

        if self._search is None:
            self._search = tf.summary.create_file_writer(str(self._directory / "search"))
        with self._search.as_default():
            _scalar("search/score", trial.score, step=trial.job.id)
            if not (trial.dropped or trial.job.reference):
                self._best = max(self._best, trial.score)
                _scalar("search/best_score", self._best, step=trial.job.id)
        self._search.flush()


def _write_result(trial: Done) -> None:
    for place, loss in enumerate(trial.curve, start=1):
        _scalar("training_loss", loss, step=place * _PART)
    end = round(100 * trial.fidelity)
    _scalar("score", trial.score, step=end)
    for name, value in trial.metrics.items():
        _scalar(f"metrics/{name}", value, step=end)


def _scalar(tag: str, value: float, *, step: int) -> None:
    """What `tf.summary.scalar` does, which needs TensorBoard to be installed."""
    import tensorflow as tf

    metadata = tf.compat.v1.SummaryMetadata(plugin_data={"plugin_name": "scalars"}, data_class="DATA_CLASS_SCALAR")
    tf.summary.write(tag, tf.constant(value, tf.float32), step=step, metadata=metadata)


def _write_choices(trial: Trial) -> None:
    """What TensorBoard's page of hyperparameters reads: the choices of a run, and whether it succeeded."""
    choices = {**trial.job.values, "fidelity": trial.job.fidelity}
    pairs = b"".join(_message(1, _message(1, name.encode()) + _message(2, _value(v))) for name, v in choices.items())
    _session("start", _message(3, pairs))
    status = _SUCCESS if isinstance(trial, Done) else _FAILURE
    _session("end", _message(4, bytes([1 << 3, status])))


def _session(moment: str, content: bytes) -> None:
    import tensorflow as tf

    metadata = tf.compat.v1.SummaryMetadata(plugin_data={"plugin_name": "hparams", "content": content})
    tf.summary.write(f"_hparams_/session_{moment}_info", tf.zeros(0), step=0, metadata=metadata)


def _value(value: Value) -> bytes:
    """A number, text or truth as `google.protobuf.Value`."""
    if isinstance(value, bool):
        return bytes([4 << 3, value])
    if isinstance(value, str):
        return _message(3, value.encode())
    return bytes([2 << 3 | 1]) + struct.pack("<d", value)


def _message(field: int, content: bytes) -> bytes:
    """A field of a protocol buffer that has a length (developers.google.com/protocol-buffers/docs/encoding)."""
    size, length = bytearray(), len(content)
    while length > 0x7F:
        size.append(length & 0x7F | 0x80)
        length >>= 7
    return bytes([field << 3 | 2, *size, length]) + content


_PART = 5  # percent of a training for which a curve has one value
_SUCCESS, _FAILURE = 1, 2  # of `tensorboard.plugins.hparams.api.proto`
