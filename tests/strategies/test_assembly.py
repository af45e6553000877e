"""What a name stands for, and what "auto" chooses."""

from typing import Any

import pytest

from easynas import strategies
from easynas.errors import InputError
from easynas.search.objective import SCORE, Objective
from easynas.search.trial import Done
from easynas.space.space import Values
from tests.strategies import landscape

SPACE = landscape.space()
BOTH = (SCORE, Objective("latency_ms"))


@pytest.mark.parametrize(
    ("trials", "objectives", "name"),
    [
        (None, (), "evolution"),
        (59, (), "evolution"),
        (60, (), "bayesian"),
        (1000, (), "bayesian"),
        (1001, (), "evolution"),
        (300_000, (), "random"),
        (None, BOTH, "bayesian"),
        (1001, BOTH, "pareto"),
        (300_000, BOTH, "pareto"),
    ],
)
def test_auto_chooses_by_trials_and_objectives_and_says_why(trials: float | None, objectives: Any, name: str) -> None:
    chosen, reason = strategies.choose(SPACE, objectives=objectives, trials=trials)
    assert chosen == name
    assert reason.endswith(".")


def test_a_space_that_fits_into_the_trials_is_simply_tried() -> None:
    chosen, reason = strategies.choose(SPACE, trials=SPACE.size())
    assert chosen == "random"
    assert f"{SPACE.size():,.0f}" in reason


def origins(strategy: Any, count: int) -> list[str]:
    found = []
    for number in range(count):
        job = strategy.ask(number)
        found.append(job.origin)
        strategy.tell(Done(job, landscape.score(dict(job.values)), 1.0))
    return found


def test_auto_is_the_designs_and_then_what_it_chose() -> None:
    designs: list[Values] = [{**SPACE.default(), "width0": width} for width in range(3)]
    found = origins(strategies.create("auto", SPACE, random_state=0, designs=designs, trials=200), 14)
    assert found == ["portfolio"] * 3 + ["random"] * 7 + ["model"] * 4
    few = origins(strategies.create("auto", SPACE, random_state=0, designs=designs, trials=30), 12)
    assert few[:8] == ["portfolio"] * 3 + ["random"] * 5
    assert all(origin.startswith(("mutation", "child")) for origin in few[8:])


def test_proxies_replace_the_random_start() -> None:
    def width(values: Any) -> float:
        return float(values["width0"])

    strategy = strategies.create("bayesian", SPACE, random_state=0, proxies=[width])
    jobs = [strategy.ask(number) for number in range(10)]
    assert {job.values["width0"] for job in jobs if job is not None} == {5}
    for job in jobs:
        assert job is not None
        strategy.tell(Done(job, landscape.score(dict(job.values)), 1.0))
    assert origins_of_next(strategy) == "model"


def origins_of_next(strategy: Any) -> str:
    return str(strategy.ask(10).origin)


@pytest.mark.parametrize("name", ["random", "evolution", "asha"])
def test_an_encoding_needs_a_model(name: str) -> None:
    with pytest.raises(InputError, match=rf"`encode` must be None for '{name}'.*\['bananas', 'bayesian'\]"):
        strategies.create(name, SPACE, encode=lambda _: [0.0])


@pytest.mark.parametrize(("name", "around"), [("bananas", None), ("bayesian", None), ("asha", "bayesian")])
def test_an_encoding_reaches_the_model(name: str, around: str | None) -> None:
    seen = []

    def encode(values: Any) -> list[float]:
        seen.append(values)
        return [float(values["width0"])]

    origins(strategies.create(name, SPACE, random_state=0, encode=encode, around=around), 12)
    assert seen
