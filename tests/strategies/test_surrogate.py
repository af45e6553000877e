"""What the models of a search have learned, whenever they are asked."""

from collections.abc import Iterator

import numpy as np
import pytest

from easynas.search.objective import SCORE_ALONE, Goal, Objective
from easynas.search.trial import Done, Failed, Job, Trial
from easynas.space.space import Values
from easynas.strategies.observations import Observations, kept, scheduled
from easynas.strategies.prospects import Prospects
from easynas.strategies.surrogate import Points, Surrogate, _following, one_thread
from tests.strategies import landscape

SPACE = landscape.space()


@pytest.fixture(autouse=True)
def alone() -> Iterator[None]:
    with one_thread():
        yield


GOAL = Goal((Objective("score", maximize=True), Objective("latency_ms")))


def genotypes(count: int, seed: int = 0) -> list[Values]:
    rng = np.random.default_rng(seed)
    return [SPACE.sample(rng) for _ in range(count)]


def trials(count: int) -> list[Trial]:
    return [
        Failed(Job(number, values), "cannot build", 1.0)
        if number % 7 == 6
        else Done(
            Job(number, values),
            landscape.score(values),
            seconds=10.0 ** float(values["width0"]),
            metrics={"latency_ms": float(values["width1"])},
        )
        for number, values in enumerate(genotypes(count))
    ]


def surrogate(told: Observations, *, prospects: Prospects | None = None, about: int | None = 0) -> Surrogate:
    return Surrogate(SPACE, told, prospects=prospects, about=about)


def knowing(count: int, goal: Goal = SCORE_ALONE) -> Observations:
    told = Observations(SPACE, goal)
    for trial in trials(count):
        told.add(trial)
    return told


def test_it_predicts_better_than_the_mean() -> None:
    model, others = surrogate(knowing(80)), genotypes(200, seed=1)
    points = model.points(others)
    found = model.draw(0, points, np.random.default_rng(0), draws=20).mean(axis=0)
    truth = np.array([-landscape.score(values) for values in others])
    assert np.corrcoef(found, truth)[0, 1] > 0.6


@pytest.mark.parametrize("count", [9, 10, 23, 60])
def test_asked_on_the_way_or_not_it_learns_the_same(count: int) -> None:
    told, at = Observations(SPACE, GOAL), genotypes(5, seed=1)
    busy = surrogate(told)
    for trial in trials(count):
        told.add(trial)
        if np.isfinite(told.measures).any():
            busy.draw(0, busy.points(at), np.random.default_rng(0), draws=1)
    fresh = surrogate(knowing(count, GOAL))
    for column in (0, 1):
        one, other = (m.draw(column, m.points(at), np.random.default_rng(0), draws=2) for m in (busy, fresh))
        np.testing.assert_array_equal(one, other)


def test_every_measure_has_a_model_of_its_own() -> None:
    model, others = surrogate(knowing(60, GOAL)), genotypes(100, seed=1)
    found = model.draw(1, model.points(others), np.random.default_rng(0), draws=20).mean(axis=0)
    assert np.corrcoef(found, [float(values["width1"]) for values in others])[0, 1] > 0.7


def test_it_learns_how_long_a_training_takes() -> None:
    model, others = surrogate(knowing(60)), genotypes(50, seed=1)
    found = model.log_seconds(model.points(others))
    truth = np.log(10.0) * np.array([float(values["width0"]) for values in others])
    assert np.corrcoef(found, truth)[0, 1] > 0.9
    assert np.abs(found - truth).mean() < 1.5


def test_what_is_out_is_less_in_doubt_and_nothing_else_changes() -> None:
    model, others = surrogate(knowing(30)), genotypes(20, seed=1)
    points, pending = model.points(others), model.points(others[:3])
    nothing = Points(np.empty((0, points.x.shape[1])), None)
    mean, deviation, best = model.expect(0, points, nothing)
    mean_then, deviation_then, best_then = model.expect(0, points, pending)
    np.testing.assert_allclose(mean_then, mean, atol=1e-6)
    assert best_then == best
    assert (deviation_then[:3] < 0.95 * deviation[:3]).all()
    assert (deviation_then < deviation).all()


def test_an_opinion_counts_for_its_own_measure_alone() -> None:
    prospects = Prospects(SPACE, [lambda values: float(values["width0"])], seed=0, samples=50)
    at = genotypes(30, seed=1)

    def drawn(about: int | None) -> np.ndarray:
        model = surrogate(knowing(12, GOAL), prospects=prospects, about=about)
        return model.draw(1, model.points(at), np.random.default_rng(0), draws=1)

    np.testing.assert_array_equal(drawn(0), drawn(None))
    assert not np.array_equal(drawn(1), drawn(None))


def test_fits_become_rarer() -> None:
    counts = [scheduled(count, first=10, then=_following) for count in range(1000)]
    sizes = np.unique(counts)
    assert list(sizes[:4]) == [0, 10, 12, 14]
    assert len(sizes) < 40
    assert all(size <= count for count, size in enumerate(counts))


def test_of_many_trials_the_best_and_the_latest_are_held() -> None:
    losses = np.random.default_rng(0).permutation(1000).astype(float)
    held = kept(losses)
    assert len(set(held.tolist())) == len(held) == 400
    assert set(range(800, 1000)) <= set(held.tolist())
    assert set(np.argsort(losses[:800])[:200].tolist()) <= set(held.tolist())
    assert list(kept(losses[:400])) == list(range(400))
