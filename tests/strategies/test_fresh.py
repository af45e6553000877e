"""New and feasible proposals only."""

import keras_tuner
import pytest

from easynas.space.space import SearchSpace
from easynas.strategies.fresh import TRIES, Fresh


@pytest.fixture
def space() -> SearchSpace:
    hp = keras_tuner.HyperParameters()
    hp.Int("width", 0, 1000)
    return SearchSpace(hp)


def test_the_first_new_and_feasible_proposal_is_taken(space: SearchSpace) -> None:
    fresh = Fresh(space, lambda values: int(values["width"]) % 2 == 0)
    fresh.add({"width": 2})
    proposals = iter([2, 3, 2, 4, 6])
    assert fresh.draw(lambda: {"width": next(proposals)}) == {"width": 4}
    assert next(proposals) == 6


def test_nothing_is_proposed_twice(space: SearchSpace) -> None:
    fresh = Fresh(space)
    proposals = iter([7, 7, 8])
    assert [fresh.draw(lambda: {"width": next(proposals)}) for _ in range(2)] == [{"width": 7}, {"width": 8}]


def test_feasibility_is_asked_once_for_a_genotype(space: SearchSpace) -> None:
    asked = []
    fresh = Fresh(space, lambda values: bool(asked.append(values)))
    assert fresh.draw(lambda: {"width": 1}) is None
    assert asked == [{"width": 1}]


def test_what_fits_can_still_be_proposed(space: SearchSpace) -> None:
    fresh = Fresh(space, lambda values: int(values["width"]) % 2 == 0)
    assert [fresh.fits({"width": width}) for width in (1, 2, 2)] == [False, True, True]
    assert fresh.draw(lambda: {"width": 2}) == {"width": 2}
    assert not fresh.fits({"width": 2})


def test_it_gives_up_after_many_tries(space: SearchSpace) -> None:
    proposals = iter(range(1000))
    assert Fresh(space, lambda _: False).draw(lambda: {"width": next(proposals)}) is None
    assert next(proposals) == TRIES
