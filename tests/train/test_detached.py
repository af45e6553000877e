"""An evaluator that left its machine trains on the same data and sends its weights back."""

import math
from dataclasses import replace
from pathlib import Path

import cloudpickle
import numpy as np
import pytest
from sklearn.datasets import load_digits

from easynas.data.images import ingest_images
from easynas.data.split import split
from easynas.data.store import Store
from easynas.engines.actors import _packed, _unpacked
from easynas.nets.baseline import Baseline
from easynas.schema import Answer
from easynas.search.budget import Deadline
from easynas.search.trial import Done, Job
from easynas.train import weights
from easynas.train.detached import Detached, Parcel
from easynas.train.evaluator import Evaluator
from easynas.train.scoring import Scoring


@pytest.fixture
def evaluator(tmp_path: Path) -> Evaluator:
    digits = load_digits()
    data = ingest_images(digits.images, digits.target)
    train, validation = split(data.y, seed=0)
    store = Store.write(tmp_path / "data", data, data.encoder.at((8, 8)), train=train, validation=validation)
    network = Baseline(Answer("classes", 10), data.encoder.schema.mean, data.encoder.schema.variance)
    return Evaluator(
        network, store, Scoring("accuracy", Answer("classes", 10)), 0, "float32", 64, 1, tmp_path / "weights"
    )


def travelled(evaluator: Evaluator) -> Detached:
    """As it arrives elsewhere, the files of this machine gone."""
    content, buffers = _packed(evaluator.detached())
    assert len(content) < 100_000  # the arrays travel beside it
    arrived = _unpacked((content, [np.array(buffer) for buffer in buffers]))
    assert isinstance(arrived, Detached)
    return arrived


@pytest.mark.slow
def test_it_trains_elsewhere_and_its_weights_come_back(evaluator: Evaluator, tmp_path: Path) -> None:
    detached = travelled(evaluator)
    for path in (tmp_path / "data").rglob("*.npy"):
        path.unlink()
    parcel = detached(Job(0, {}), deadline=Deadline.after(5.0), bar=-math.inf)
    assert isinstance(parcel, Parcel)
    assert not (tmp_path / "weights").exists()
    trial = evaluator.attached(cloudpickle.loads(cloudpickle.dumps(parcel)))
    assert isinstance(trial, Done)
    assert trial.score > 0.9
    assert len(weights.load(tmp_path / "weights" / "0.npz")[0]) > 3
    again = travelled_heir(evaluator, detached)(Job(1, {}), deadline=Deadline.after(3.0), bar=-math.inf)
    assert isinstance(again.trial, Done)
    assert again.trial.metrics["first_slice_score"] > 0.9


@pytest.mark.slow
def test_the_weights_that_a_promotion_goes_on_from_travel_with_it(evaluator: Evaluator) -> None:
    first = evaluator(Job(0, {}), deadline=Deadline.after(4.0), bar=-math.inf)
    assert isinstance(first, Done)
    job = Job(1, {}, continues=0, trained=1 / 3)
    assert evaluator.brought(Job(2, {})) is evaluator.brought(Job(2, {}, continues=9)) is None
    detached, brought = travelled(evaluator), evaluator.brought(job)
    parcel = detached(job, deadline=Deadline.after(3.0), bar=-math.inf, brought=brought)
    assert isinstance(parcel.trial, Done)
    assert parcel.trial.metrics["first_slice_score"] > 0.9


def travelled_heir(evaluator: Evaluator, detached: Detached) -> Detached:
    """One that goes on with the weights of the first job."""
    inherited = (evaluator.folder / "0.npz").read_bytes()
    return replace(detached, evaluator=replace(detached.evaluator, inherit=0), inherited=inherited)


@pytest.mark.slow
def test_a_dropped_trial_has_no_weights(evaluator: Evaluator) -> None:
    parcel = evaluator.detached()(Job(0, {}), deadline=Deadline.after(6.0), bar=1.1)
    assert parcel.weights is None
    assert evaluator.attached(parcel) is parcel.trial


def test_the_arrays_are_those_of_the_store_and_can_be_borrowed(evaluator: Evaluator) -> None:
    memory = travelled(evaluator).evaluator.store
    for part, expected in (
        (memory.train(), evaluator.store.train()),
        (memory.validation(), evaluator.store.validation()),
    ):
        for array, other in zip(part, expected, strict=True):
            assert np.array_equal(array, other)
            assert array.dtype == other.dtype
            assert not array.flags.writeable
            array.view().flags.writeable = True  # as the exchange with TensorFlow needs it


def test_half_the_batch_is_asked_of_what_travelled(evaluator: Evaluator) -> None:
    assert travelled(evaluator).lighter().evaluator.batch_size == 32
