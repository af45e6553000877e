"""What a search wants, as losses and violations."""

import math

import numpy as np
import pytest

from easynas.errors import InputError
from easynas.search.objective import SCORE, SCORE_ALONE, Constraint, Goal, Objective, places
from easynas.search.trial import Done, Failed, Job

JOB = Job(0, {"width": 8})
LATENCY = Objective("latency_ms")


def done(score: float = 0.9, **metrics: float) -> Done:
    return Done(JOB, score, 1.0, metrics)


def width(values: object) -> float:
    return float(values["width"])  # type: ignore[index]


def test_the_loss_of_what_should_be_large_is_its_negative() -> None:
    assert SCORE.loss(done(0.9)) == -0.9
    assert LATENCY.loss(done(latency_ms=3.0)) == 3.0


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_was_not_measured_is_infinitely_bad(value: float) -> None:
    assert SCORE.loss(done(value)) == math.inf
    assert LATENCY.loss(done(latency_ms=value)) == math.inf
    assert LATENCY.loss(done()) == math.inf


def test_a_cheap_measure_is_known_before_and_after_training_and_what_was_measured_counts_more() -> None:
    cheap = Objective("width", maximize=True, cheap=width)
    assert cheap.known(JOB.values) == cheap.loss(done()) == -8.0
    assert cheap.loss(done(width=6.0)) == -6.0
    assert cheap.loss(done(width=math.nan)) == -8.0  # a journal does not hold it, so a continued study sees none


def test_what_is_not_cheap_is_unknown_before_training() -> None:
    with pytest.raises(ValueError, match="latency_ms"):
        LATENCY.known(JOB.values)


def test_the_excess_is_the_share_above_the_limit() -> None:
    limit = Constraint("latency_ms", 4.0)
    assert [limit.excess(done(latency_ms=ms)) for ms in (3.0, 4.0, 5.0)] == [0.0, 0.0, 0.25]
    assert limit.excess(done()) == math.inf
    assert Constraint("latency_ms", 0.0).excess(done(latency_ms=5.0)) == 5.0


def test_a_cheap_constraint_says_what_may_be_trained() -> None:
    assert Constraint("width", 8, cheap=width).allows(JOB.values)
    assert not Constraint("width", 7, cheap=width).allows(JOB.values)
    assert Constraint("width", 7).allows(JOB.values)
    assert not Goal(constraints=(Constraint("latency_ms", 1.0), Constraint("width", 7, cheap=width))).allows(JOB.values)


def test_a_goal_is_single_when_the_score_decides_among_what_may_be_proposed() -> None:
    assert Goal().single
    assert Goal(constraints=(Constraint("width", 8, cheap=width),)).single
    assert not Goal((SCORE, LATENCY)).single
    assert not Goal((LATENCY,)).single
    assert not Goal(constraints=(Constraint("latency_ms", 3.0),)).single


def test_violations_add_up_and_a_failed_trial_is_infinitely_bad() -> None:
    goal = Goal((SCORE, LATENCY), (Constraint("latency_ms", 2.0), Constraint("size_kb", 10.0)))
    trial = done(0.5, latency_ms=3.0, size_kb=15.0)
    judged = goal.judge(trial)
    assert (judged.trial, judged.losses.tolist(), judged.violation) == (trial, [-0.5, 3.0], 1.0)
    failed = goal.judge(Failed(JOB, "out of memory", 1.0))
    assert (failed.losses.tolist(), failed.violation) == ([math.inf, math.inf], math.inf)


def test_places_go_by_feasibility_then_by_front_then_by_crowding() -> None:
    goal = Goal((SCORE, LATENCY), (Constraint("size_kb", 10.0),))
    trials = [
        Failed(JOB, "out of memory", 1.0),
        done(0.99, latency_ms=0.5, size_kb=30.0),  # the better of two that are too large is the one nearer to the limit
        done(0.10, latency_ms=9.0, size_kb=20.0),
        done(0.80, latency_ms=9.0, size_kb=1.0),  # behind the front
        done(0.90, latency_ms=9.0, size_kb=1.0),
        done(0.89, latency_ms=8.0, size_kb=1.0),  # the middle of the front, close to its neighbours
        done(0.50, latency_ms=7.0, size_kb=1.0),
        done(0.20, latency_ms=1.0, size_kb=1.0),
    ]
    assert places([goal.judge(trial) for trial in trials]).tolist() == [7, 6, 5, 4, 0, 3, 2, 1]
    assert places([]).tolist() == []


def test_with_the_score_alone_places_are_those_of_the_scores() -> None:
    scores = np.random.default_rng(0).random(20)
    found = places([SCORE_ALONE.judge(done(float(score))) for score in scores])
    assert found.tolist() == np.argsort(np.argsort(-scores)).tolist()


@pytest.mark.parametrize(
    ("objectives", "constraints", "complaint"),
    [
        ((), (), "at least one"),
        ((LATENCY, Objective("latency_ms", maximize=True)), (), "different"),
        (("latency_ms",), (), r"easynas\.Objective"),
        (LATENCY, (), r"easynas\.Objective"),
        ((SCORE,), (LATENCY,), r"easynas\.Constraint"),
    ],
)
def test_a_goal_is_made_of_objectives_and_constraints(objectives: object, constraints: object, complaint: str) -> None:
    with pytest.raises(InputError, match=complaint):
        Goal(objectives, constraints)  # type: ignore[arg-type]


def test_a_smaller_score_is_never_better() -> None:
    with pytest.raises(InputError, match="maximize=True"):
        Objective("score")
    with pytest.raises(InputError, match="objective"):
        Constraint("score", 0.9)


@pytest.mark.parametrize("limit", [math.nan, math.inf, "10", None])
def test_a_limit_is_a_finite_number(limit: object) -> None:
    with pytest.raises(InputError, match="finite number"):
        Constraint("latency_ms", limit)  # type: ignore[arg-type]
