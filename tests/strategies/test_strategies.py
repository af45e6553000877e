"""Strategies by name: the contract that all of them keep."""

import pytest

from easynas import strategies
from easynas.errors import InputError
from easynas.search.trial import Done
from easynas.testing import check_strategy
from tests.strategies import landscape

SLOW = {"controller"}  # traces a network for each of the many studies of the contract

CONTRACTS = [pytest.param(name, marks=[pytest.mark.slow] * (name in SLOW)) for name in strategies.names()]


@pytest.mark.parametrize("name", CONTRACTS)
def test_every_strategy_keeps_the_contract(name: str) -> None:
    check_strategy(lambda space, seed: strategies.create(name, space, random_state=seed))


@pytest.mark.parametrize("name", strategies.names())
def test_the_seed_decides(name: str) -> None:
    def first(seed: int | None) -> object:
        return strategies.create(name, landscape.space(), random_state=seed).ask(0)

    assert first(0) == first(0)
    assert first(0) != first(1)
    assert first(None) != first(None)


@pytest.mark.parametrize("name", strategies.names())
def test_infeasible_genotypes_are_never_proposed(name: str) -> None:
    strategy = strategies.create(
        name, landscape.space(), random_state=0, feasible=lambda values: values["kind"] == "conv"
    )
    for job_id in range(60):
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


@pytest.mark.parametrize("name", ["bayes", "", None, 3, ["random"]])
def test_an_unknown_name_is_answered_with_the_known_ones(name: object) -> None:
    with pytest.raises(InputError, match=r"'evolution', .*'random'") as error:
        strategies.create(name, landscape.space())  # type: ignore[arg-type]
    assert repr(name) in str(error.value)
