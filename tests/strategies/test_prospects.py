"""An opinion from measures of untrained networks: it helps where they are right, and does no harm where not."""

import math
import zlib
from collections.abc import Callable, Mapping

import numpy as np
import pytest

from easynas import strategies
from easynas.space.dimension import Value
from easynas.strategies.prospects import Prospects, Proxy
from tests.strategies import landscape

SPACE = landscape.space()


def noisy(scale: float, seed: int) -> Proxy:
    """The truth and something else."""

    def proxy(values: Mapping[str, Value]) -> float:
        noise = np.random.default_rng((seed, zlib.crc32(SPACE.key(values).encode())))
        return landscape.score(dict(values)) + scale * float(noise.normal())

    return proxy


def opinion_of(*proxies: Proxy, seed: int = 0, samples: int = 300) -> Prospects:
    return Prospects(SPACE, proxies, seed=seed, samples=samples)


def correlation(prospects: Prospects) -> float:
    rng = np.random.default_rng(9)
    others = [SPACE.sample(rng) for _ in range(200)]
    truth = [landscape.score(values) for values in others]
    return float(np.corrcoef(prospects.opinion(others), truth)[0, 1])


def test_together_they_are_better_than_each_alone() -> None:
    proxies = [noisy(4.0, seed) for seed in range(3)]
    alone = [correlation(opinion_of(each)) for each in proxies]
    assert correlation(opinion_of(*proxies)) > max(alone) + 0.05


def test_the_best_of_the_sample_come_first() -> None:
    ordered = list(opinion_of(lambda values: landscape.score(dict(values))).best())
    scores = [landscape.score(values) for values in ordered]
    assert scores == sorted(scores, reverse=True)
    assert len({SPACE.key(values) for values in ordered}) == 300


def test_an_opinion_is_in_deviations_of_the_sample() -> None:
    prospects = opinion_of(noisy(1.0, 0), noisy(1.0, 1))
    opinions = prospects.opinion(list(prospects.best()))
    assert opinions.mean() == pytest.approx(0.0, abs=1e-9)
    assert opinions.std() == pytest.approx(1.0)
    assert (np.diff(opinions) <= 1e-12).all()


def test_units_of_a_proxy_do_not_matter() -> None:
    def cubed(values: Mapping[str, Value]) -> float:
        return 1e6 * landscape.score(dict(values)) ** 3

    at = [SPACE.default()]
    assert opinion_of(cubed).opinion(at) == opinion_of(lambda values: landscape.score(dict(values))).opinion(at)


@pytest.mark.parametrize("useless", [1.0, math.nan, math.inf])
def test_a_proxy_that_is_the_same_for_all_changes_nothing(useless: float) -> None:
    good = noisy(1.0, 0)
    at = [SPACE.sample(np.random.default_rng(seed)) for seed in range(20)]
    np.testing.assert_allclose(opinion_of(good, lambda _: useless).opinion(at), opinion_of(good).opinion(at))
    assert not opinion_of(lambda _: useless).opinion(at).any()


def test_what_is_not_finite_is_the_worst() -> None:
    prospects = opinion_of(lambda values: math.nan if values["width0"] == 0 else float(values["width1"]))
    worst = list(prospects.best())[-20:]
    assert {values["width0"] for values in worst} == {0}


def test_the_seed_decides_and_only_what_is_feasible_is_sampled() -> None:
    def first(seed: int) -> object:
        prospects = Prospects(
            SPACE, [lambda _: 0.0], seed=seed, samples=20, feasible=lambda values: values["width0"] == 2
        )
        return list(prospects.best())

    assert first(0) == first(0) != first(1)
    assert {values["width0"] for values in first(0)} == {2}  # type: ignore[attr-defined]


def test_where_nothing_is_feasible_there_is_no_opinion() -> None:
    prospects = Prospects(SPACE, [lambda _: 1.0], seed=0, samples=3, feasible=lambda _: False)
    assert list(prospects.best()) == []
    assert list(prospects.opinion([SPACE.default()])) == [0.0]


def found(name: str, proxies: list[Callable[..., float]], *, trials: int, seeds: int) -> float:
    made = (strategies.create(name, SPACE, random_state=seed, proxies=proxies) for seed in range(seeds))
    return float(np.mean([landscape.best_found(strategy, trials=trials) for strategy in made]))


def test_a_search_begins_where_the_proxies_point() -> None:
    assert found("random", [noisy(3.0, 0)], trials=10, seeds=5) > found("random", [], trials=10, seeds=20) + 2.0


@pytest.mark.slow
def test_a_good_proxy_saves_trials_and_a_useless_one_costs_none() -> None:
    def chance(values: Mapping[str, Value]) -> float:
        return float(np.random.default_rng(zlib.crc32(SPACE.key(values).encode())).normal())

    plain = found("bayesian", [], trials=40, seeds=8)
    assert found("bayesian", [noisy(3.0, 0)], trials=40, seeds=8) > plain + 1.0
    assert found("bayesian", [chance], trials=40, seeds=8) > plain - 1.0


@pytest.mark.slow
def test_what_was_misled_finds_its_way() -> None:
    def misleading(values: Mapping[str, Value]) -> float:
        return float(values["width0"])

    found_then = found("bayesian", [misleading], trials=70, seeds=5)
    assert found_then > found("random", [], trials=70, seeds=20) + 1.0
