"""Which trial is better, and which one can still become the best."""

import math
from collections.abc import Callable

import pytest

from easynas.search.incumbent import (
    CATCH_UP,
    CERTAIN,
    PROMOTED,
    first_slice_bar,
    front_runner,
    incumbent,
    promotable,
    rank_key,
    to_ship,
)
from easynas.search.trial import Done, Failed, Job


def done(score: float, *, fidelity: float = 1.0, **metrics: float) -> Done:
    return Done(Job(0, {}), score, 1.0, metrics, fidelity=fidelity)


FAILED = Failed(Job(0, {}), "out of memory", 1.0)
DROPPED = done(0.99, fidelity=0.3)


def test_scores_decide_then_losses() -> None:
    trials = [done(0.8, loss=0.4), done(0.9, loss=2.0), done(math.nan), done(0.8, loss=0.3), done(0.5)]
    worst_to_best = [2, 4, 0, 3, 1]
    assert sorted(range(5), key=lambda index: rank_key(trials[index])) == worst_to_best


def test_the_incumbent_is_the_best_trial_that_was_finished() -> None:
    best = done(0.9)
    assert incumbent([done(0.8), FAILED, best, DROPPED, done(0.85)]) is best
    assert incumbent([FAILED, DROPPED]) is None
    assert incumbent([]) is None


def test_nothing_is_dropped_before_something_is_known() -> None:
    assert first_slice_bar(None) == -math.inf
    assert front_runner([FAILED, DROPPED, done(0.9)]) is None


def test_the_bar_leaves_room_for_catching_up_and_for_noise() -> None:
    best = done(0.90, first_slice_score=0.80, standard_error=0.01)
    weaker = done(0.85, first_slice_score=0.10, standard_error=0.5)
    assert first_slice_bar(front_runner([weaker, best, FAILED])) == pytest.approx(0.90 - CATCH_UP * 0.10 - 0.02)


def test_the_bar_is_never_above_the_incumbent() -> None:
    assert first_slice_bar(done(0.9, first_slice_score=0.95)) == 0.9


def by(ahead: float, *, error: float = 0.004) -> Callable[[Done, Done], tuple[float, float]]:
    return lambda trial, final: (ahead, error)


def test_the_final_training_is_shipped_unless_another_is_certainly_better() -> None:
    best, final = done(0.95), done(0.90)
    assert to_ship(final, [best, final], lead=by(CERTAIN * 0.004)) is final
    assert to_ship(final, [best, final], lead=by(CERTAIN * 0.004 + 1e-9)) is best
    assert to_ship(final, [best, final], lead=by(0.0, error=0.0)) is final
    assert to_ship(final, [final], lead=by(1.0)) is final


def test_a_final_training_that_scores_higher_on_other_samples_is_compared_too() -> None:
    best, final = done(0.90), done(0.95)
    assert to_ship(final, [final, best], lead=by(0.1)) is best


def test_without_a_final_network_the_best_trial_is_shipped() -> None:
    best = done(0.90)
    assert to_ship(FAILED, [best, FAILED], lead=by(-1.0)) is best
    assert to_ship(FAILED, [FAILED], lead=by(0.0)) is None
    assert to_ship(DROPPED, [best, DROPPED], lead=by(-1.0)) is best


def test_what_was_made_of_other_trials_is_no_network_to_ship() -> None:
    best, behind = done(0.90), done(0.89)
    adjusted = Done(Job(7, {"network": "adjusted"}, members=(0,)), 0.91, 1.0)
    assert to_ship(behind, [best, adjusted, behind], lead=by(0.1)) is best


def rung(number: int, score: float, fidelity: float = 1 / 9) -> Done:
    return Done(Job(number, {}, fidelity=fidelity), score, 1.0, {"first_slice_score": score}, fidelity=fidelity)


def test_a_score_is_a_score_at_any_fidelity() -> None:
    short = rung(1, 0.95)
    assert incumbent([done(0.9), short]) is short


def test_only_full_trainings_from_the_start_set_the_bar() -> None:
    full = done(0.5, first_slice_score=0.4)
    promoted = Done(Job(2, {}, continues=1, trained=1 / 3), 0.95, 1.0, {"first_slice_score": 0.94})
    assert front_runner([rung(1, 0.9), promoted, full]) is full


def test_the_best_of_every_rung_that_were_not_trained_on_may_be_promoted() -> None:
    low = [rung(number, number / 100) for number in range(20)]
    high = [rung(200 + number, 0.1 * number, fidelity=1 / 3) for number in range(3)]
    found = {trial.job.id for trial in promotable([*low, *high], continued={19, 202})}
    assert found == {200, 201} | set(range(19 - PROMOTED, 19))
