"""Known good designs first, one after the other, and each once."""

from collections.abc import Iterator

from easynas.search.trial import Done, Failed, Job, Trial
from easynas.space.space import SearchSpace, Values
from easynas.strategies.portfolio import Portfolio
from easynas.strategies.random import Random
from tests.strategies import landscape

SPACE: SearchSpace = landscape.space()
DESIGNS: list[Values] = [{**SPACE.default(), "width0": width} for width in (3, 1, 5)]


class Recorder:
    """Proposes what it is given, in order, and remembers what it was told."""

    def __init__(self, *proposals: Values) -> None:
        self.proposals = iter(proposals)
        self.told: list[Trial] = []

    def ask(self, job_id: int) -> Job | None:
        values = next(self.proposals, None)
        return None if values is None else Job(job_id, values, origin="recorder")

    def tell(self, trial: Trial) -> None:
        self.told.append(trial)


def asked(strategy: Portfolio, count: int) -> list[Job]:
    return [job for job_id in range(count) if (job := strategy.ask(job_id)) is not None]


def test_designs_come_in_order_and_then_the_other_strategy() -> None:
    other: Values = {**SPACE.default(), "width1": 4}
    jobs = asked(Portfolio(SPACE, designs=DESIGNS, then=Recorder(other)), 5)
    assert [job.values for job in jobs] == [*DESIGNS, other]
    assert [job.origin for job in jobs] == ["portfolio"] * 3 + ["recorder"]


def test_a_design_is_made_when_it_is_asked_for() -> None:
    made = []

    def designs() -> Iterator[Values]:
        for values in DESIGNS:
            made.append(values)
            yield values

    portfolio = Portfolio(SPACE, designs=designs(), then=Recorder())
    assert made == []
    portfolio.ask(0)
    assert made == DESIGNS[:1]
    portfolio.ask(1)
    assert made == DESIGNS[:2]


def test_designs_that_were_evaluated_before_are_skipped() -> None:
    portfolio = Portfolio(SPACE, designs=DESIGNS, then=Recorder())
    portfolio.tell(Done(Job(0, DESIGNS[0]), 0.5, 1.0))
    portfolio.tell(Failed(Job(1, DESIGNS[2]), "out of memory", 1.0))
    assert [job.values for job in asked(portfolio, 3)] == [DESIGNS[1]]


def test_a_design_that_is_listed_twice_is_proposed_once() -> None:
    spelled_out: Values = {**DESIGNS[0], "heads": 3}  # inactive without attention
    portfolio = Portfolio(SPACE, designs=[DESIGNS[0], spelled_out, DESIGNS[1]], then=Recorder())
    assert [job.values for job in asked(portfolio, 3)] == DESIGNS[:2]


def test_the_other_strategy_is_told_everything() -> None:
    then = Recorder()
    portfolio = Portfolio(SPACE, designs=DESIGNS, then=then)
    trials: list[Trial] = [Done(Job(0, DESIGNS[0]), 0.5, 1.0), Failed(Job(1, DESIGNS[1]), "killed", 1.0)]
    for trial in trials:
        portfolio.tell(trial)
    assert then.told == trials


def test_a_design_that_is_still_out_is_not_proposed_again() -> None:
    other: Values = {**SPACE.default(), "width1": 4}
    portfolio = Portfolio(SPACE, designs=DESIGNS, then=Recorder(*DESIGNS, other))
    assert [job.values for job in asked(portfolio, 9)] == [*DESIGNS, other]


def test_the_other_strategy_may_return_to_a_design_that_is_done() -> None:
    portfolio = Portfolio(SPACE, designs=DESIGNS[:1], then=Recorder(DESIGNS[0]))
    job = portfolio.ask(0)
    assert job is not None
    portfolio.tell(Done(job, 0.5, 1.0))
    assert portfolio.ask(1) == Job(1, DESIGNS[0], origin="recorder")


def test_without_designs_it_is_the_other_strategy() -> None:
    assert Portfolio(SPACE, designs=(), then=Random(SPACE, seed=3)).ask(7) == Random(SPACE, seed=3).ask(7)
