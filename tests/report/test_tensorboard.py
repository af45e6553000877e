"""Trials as event files, read back with TensorFlow."""

from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf
from google.protobuf.empty_pb2 import Empty
from google.protobuf.struct_pb2 import Value
from google.protobuf.unknown_fields import UnknownFieldSet

from easynas.errors import InputError
from easynas.report.tensorboard import TensorBoard
from easynas.search.trial import Done, Failed, Job

VALUES = {"network": "vgg", "vgg/width": 16, "train/rate": 0.5, "flip": True, "long": "x" * 300}
DONE = Done(Job(12, VALUES), 0.75, 3.0, {"loss": 0.5}, curve=(2.0, 1.5, 1.0))


def written(run: Path) -> list[Any]:
    """All values of a run, each with its step."""
    [file] = run.iterdir()
    events = tf.compat.v1.train.summary_iterator(str(file))
    return [(event.step, value) for event in events for value in event.summary.value]


def scalars(run: Path, tag: str) -> dict[int, float]:
    return {
        step: float(tf.make_ndarray(value.tensor))
        for step, value in written(run)
        if value.tag == tag and value.metadata.plugin_data.plugin_name in ("scalars", "")
    }


def session(run: Path, moment: str) -> list[Any]:
    """What the page of hyperparameters reads: fields of a message by their numbers."""
    [content] = [
        value.metadata.plugin_data.content
        for _, value in written(run)
        if value.tag == f"_hparams_/session_{moment}_info" and value.metadata.plugin_data.plugin_name == "hparams"
    ]
    return fields(content)


def fields(content: bytes) -> list[Any]:
    message = Empty()
    message.ParseFromString(content)
    return [(field.field_number, field.data) for field in UnknownFieldSet(message)]


def plain(value: Value) -> Any:
    return getattr(value, value.WhichOneof("kind"))


def test_a_trial_is_a_run_with_its_curve_and_score(tmp_path: Path) -> None:
    TensorBoard(tmp_path / "logs")(DONE)
    run = tmp_path / "logs" / "trial-0012"
    assert scalars(run, "training_loss") == {5: 2.0, 10: 1.5, 15: 1.0}
    assert scalars(run, "score") == {100: 0.75}
    assert scalars(run, "metrics/loss") == {100: 0.5}


def test_choices_are_hyperparameters(tmp_path: Path) -> None:
    TensorBoard(tmp_path)(DONE)
    [(start, pairs)] = session(tmp_path / "trial-0012", "start")
    found = {}
    for number, pair in fields(pairs):
        (_, name), (_, value) = fields(pair)
        found[name.decode()] = plain(Value.FromString(value))
        assert number == 1
    assert start == 3
    assert found == {**VALUES, "fidelity": 1.0}
    assert session(tmp_path / "trial-0012", "end") == [(4, b"\x08\x01")]


def test_a_failed_trial_is_a_run_that_failed(tmp_path: Path) -> None:
    TensorBoard(tmp_path)(Failed(Job(3, VALUES), "out of memory", 1.0))
    assert session(tmp_path / "trial-0003", "end") == [(4, b"\x08\x02")]
    assert not (tmp_path / "search").exists()


def test_the_search_has_every_score_and_the_best_so_far(tmp_path: Path) -> None:
    board = TensorBoard(tmp_path)
    for number, score in enumerate((0.5, 0.75, 0.25)):
        board(Done(Job(number, VALUES), score, 1.0))
    board(Done(Job(3, VALUES, reference=True), 1.0, 1.0))
    board(Done(Job(4, VALUES), 0.875, 1.0, fidelity=0.3))
    assert scalars(tmp_path / "search", "search/score") == {0: 0.5, 1: 0.75, 2: 0.25, 3: 1.0, 4: 0.875}
    assert scalars(tmp_path / "search", "search/best_score") == {0: 0.5, 1: 0.75, 2: 0.75}
    assert scalars(tmp_path / "trial-0004", "score") == {30: 0.875}


def test_a_folder_that_cannot_be_made_is_refused_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="must be one that can be made"):
        TensorBoard(tmp_path / "file" / "logs")
