"""The learning rate follows the clock, and training ends in time."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from easynas.search.budget import Deadline
from easynas.testing import FakeClock
from easynas.train.pace import WARM_UP, Average, Curve, Pace, rate

PEAK = 0.5


class Training:
    """Steps of a training that take as long as the test says."""

    def __init__(self, seconds: float, **options: Any) -> None:
        self.clock = FakeClock(1000.0)
        self.rates: list[float] = []
        self.weight = keras.Variable(0.0)
        model = SimpleNamespace(
            stop_training=False, weights=[self.weight], optimizer=SimpleNamespace(learning_rate=keras.Variable(0.0))
        )
        deadline = Deadline.after(seconds, self.clock)
        self.pace = Pace(PEAK, deadline, average=Average(model), **options)
        self.pace.set_model(model)

    def run(self, step_seconds: Callable[[int], float], *, loss: Callable[[int], float] = lambda _: 1.0) -> float:
        """Trains until it is stopped; the seconds that it took."""
        step = 0
        while not self.pace.model.stop_training:
            self.clock.sleep(step_seconds(step))
            self.pace.on_train_batch_end(step, {"loss": loss(step)})
            self.rates.append(float(self.pace.model.optimizer.learning_rate) / PEAK)
            step += 1
        return self.clock() - 1000.0


def test_the_rate_rises_to_its_peak_and_falls_to_zero() -> None:
    assert rate(0.0) == pytest.approx(0.05)
    assert rate(WARM_UP) == pytest.approx(1.0)
    assert rate((1.0 + WARM_UP) / 2) == pytest.approx(0.5)
    assert rate(1.0) == rate(1.5) == 0.0


@given(st.floats(0.0, 1.0), st.floats(0.0, 0.9))
def test_the_rate_is_a_share_of_the_peak(progress: float, warm_up: float) -> None:
    assert 0.0 <= rate(progress, warm_up) <= 1.0


@given(st.floats(WARM_UP, 1.0), st.floats(WARM_UP, 1.0))
def test_the_rate_never_rises_after_the_warm_up(early: float, late: float) -> None:
    assert rate(min(early, late)) >= rate(max(early, late))


def test_a_rate_that_is_not_annealed_stays_at_its_peak() -> None:
    training = Training(10.0, annealed=False)
    training.run(lambda _: 0.1)
    assert training.rates[0] < 0.2
    assert training.rates[len(training.rates) // 2 :] == pytest.approx(
        [1.0] * (len(training.rates) // 2 + len(training.rates) % 2)
    )


def test_without_warm_up_the_rate_begins_at_its_peak() -> None:
    assert rate(0.0, warm_up=0.0) == 1.0


@pytest.mark.parametrize("step_seconds", [0.01, 0.3, 1.0])
def test_training_ends_annealed_and_just_in_time(step_seconds: float) -> None:
    training = Training(60.0)
    seconds = training.run(lambda _: step_seconds)
    # A step is kept free for one more batch, and one for what follows.
    assert 60.0 - 4 * step_seconds <= seconds <= 60.0 - step_seconds
    assert training.rates[-1] == 0.0
    assert max(training.rates) == pytest.approx(1.0, abs=0.2 * step_seconds + 0.01)
    assert training.pace.progress == 1.0


def test_the_first_step_traces_the_network_and_does_not_count() -> None:
    training = Training(60.0)
    training.run(lambda step: 0.1 if step else 20.0)
    assert training.pace.first_seconds == pytest.approx(20.0)
    assert training.rates[0] == pytest.approx(0.05)
    # The middle of what is left has the middle of the rates.
    assert training.rates[len(training.rates) // 2] == pytest.approx(rate(0.5), abs=0.02)


def test_a_slow_moment_does_not_delay_the_end() -> None:
    training = Training(60.0)
    # Even if the longest step seen so far comes again at the end.
    assert training.run(lambda step: 4.0 if step in (100, 520) else 0.1) <= 60.0
    assert training.rates[-1] == 0.0


def test_a_reserve_is_kept_for_what_follows() -> None:
    training = Training(60.0, reserve=lambda step: 5.0 + 20 * step)
    assert 60.0 - 7.0 - 0.5 <= training.run(lambda _: 0.1) <= 60.0 - 7.0


def test_no_time_at_all_ends_at_once() -> None:
    training = Training(1.0)
    training.run(lambda _: 5.0)
    assert training.pace.steps <= 2
    assert training.rates[-1] == 0.0


def test_a_loss_that_is_no_number_ends_the_training() -> None:
    training = Training(60.0)
    training.run(lambda _: 0.1, loss=lambda step: float("nan") if step == 7 else 1.0)
    assert training.pace.diverged
    assert training.pace.steps == 8
    assert training.pace.progress < 1.0


@pytest.mark.parametrize("promising", [True, False])
def test_after_its_first_slice_a_training_is_judged_once(promising: Any) -> None:
    asked: list[float] = []

    def judge() -> bool:
        asked.append(training.pace.progress)
        training.clock.sleep(3.0)
        return bool(promising)

    training = Training(60.0, slice_at=1 / 3, on_slice=judge)
    training.run(lambda _: 0.1)
    assert asked == pytest.approx([1 / 3], abs=0.01)
    assert (training.pace.progress == 1.0) == promising
    # What the judge takes is no step: if it were one, the end would come nearer and then go away again.
    assert (np.diff(training.rates[100:]) <= 0).all()


def test_what_a_part_of_the_judging_takes_is_kept_free_for_all_of_it() -> None:
    training = Training(60.0, slice_at=1 / 3, on_slice=lambda: not training.clock.sleep(0.5), slice_share=0.1)
    assert 60.0 - 1.5 * 5.0 - 0.5 <= training.run(lambda _: 0.1) <= 60.0 - 1.5 * 5.0


def test_by_default_nobody_judges() -> None:
    training = Training(60.0, on_slice=lambda: pytest.fail("nobody should be asked"))
    training.run(lambda _: 0.1)
    assert training.pace.progress == 1.0


def average_of(values: Callable[[float], float], *, updates: int = 1000) -> float:
    """The average at the end of a training whose only weight is `values(progress)`."""
    weight = keras.Variable(0.0)
    average = Average(SimpleNamespace(weights=[weight]))
    for progress in np.linspace(0.0, 1.0, updates):
        weight.assign(values(float(progress)))
        average.update(float(progress))
    return float(average.weights()[0])


def test_the_average_spans_the_last_part_of_the_training() -> None:
    assert average_of(lambda _: 3.0) == pytest.approx(3.0)
    assert average_of(lambda progress: float(progress > 0.5)) == pytest.approx(1.0, abs=0.02)
    assert average_of(lambda progress: progress) == pytest.approx(0.9, abs=0.02)


def test_the_average_smooths() -> None:
    noise = iter(np.random.default_rng(0).normal(size=1000))
    assert abs(average_of(lambda _: float(next(noise)))) < 0.7


def test_before_any_update_the_average_is_the_present() -> None:
    weight = keras.Variable([1.0, 2.0])
    average = Average(SimpleNamespace(weights=[weight]))
    average.update(0.0)
    weight.assign([3.0, 4.0])
    assert np.array_equal(average.weights()[0], [3.0, 4.0])


def test_an_average_is_rarely_updated() -> None:
    reads: list[int] = []

    class Counted:
        def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
            reads.append(1)
            return np.zeros(3)

    average = Average(SimpleNamespace(weights=[Counted()]), updates=50)
    for progress in np.linspace(0.0, 1.0, 5000):
        average.update(float(progress))
    assert 40 <= len(reads) <= 51


def test_a_curve_holds_the_mean_loss_of_each_part() -> None:
    curve, losses = Curve(parts=4), np.linspace(8.0, 0.0, 100)
    for step in range(1, 101):
        curve.update(step / 100, steps=step, mean=float(losses[:step].mean()))
    assert curve.means == pytest.approx([part.mean() for part in np.split(losses, 4)], abs=1e-5)


def test_parts_without_a_step_repeat_the_loss_before() -> None:
    curve = Curve(parts=10)
    for steps, progress, mean in ((1, 0.35, 4.0), (2, 0.6, 3.0), (3, 1.0, 2.0)):
        curve.update(progress, steps=steps, mean=mean)
    assert curve.means == [4.0] * 3 + [2.0] * 3 + [0.0] * 4


def test_a_training_records_its_curve_to_the_end() -> None:
    training = Training(20.0)
    training.run(lambda _: 0.1, loss=lambda step: 2.0)
    assert training.pace.curve.means == [2.0] * 20
