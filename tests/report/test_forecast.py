"""A forecast continues what was seen, and is humble."""

import math

import numpy as np
import pytest

from easynas.report.forecast import FEWEST, Forecast, Step, forecast, steps
from easynas.search.trial import Done, Failed, Job, Trial


def rising(power: float = 0.7, limit: float = 0.9, gain: float = 0.2) -> list[Step]:
    """Points of a curve that a forecast can continue exactly, over the first 100 s."""
    times = np.linspace(10, 100, 12)
    return [
        Step(t, s, s, n) for n, (t, s) in enumerate(zip(times, limit - gain * (times / 100) ** -power, strict=True))
    ]


def ahead(points: list[Step], *, more: float = 300.0, noise: float = 0.005, most: float = 1.0) -> Forecast:
    found = forecast(points, spent=100.0, more=more, noise=noise, most=most)
    assert found is not None
    return found


def test_a_known_curve_is_continued() -> None:
    true = 0.2 * (1 - 4**-0.7)
    found = ahead(rising())
    assert found.gain == pytest.approx(true, abs=0.03)
    assert found.low <= true <= found.high + 0.01
    assert found.worthwhile


def test_a_plateau_is_not_worth_more_time() -> None:
    found = ahead([Step(10.0 * n, 0.8, 0.8, n) for n in range(1, 11)], noise=0.02)
    assert 0 <= found.gain < 0.01
    assert not found.worthwhile


def test_more_time_never_brings_less() -> None:
    gains = [ahead(rising(), more=more).gain for more in (10.0, 100.0, 1000.0)]
    assert gains == sorted(gains)


def test_no_score_rises_above_the_best_there_can_be() -> None:
    found = ahead(rising(limit=1.1), more=1e6, most=1.0)
    assert rising(limit=1.1)[-1].best + found.high <= 1.0 + 1e-9


def test_the_same_study_has_the_same_forecast() -> None:
    assert ahead(rising()) == ahead(rising())


def test_few_results_make_no_forecast() -> None:
    assert forecast(rising()[: FEWEST - 1], spent=100.0, more=60.0, noise=0.01, most=math.inf) is None


def test_steps_keep_the_best_and_leave_out_what_does_not_compete() -> None:
    trials: list[Trial] = [
        Done(Job(0, {}), 0.5, 1.0),
        Failed(Job(1, {}), "out of memory", 1.0),
        Done(Job(2, {}), 0.9, 1.0, fidelity=0.3),
        Done(Job(3, {}, reference=True), 0.95, 1.0),
        Done(Job(4, {}), 0.4, 1.0),
        Done(Job(5, {}), 0.7, 1.0),
    ]
    found = steps(trials, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    assert [(step.trial, step.best) for step in found] == [(0, 0.5), (2, 0.5), (4, 0.5), (5, 0.7)]
