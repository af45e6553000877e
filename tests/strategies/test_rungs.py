"""Fidelities, and who goes on."""

import math

import pytest

from easynas.errors import InputError
from easynas.search.trial import Done, Failed, Job, Trial
from easynas.strategies.rungs import Rung, fidelities, level_of, promotion


@pytest.mark.parametrize(
    ("reduction", "least", "expected"),
    [
        (3, 1 / 81, [1 / 81, 1 / 27, 1 / 9, 1 / 3, 1]),
        (3, 1 / 80, [1 / 27, 1 / 9, 1 / 3, 1]),
        (3, 1 / 243, [1 / 243, 1 / 81, 1 / 27, 1 / 9, 1 / 3, 1]),
        (4, 1 / 16, [1 / 16, 1 / 4, 1]),
        (2, 0.3, [1 / 2, 1]),
        (3, 1.0, [1]),
    ],
)
def test_fidelities_are_powers_of_the_reduction(reduction: int, least: float, expected: list[float]) -> None:
    assert list(fidelities(reduction=reduction, least=least)) == pytest.approx(expected)


@pytest.mark.parametrize("reduction", [1, 0, 2.5, True])
def test_a_reduction_that_reduces_nothing_is_refused(reduction: int) -> None:
    with pytest.raises(InputError, match=r"`reduction` must be a whole number of at least 2\. Received: "):
        fidelities(reduction=reduction, least=0.1)


@pytest.mark.parametrize("least", [0.0, -0.1, 1.1, math.nan])
def test_a_smallest_fidelity_that_is_no_share_is_refused(least: float) -> None:
    with pytest.raises(InputError, match=r"`least` must be a share of a full training in \(0, 1\]\. Received: "):
        fidelities(reduction=3, least=least)


def test_a_fidelity_is_recognised_up_to_rounding() -> None:
    levels = fidelities(reduction=3, least=1 / 9)
    assert [level_of(fidelity, levels) for fidelity in (1 / 9, 0.1 + 0.0111111111111111, 1 / 3, 1.0, 0.5)] == [
        0,
        0,
        1,
        2,
        None,
    ]


def test_the_best_are_those_that_ended_and_the_earlier_of_equals() -> None:
    trials: dict[str, Trial] = {
        "failed": Failed(Job(0, {}), "out of memory", 1.0),
        "first": Done(Job(1, {}), 0.8, 1.0),
        "second": Done(Job(2, {}), 0.8, 1.0),
        "dropped": Done(Job(3, {}), 0.99, 1.0, fidelity=0.3),
        "third": Done(Job(4, {}), 0.9, 1.0),
        "no number": Done(Job(5, {}), math.nan, 1.0),
    }
    rung = Rung()
    for key, trial in trials.items():
        rung.add(key, trial)
    rung.add("second", Done(Job(6, {}), 0.99, 1.0))
    assert len(rung) == len(trials)
    assert "dropped" in rung
    assert [key for key, _ in rung.best(2)] == ["third", "first"]
    assert [key for key, _ in rung.best(9)] == ["third", "first", "second", "no number"]


def test_a_promotion_is_the_same_genotype_and_goes_on_from_its_weights() -> None:
    trial = Done(Job(4, {"width": 3}, fidelity=1 / 9), 0.8, 1.0, fidelity=1 / 9)
    assert promotion(7, trial, 1 / 3) == Job(
        7, {"width": 3}, fidelity=1 / 3, origin="promotion of 4", continues=4, trained=1 / 9
    )
