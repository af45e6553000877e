"""A training that ends with the clock, and whose best epoch counts."""

from typing import Any

import numpy as np
import pytest

from easynas.interop.stop import Stop
from easynas.search.budget import Deadline
from easynas.testing import FakeClock


class Network:
    """What the callback needs of a Keras model."""

    def __init__(self) -> None:
        self.stop_training = False
        self.epoch = 0

    def get_weights(self) -> list[np.ndarray]:
        return [np.array([float(self.epoch)])]


def stop(clock: FakeClock, *, seconds: float, maximize: bool = True, held_out: int = 64) -> Stop:
    made = Stop(Deadline.after(seconds, clock), "val_score", maximize=maximize, held_out=held_out, test_start=1.0)
    made.set_model(Network())
    made.set_params({})
    return made


def train(callback: Stop, clock: FakeClock, *, scores: list[float], batches: int = 10, loss: float = 0.5) -> Any:
    """Epochs of `batches` seconds and validations of one second, until the callback stops."""
    model: Any = callback.model
    for epoch, score in enumerate(scores):
        model.epoch = epoch
        for batch in range(batches):
            callback.on_train_batch_begin(batch)
            clock.sleep(1.0)
            callback.on_train_batch_end(batch, {"loss": loss})
            if model.stop_training:
                break
        callback.on_test_begin()
        clock.sleep(1.0)
        callback.on_test_end()
        callback.on_epoch_end(epoch, {"loss": loss, "val_score": score})
        if model.stop_training:
            break
    return model


@pytest.mark.parametrize(("maximize", "best"), [(True, 1), (False, 2)])
def test_the_best_epoch_counts(*, maximize: bool, best: int) -> None:
    clock = FakeClock()
    callback = stop(clock, seconds=1000.0, maximize=maximize)
    scores = [0.5, 0.9, 0.1, 0.7]
    train(callback, clock, scores=scores)
    assert callback.best == scores[best]
    assert callback.weights[0].tolist() == [best]
    assert callback.logs == {"loss": 0.5, "val_score": scores[best]}
    assert callback.epochs == 4


@pytest.mark.parametrize("seconds", [5.0, 9.7, 30.0, 47.3])
def test_it_ends_in_time_with_a_validation(seconds: float) -> None:
    clock = FakeClock()
    callback = stop(clock, seconds=seconds)
    train(callback, clock, scores=[0.5] * 100)
    assert seconds - 6.0 < clock.now <= seconds
    assert callback.logs is not None


def test_a_loss_that_is_no_number_ends_it() -> None:
    clock = FakeClock()
    callback = stop(clock, seconds=1000.0)
    train(callback, clock, scores=[float("nan")] * 5, loss=float("nan"))
    assert clock.now == 2.0
    assert callback.logs is None


def test_a_first_validation_that_is_long_is_foreseen() -> None:
    clock = FakeClock()
    callback = stop(clock, seconds=100.0, held_out=32 * 50)  # 50 steps of 0.6 s, half as much again for safety
    train(callback, clock, scores=[0.5], batches=1000)
    assert 45.0 < clock.now < 60.0
