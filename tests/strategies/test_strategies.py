"""Strategies by name: the contract that all of them keep."""

from collections.abc import Mapping

import pytest

from easynas import strategies
from easynas.errors import InputError
from easynas.search.objective import SCORE, Constraint, Objective
from easynas.search.trial import Done
from easynas.space.dimension import Value
from easynas.testing import check_many_objectives, check_strategy
from tests.strategies import landscape

SEVERAL = ["auto", "bayesian", "evolution", "pareto", "portfolio"]
LATENCY = Objective("latency_ms")
TRIALS = dict.fromkeys(("auto", "bananas", "bayesian"), 20)
"""Of a contract's studies, if not 40: models take tens of milliseconds a proposal, and are asked from ten trials on."""


def first_width(values: Mapping[str, Value]) -> float:
    return float(values["width0"])


SLOW = {"auto", "bananas", "controller"}  # train networks or many models in each of the studies of the contract

CONTRACTS = [pytest.param(name, marks=[pytest.mark.slow] * (name in SLOW)) for name in strategies.names()]


@pytest.mark.parametrize("name", CONTRACTS)
def test_every_strategy_keeps_the_contract(name: str) -> None:
    check_strategy(lambda space, seed: strategies.create(name, space, random_state=seed), trials=TRIALS.get(name, 40))


@pytest.mark.slow
@pytest.mark.parametrize("name", TRIALS)
def test_models_keep_the_contract_in_longer_studies(name: str) -> None:
    check_strategy(lambda space, seed: strategies.create(name, space, random_state=seed, trials=100), trials=60)


@pytest.mark.parametrize("name", CONTRACTS)
def test_the_seed_decides(name: str) -> None:
    def first(seed: int | None) -> object:
        return strategies.create(name, landscape.space(), random_state=seed).ask(0)

    assert first(0) == first(0)
    assert first(0) != first(1)
    assert first(None) != first(None)


@pytest.mark.parametrize("name", CONTRACTS)
def test_infeasible_genotypes_are_never_proposed(name: str) -> None:
    strategy = strategies.create(
        name, landscape.space(), random_state=0, feasible=lambda values: values["kind"] == "conv"
    )
    for job_id in range(25 if name in TRIALS else 60):
        job = strategy.ask(job_id)
        assert job is not None
        assert job.values["kind"] == "conv"
        strategy.tell(Done(job, landscape.score(dict(job.values)), seconds=1.0))


@pytest.mark.parametrize("name", strategies.names())
def test_nothing_feasible_means_nothing_proposed(name: str) -> None:
    assert strategies.create(name, landscape.space(), random_state=0, feasible=lambda _: False).ask(0) is None


@pytest.mark.parametrize("name", ["auto", "portfolio"])
def test_designs_come_first_even_if_they_are_infeasible(name: str) -> None:
    design = landscape.space().default()
    strategy = strategies.create(name, landscape.space(), designs=[design], feasible=lambda _: False)
    job = strategy.ask(0)
    assert job is not None
    assert job.values == design


@pytest.mark.slow
@pytest.mark.parametrize("name", SEVERAL)
def test_several_objectives_and_constraints_are_known_to(name: str) -> None:
    check_many_objectives(
        lambda space, seed, objectives, constraints: strategies.create(
            name, space, random_state=seed, objectives=objectives, constraints=constraints
        ),
        seeds=1 if name == "auto" else 3,  # which is "bayesian" here
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in SEVERAL if name != "auto"])
def test_what_is_known_before_training_keeps_the_contract(name: str) -> None:
    def choices(values: Mapping[str, Value]) -> float:
        return float(len(values))

    check_strategy(
        lambda space, seed: strategies.create(
            name,
            space,
            random_state=seed,
            objectives=[SCORE, Objective("choices", cheap=choices)],
            feasible=lambda values: values.get("kernel") != 5,
        ),
        trials=TRIALS.get(name, 40),
    )


@pytest.mark.parametrize("name", CONTRACTS)
def test_what_is_against_a_cheap_constraint_is_never_proposed(name: str) -> None:
    narrow = Constraint("width", 2, cheap=first_width)
    designs = [{**landscape.space().default(), "width0": width} for width in (5, 2)]
    strategy = strategies.create(name, landscape.space(), random_state=0, constraints=[narrow], designs=designs)
    for job_id in range(25 if name in TRIALS else 60):
        job = strategy.ask(job_id)
        assert job is not None
        assert first_width(job.values) <= 2
        strategy.tell(Done(job, landscape.score(dict(job.values)), seconds=1.0))


@pytest.mark.parametrize("name", [name for name in strategies.names() if name not in SEVERAL])
@pytest.mark.parametrize(
    ("objectives", "constraints"), [((SCORE, LATENCY), ()), ((LATENCY,), ()), ((), (Constraint("latency_ms", 3.0),))]
)
def test_others_refuse_what_they_do_not_know_and_name_those_that_do(
    name: str, objectives: tuple[Objective, ...], constraints: tuple[Constraint, ...]
) -> None:
    with pytest.raises(InputError, match=r"\['auto', 'bayesian', 'evolution', 'pareto', 'portfolio'\]") as error:
        strategies.create(name, landscape.space(), objectives=objectives, constraints=constraints)
    assert repr(name) in str(error.value)


@pytest.mark.parametrize("objectives", [["latency_ms"], "latency_ms", LATENCY, [LATENCY, LATENCY]])
def test_objectives_are_objects_and_different(objectives: object) -> None:
    with pytest.raises(InputError, match="objectives"):
        strategies.create("pareto", landscape.space(), objectives=objectives)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["bayes", "", None, 3, ["random"]])
def test_an_unknown_name_is_answered_with_the_known_ones(name: object) -> None:
    with pytest.raises(InputError, match=r"'asha', 'auto', 'bananas', .*'random', 'tpe'") as error:
        strategies.create(name, landscape.space())  # type: ignore[arg-type]
    assert repr(name) in str(error.value)


@pytest.mark.slow
@pytest.mark.parametrize("around", ["bayesian", "evolution", "local", "tpe"])
@pytest.mark.parametrize("name", ["asha", "halving", "hyperband", "portfolio"])
def test_a_strategy_around_another_keeps_the_contract(name: str, around: str) -> None:
    check_strategy(lambda space, seed: strategies.create(name, space, random_state=seed, around=around), trials=24)


def test_rungs_may_follow_a_portfolio() -> None:
    design = landscape.space().default()
    strategy = strategies.create("portfolio", landscape.space(), random_state=0, designs=[design], around="asha")
    jobs = [strategy.ask(number) for number in range(2)]
    assert [job.fidelity for job in jobs if job is not None] == pytest.approx([1.0, 1 / 9])


@pytest.mark.parametrize("name", ["auto", "bohb", "evolution", "random", "tpe"])
def test_a_strategy_without_another_inside_takes_none(name: str) -> None:
    with pytest.raises(InputError, match=f"`around` must be None for '{name}'.*Received: 'random'.*portfolio"):
        strategies.create(name, landscape.space(), around="random")


@pytest.mark.parametrize(
    ("name", "around"), [("hyperband", "asha"), ("asha", "bohb"), ("halving", ""), ("portfolio", "auto")]
)
def test_what_cannot_be_inside_is_refused(name: str, around: str) -> None:
    with pytest.raises(
        InputError, match=rf"`around` of '{name}' must be None or one of \[.*'evolution'.*Received: '{around}'"
    ):
        strategies.create(name, landscape.space(), around=around)
